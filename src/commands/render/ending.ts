/** How a run ended or where it stopped, in words: what happened, what is true now, and the next commands. */

import type { Answer } from '../../engine/answer.ts';
import type { Told } from '../../engine/ports.ts';
import { previewOf, type Text } from '../../events/envelope.ts';
import { costOf, costText } from '../../workflow/cost.ts';
import { opsGated } from '../../workflow/ops-gate.ts';
import {
  type Approval,
  type Effect,
  outputOf,
  RUN_COST_LIMIT,
  type RunState,
  taskOf,
} from '../../workflow/state.ts';
import { absolute, tilde } from './paths.ts';
import { ago, duration, exact, indent, oneLine, safe } from './text.ts';
import { toldLines } from './told-lines.ts';

export type EndingContext = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  /** Shortest unique form of an id. */
  readonly short: (runId: string) => string;
  /** Whether `wf … last` means this run: then the screens say `last`. */
  readonly isLast: boolean;
  /** Whether the file stands there: an old run answers without having files any more. */
  readonly exists: (path: string) => boolean;
  /** Who was told of the stop. */
  readonly told?: readonly Told[];
  /** How the next commands name the program: with `--home` where this one was given it. */
  readonly wf: string;
};

const HOW_LONG_PREVIEW = 4000;

export function ending(answer: Answer, context: EndingContext): string {
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

function stopped(run: RunState, context: EndingContext): string {
  switch (run.status) {
    case 'completed':
      return completed(run, context);
    case 'handed_off':
      return handedOff(run, context);
    case 'failed':
      return failed(run, context);
    case 'cancelled':
      return `■ cancelled after ${took(run)}.\n${files(run, context)}\nLook: ${context.wf} show ${name(run, context)}\n`;
    case 'waiting':
      return waiting(run, context);
    case 'running':
      return `▸ run ${context.short(run.runId)} is still running.\n\nLook: ${context.wf} show ${name(run, context)}\n`;
  }
}

const name = (run: RunState, context: EndingContext): string =>
  context.isLast ? 'last' : context.short(run.runId);

const took = (run: RunState): string => duration(Date.parse(run.updatedAt) - Date.parse(run.createdAt));

function files(run: RunState, context: EndingContext): string {
  const { home, env } = context;
  if (run.erased !== null) return `  texts     erased at ${run.erased.at}\n`;
  const lines: string[] = [];
  for (const effect of run.effects) {
    if (effect.dispatcher === 'manual' && effect.status === 'handed_off') {
      lines.push(`  brief     ${tilde(`${home}/tasks/${effect.taskId}.md`, env)}   paste into any chat`);
    } else if (effect.status === 'handed_off' && effect.receipt?.jobId !== undefined) {
      lines.push(`  job       ${effect.receipt.jobId}   task ${effect.taskId}`);
    }
  }
  const summary = absolute(home, outputOf(run, 'deliver')?.summaryFile ?? `outbox/${run.runId}.md`);
  const inLog = `${context.wf} show ${context.short(run.runId)} --file summary   not on disk`;
  lines.push(`  summary   ${context.exists(summary) ? tilde(summary, env) : inLog}`);
  return `${lines.join('\n')}\n${toldLines(context.told ?? [])}`;
}

/** What came of the work: the last words of who did it, what it cost, and the files that it made. */
function result(run: RunState, { home, env }: EndingContext): string {
  if (run.erased !== null) return '';
  const last = run.effects.at(-1);
  const words = last?.report?.text ?? last?.stdout;
  const cost = costOf(run);
  const checked = new Set((outputOf(run, 'verify')?.checks ?? []).map(({ file }) => file));
  const made = [...checked].filter((file) => file.startsWith('artifacts/'));
  return [
    ...(words === undefined ? [] : [`  ${oneLine(previewOf(words), 300)}\n`]),
    ...(cost.usd === 0 && cost.unknown === 0 ? [] : [`  cost      ${costText(cost)}\n`]),
    ...made.map((file) => `  made      ${safe(tilde(`${home}/${file}`, env))}\n`),
  ].join('');
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
  const why = manual ? 'nobody here can do it yet' : 'whoever has it has not reported';
  return (
    `◐ handed off in ${took(run)}. The work is NOT done: ${why}.\n${files(run, context)}\n` +
    `Finish it:  ${context.wf} report ${name(run, context)} --file RESULT_FILE\n` +
    `Look:       ${context.wf} show ${name(run, context)}\n`
  );
}

function failed(run: RunState, context: EndingContext): string {
  const { error } = run;
  const at =
    error === null
      ? ''
      : ` at ${error.stage}${error.step === undefined || error.step === 'main' ? '' : `, step ${error.step}`}`;
  // What a limit has stopped was not begun, and the act before it did not fail.
  const effect = error?.stage === 'execute' && error.code !== RUN_COST_LIMIT ? run.effects.at(-1) : undefined;
  const said = effect?.report?.text ?? effect?.stderr ?? effect?.stdout;
  const lastWords =
    said === undefined
      ? ''
      : `  its last words  ${oneLine(
          previewOf(said)
            .slice(-300)
            .replace(/^[\uDC00-\uDFFF]/, ''),
          200,
        )}\n`;
  return (
    `✗ failed${at} after ${took(run)}: ${safe(error?.message ?? 'no reason recorded')}\n${lastWords}` +
    `  ${notRetried(effect)}\n${files(run, context)}\n` +
    `Try again from there:  ${context.wf} resume ${name(run, context)}\n` +
    `Look:                  ${context.wf} show ${name(run, context)}\n`
  );
}

function notRetried(effect: Effect | undefined): string {
  if (effect === undefined) return 'Nothing was dispatched after that.';
  if (effect.status === 'not_performed') return `It was certainly not performed (attempt ${effect.attempt}).`;
  return `It was performed and failed, so it was not repeated by itself (attempt ${effect.attempt}).`;
}

function waiting(run: RunState, context: EndingContext): string {
  const wait = run.waiting;
  if (wait === null) return '';
  switch (wait.for) {
    case 'approval': {
      const approval = run.approvals.find((candidate) => candidate.approvalId === wait.id);
      return approval === undefined ? '' : `${approvalText(run, approval, context)}${files(run, context)}`;
    }
    case 'outcome':
      return `◐ waits for the outcome of what was handed over.\n${files(run, context)}\nReport it: ${context.wf} report ${name(run, context)} --file RESULT_FILE\n`;
    case 'unknown-effect': {
      const effect = run.effects.find((candidate) => candidate.effectId === wait.id);
      return (
        `? in doubt: nobody can say whether step ${effect?.step ?? '?'} was performed. It was not repeated.\n` +
        `  why       ${safe(effect?.error?.message ?? '')}\n` +
        `  what      ${oneLine(effect === undefined ? '' : previewOf(effect.preview), 160)}\n${files(run, context)}\n` +
        `Look where it would have had its effect, then say which it was:\n` +
        `  it happened:      ${context.wf} resolve ${context.short(run.runId)} --sent\n` +
        `  it did not:       ${context.wf} resolve ${context.short(run.runId)} --not-sent\n`
      );
    }
    case 'retry':
      return `↻ waits until ${wait.until} for its next attempt.\n\nLook: ${context.wf} show ${name(run, context)}\n`;
  }
}

/** The texts of an approval to their last character, read from where long ones are kept. */
export type WholeTexts = {
  readonly task: string;
  readonly messages: ReadonlyMap<string, string>;
  /** Files that are shown, by path. */
  readonly files: ReadonlyMap<string, string>;
};

/**
 * The exact text that will be sent, what a yes is bound to, and how to say yes or no.
 * @param whole for who is about to say yes; without it long texts are cut, and say so
 */
export function approvalText(
  run: RunState,
  approval: Approval,
  context: EndingContext,
  whole?: WholeTexts,
): string {
  const shown = (text: Text): string =>
    `${indent(exact(whole === undefined ? cut(text) : previewOf(text)), '    │ ')}\n`;
  const covers = approval.covers.map((cover) => {
    const to = cover.target === undefined ? '' : ` to ${exact(cover.target)}`;
    return `  step ${exact(cover.step)}: ${cover.dispatcher}${to}\n${shown(whole?.messages.get(cover.step) ?? cover.message)}`;
  });
  // A program is given the task beside its command line (WF_TASK): a yes to one without the other would be blind.
  const given = approval.covers.some((cover) => cover.dispatcher === 'command');
  const task = whole?.task ?? opsGated(outputOf(run, 'classify')?.route ?? '', cut(taskOf(run)));
  const withTask = given ? `  with the task\n${shown(task)}` : '';
  const nothing = run.effects.length === 0 ? 'Nothing was dispatched.' : 'Nothing more was dispatched.';
  const id = `A-${context.short(run.runId)}${approval.approvalId.slice(`A-${run.runId}`.length)}`;
  return (
    `⏸ waits for your approval: ${approval.risk} risk (${exact(approval.reasons.join('; '))}). ${nothing}\n\n` +
    `Exactly this will be dispatched:\n${covers.join('')}${withTask}${shownFiles(whole)}\n` +
    `  bound to  ${approval.binding.slice(0, 16)}   a changed definition, input, target or message asks again\n` +
    `${boundFiles(approval)}  expires   ${approval.expiresAt === undefined ? 'never' : `${approval.expiresAt}, then the run ${approval.onExpire === 'skip' ? 'goes on without' : 'is cancelled'}`}\n\n` +
    `Yes:  ${context.wf} approve ${id}\nNo:   ${context.wf} reject ${id}\n\n`
  );
}

/** What the work has made: a yes to its delivery is a yes to these very bytes. */
function boundFiles(approval: Approval): string {
  const lines = (approval.files ?? []).map(
    ({ file, sha256 }) =>
      `  file      ${exact(file)}   ${sha256 === 'missing' ? 'missing' : sha256.slice(0, 16)}\n`,
  );
  return lines.length === 0 ? '' : `${lines.join('')}            a changed byte asks again\n`;
}

const shownFiles = (whole: WholeTexts | undefined): string =>
  [...(whole?.files ?? [])]
    .map(([file, text]) => `  ${exact(file)}\n${indent(exact(text), '    │ ')}\n`)
    .join('');

const cut = (text: Text): string => {
  const preview = previewOf(text);
  if (typeof text === 'string' && preview.length <= HOW_LONG_PREVIEW) return preview;
  return `${preview.slice(0, HOW_LONG_PREVIEW)}\n[… cut here; wf approve shows all of it before it asks]`;
};

function reused({ run, redefined }: Answer, context: EndingContext): string {
  const done = run.status === 'completed';
  const head = done
    ? `↺ already done: run ${context.short(run.runId)}, ${ago(run.updatedAt, context.nowMs)}. Nothing was run or sent.`
    : `↺ already handed off: run ${context.short(run.runId)}, ${ago(run.updatedAt, context.nowMs)}. Nothing was run or sent again, and the work is NOT done yet.`;
  const next =
    done || run.erased !== null
      ? ''
      : `Finish it:     ${context.wf} report ${name(run, context)} --file RESULT_FILE\n`;
  const key = `${run.key.slice(0, 12)}${run.key.length > 12 ? '…' : ''}`;
  const then =
    redefined === undefined ? '' : `; its definition ${redefined ? 'has changed since' : 'is unchanged'}`;
  return (
    `${head}\n  why       the same workflow and input (key ${key})${then}\n` +
    `${done ? result(run, context) : ''}${files(run, context)}\n` +
    `${next}Do it again:   the same command with --force\n`
  );
}
