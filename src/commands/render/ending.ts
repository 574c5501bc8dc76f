/** How a run ended or where it stopped, in words: what happened, what is true now, and the next commands. */

import type { Answer } from '../../engine/answer.ts';
import { previewOf } from '../../events/envelope.ts';
import { stageOfAct } from '../../workflow/acts.ts';
import { costOf, costText } from '../../workflow/cost.ts';
import { outputOf, type RunState } from '../../workflow/state.ts';
import { type EndingContext, files, name, took, workOf } from './ending-parts.ts';
import { tilde } from './paths.ts';
import { deliveredText, plural } from './progress.ts';
import { ago, oneLine, safe } from './text.ts';

export async function ending(answer: Answer, context: EndingContext): Promise<string> {
  const { run } = answer;
  switch (answer.kind) {
    case 'reused':
      return reused(answer, context);
    case 'live':
      return `↻ run ${context.short(run.runId)} is at work on exactly this (${run.status}). Nothing was started.\n\nLook: ${context.wf} show ${name(run, context)}\n`;
    case 'detached':
      return `▸ run ${context.short(run.runId)}: recorded, not waited for (${run.status}).\n\nLook: ${context.wf} show ${name(run, context)}\n`;
    case 'ended':
    case 'followed':
      return stopped(run, context);
  }
}

async function stopped(run: RunState, context: EndingContext): Promise<string> {
  switch (run.status) {
    case 'completed':
      return completed(run, context);
    case 'handed_off':
      return handedOff(run, context);
    case 'failed':
      return (await import('./ending-stopped.ts')).failed(run, context);
    case 'cancelled':
      return `■ cancelled after ${took(run)}.\n${files(run, context)}\nLook: ${context.wf} show ${name(run, context)}\n`;
    case 'waiting':
      return (await import('./ending-stopped.ts')).waiting(run, context);
    case 'running':
      return `▸ run ${context.short(run.runId)} is still running.\n\nLook: ${context.wf} show ${name(run, context)}\n`;
  }
}

/** What came of the work: the last words of who did it, what it cost, and the files that it made. */
function result(run: RunState, { home, env }: EndingContext): string {
  if (run.erased !== null) return '';
  const last = workOf(run);
  const words = last?.report?.text ?? last?.stdout;
  const cost = costOf(run);
  const checked = new Set((outputOf(run, 'verify')?.checks ?? []).map(({ file }) => file));
  const made = [...checked].filter((file) => file.startsWith('artifacts/'));
  return [
    ...(words === undefined ? [] : [`  ${oneLine(previewOf(words), 300)}\n`]),
    ...(cost.usd === 0 && cost.unknown === 0 ? [] : [`  cost      ${costText(cost)}\n`]),
    ...listed('checked', evidence(run)),
    ...made.map((file) => `  made      ${safe(tilde(`${home}/${file}`, env))}\n`),
    ...listed('delivered', (outputOf(run, 'deliver')?.actions ?? []).map(deliveredText)),
  ].join('');
}

const listed = (label: string, parts: readonly string[]): string[] =>
  parts.length === 0 ? [] : [`  ${label.padEnd(9)} ${parts.join(', ')}\n`];

/** What the definition asked of the work, and was found; the run's own record says nothing about it. */
function evidence(run: RunState): string[] {
  const verify = outputOf(run, 'verify');
  if (verify === null || verify.mode === 'hand-over') return [];
  const asked = new Set(
    verify.checks.map(({ file }) => file).filter((file) => file !== `state/runs/${run.runId}.json`),
  );
  const command = run.effects.some(({ step }) => stageOfAct(step) === 'verify');
  return [
    ...(asked.size === 0 ? [] : [plural(asked.size, 'file')]),
    ...(verify.outcome === undefined ? [] : ['the answer']),
    ...(command ? ['by its command'] : []),
  ];
}

function completed(run: RunState, context: EndingContext): string {
  const silent = run.outcome === 'unreported';
  const head = silent
    ? `● done, agent silent, in ${took(run)}: no answer came, and the files it was to make are there and fresh.`
    : `● done in ${took(run)}.`;
  return `${head}\n${result(run, context)}${files(run, context)}\nLook: ${context.wf} show ${name(run, context)}      Rate it: ${context.wf} feedback submit --run-id ${name(run, context)} --score 1-5 --feedback "…"\n`;
}

function handedOff(run: RunState, context: EndingContext): string {
  const manual = run.effects.some(
    (effect) => effect.dispatcher === 'manual' && effect.status === 'handed_off',
  );
  const why = !manual
    ? 'whoever has it has not reported'
    : context.task?.byPerson === true
      ? 'a person has to do it'
      : 'nobody here can do it yet';
  return (
    `◐ handed off in ${took(run)}. The work is NOT done: ${why}.\n${files(run, context)}\n` +
    `Finish it:  ${context.wf} report ${name(run, context)} --file RESULT_FILE\n` +
    orAssistant('or          ', run, context) +
    `Look:       ${context.wf} show ${name(run, context)}\n`
  );
}

/** The other way to have it done, where the definition leaves open by whom. */
function orAssistant(label: string, run: RunState, { task, wf, ...context }: EndingContext): string {
  if (task === undefined || task.byPerson) return '';
  const resume = `${wf} resume ${name(run, { ...context, wf })}`;
  return task.connected
    ? `${label}${resume}   gives it to the assistant that is connected\n`
    : `${label}connect an assistant (${wf} connect agent claude --auto), then ${resume}\n`;
}

function reused({ run, redefined }: Answer, context: EndingContext): string {
  const done = run.status === 'completed';
  const head = done
    ? `↺ already done: run ${context.short(run.runId)}, ${ago(run.updatedAt, context.nowMs)}. Nothing was run or sent.`
    : `↺ already handed off: run ${context.short(run.runId)}, ${ago(run.updatedAt, context.nowMs)}. Nothing was run or sent again, and the work is NOT done yet.`;
  const next =
    done || run.erased !== null
      ? ''
      : `Finish it:     ${context.wf} report ${name(run, context)} --file RESULT_FILE\n${orAssistant('or             ', run, context)}`;
  const key = `${run.key.slice(0, 12)}${run.key.length > 12 ? '…' : ''}`;
  const then =
    redefined === undefined ? '' : `; its definition ${redefined ? 'has changed since' : 'is unchanged'}`;
  return (
    `${head}\n  why       the same workflow and input (key ${key})${then}\n` +
    `${done ? result(run, context) : ''}${files(run, context)}\n` +
    `${next}Do it again:   the same command with --force\n`
  );
}
