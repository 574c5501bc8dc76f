/** `wf show` for people: what was asked, what happened stage by stage, what it waits for, and where its files are. */
import { previewOf } from '../../events/envelope.ts';
import { costOf, costText } from '../../workflow/cost.ts';
import type { DecidedEvent } from '../../workflow/decide.ts';
import {
  type Approval,
  type Effect,
  type Expiry,
  outputOf,
  type RunState,
  taskOf,
} from '../../workflow/state.ts';
import type { NextCommand } from './inbox-item.ts';
import { tilde } from './paths.ts';
import { classified, progressLines } from './progress.ts';
import type { ShowView } from './show-view.ts';
import { statusText } from './status-mark.ts';
import { ago, duration, expiry, indent, minute, oneLine, safe } from './text.ts';
import { timeline } from './timeline.ts';
import { toldText } from './told-lines.ts';
import { isUtf8 } from './utf8.ts';

const TASK_CHARS = 2000;
const STAGE_COLUMNS = 76;

export type ShowContext = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  /** What can be done about it now. */
  readonly commands: readonly NextCommand[];
  /** The command that shows this run. */
  readonly show: string;
};

export function showText(run: RunState, view: ShowView, context: ShowContext): string {
  const parts = [header(run, view, context), ...(run.erased === null ? [stages(run)] : [])];
  const time = timeline(run, { nowMs: context.nowMs, unicode: isUtf8(context.env) });
  if (time !== '') parts.push(time);
  if (run.effects.length > 0) parts.push(`Steps\n${run.effects.map(step).join('')}`);
  if (run.approvals.length > 0) parts.push(`Approvals\n${run.approvals.map(approval).join('')}`);
  if (view.run.notices.length > 0) parts.push(`Told\n${view.run.notices.map(notice).join('')}`);
  if (run.error !== null) parts.push(`Error\n  ${run.error.stage}: ${safe(run.error.message)}\n`);
  parts.push(files(view, context));
  if (context.commands.length > 0) {
    const width = Math.max(...context.commands.map(({ label }) => label.length)) + 1;
    const lines = context.commands.map(
      ({ label, command }) => `  ${`${label}:`.padEnd(width)}  ${command}\n`,
    );
    parts.push(`Next\n${lines.join('')}`);
  }
  return parts.join('\n');
}

function header(run: RunState, view: ShowView, { nowMs }: ShowContext): string {
  const route = outputOf(run, 'classify');
  const took = Date.parse(run.finishedAt ?? run.updatedAt) - Date.parse(run.createdAt);
  const { definition } = view;
  const cost = costOf(run);
  const file =
    definition.currentHash === null
      ? 'its file is gone or broken'
      : definition.changed
        ? 'the file has changed since; this run keeps its own'
        : 'the file is unchanged';
  const task = safe(previewOf(taskOf(run))).slice(0, TASK_CHARS);
  const rows: readonly (readonly [string, string])[] = [
    ['task', task.includes('\n') ? `\n${indent(task, '    ')}` : task],
    ...(route === null ? [] : [['route', classified(route)] as const]),
    ...(run.erased === null || run.erased.route === null ? [] : [['route', run.erased.route] as const]),
    ...(run.imported?.route === undefined ? [] : [['route', safe(run.imported.route)] as const]),
    [
      'started',
      `${minute(run.createdAt)} UTC, ${ago(run.createdAt, nowMs)}; ${run.finishedAt === null ? 'so far' : 'took'} ${duration(took)}`,
    ],
    ...(cost.usd === 0 && cost.unknown === 0 ? [] : [['cost', costText(cost)] as const]),
    ...(run.waiting === null
      ? []
      : [
          [
            'waits',
            `for ${run.waiting.for.replace('-', ' ')} since ${minute(run.waiting.since)} UTC${run.waiting.for === 'retry' ? `, until ${minute(run.waiting.until)} UTC` : ''}`,
          ] as const,
        ]),
    ...(run.erased === null
      ? []
      : [['erased', `${minute(run.erased.at)} UTC: its texts are gone from the log and the home`] as const]),
    [
      'definition',
      run.definitionHash === ''
        ? 'not known: this run was imported from the script engine'
        : `${run.definitionHash.slice(0, 12)}, ${file}`,
    ],
    ['key', `${safe(run.key)}${run.forced ? '   forced' : ''}`],
  ];
  const title = `run ${run.runId}  ${run.workflowId}  ${statusText(run.status, run.waiting?.for ?? null)}`;
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`.trimEnd()).join('\n')}\n`;
}

function stages(run: RunState): string {
  const lines = run.stages.map((stage) => {
    if (stage.attempts === 0) return `  · ${stage.name}`;
    const took =
      stage.startedAt === null || stage.finishedAt === null
        ? ''
        : duration(Date.parse(stage.finishedAt) - Date.parse(stage.startedAt));
    const again = stage.attempts > 1 ? `, attempt ${stage.attempts}` : '';
    return `${stageLine(run, stage).padEnd(STAGE_COLUMNS)}  ${took}${again}`.trimEnd();
  });
  return `Stages\n${lines.join('\n')}\n`;
}

/** The line that was shown when it happened. */
function stageLine(run: RunState, stage: RunState['stages'][number]): string {
  const { name, status, output, error, attempts: attempt } = stage;
  if (status === 'failed' && error !== null) {
    return progressLines([{ type: 'StageFailed', data: { stage: name, attempt, error } }], run)[0] ?? '';
  }
  // Of an imported run it is known that a stage ended, and not in our words with what.
  if (status !== 'completed' || output === null)
    return `  ${status === 'completed' ? '✓' : '▸'} ${name.padEnd(16)} ${status}`;
  const event = { type: 'StageCompleted', data: { stage: name, attempt, output } } as DecidedEvent;
  return progressLines([event], run)[0] ?? '';
}

const EFFECT_WORDS: Readonly<Record<Effect['status'], string>> = {
  intended: '▸ at work, or its end was not seen',
  done: '✓ done',
  handed_off: '◐ handed off',
  failed: '✗ failed',
  not_performed: '✗ certainly not performed',
  unknown: '? in doubt',
  withdrawn: '■ withdrawn',
};

function step(effect: Effect): string {
  const to = effect.target === undefined ? '' : ` to ${safe(effect.target)}`;
  const lines = [
    `  ${safe(effect.step)}, attempt ${effect.attempt}   ${effect.dispatcher}${to}   ${EFFECT_WORDS[effect.status]}`,
  ];
  if (effect.taskId !== undefined) lines.push(`      task     ${effect.taskId}`);
  if (effect.receipt !== undefined) lines.push(`      receipt  ${receipt(effect.receipt)}`);
  const costUsd = effect.receipt?.costUsd ?? effect.costUsd;
  if (costUsd !== undefined) lines.push(`      cost     ${costUsd} USD, as its program says`);
  if (effect.error !== undefined) lines.push(`      why      ${oneLine(effect.error.message, 300)}`);
  if (effect.retryAt !== undefined) lines.push(`      again    at ${effect.retryAt}`);
  if (effect.report !== undefined) {
    const { status, by, at, text } = effect.report;
    const words = text === undefined ? '' : `: ${oneLine(previewOf(text), 160)}`;
    lines.push(`      report   ${status} by ${safe(by)}, ${minute(at)} UTC${words}`);
  }
  const output = effect.stdout ?? effect.stderr;
  if (output !== undefined) lines.push(`      said     ${oneLine(previewOf(output), 160)}`);
  return `${lines.join('\n')}\n`;
}

const receipt = ({ by, exitCode, httpStatus, jobId, durationMs }: NonNullable<Effect['receipt']>): string =>
  [
    `by ${by}`,
    ...(httpStatus === undefined ? [] : [`status ${httpStatus}`]),
    ...(jobId === undefined ? [] : [`job ${safe(jobId)}`]),
    ...(exitCode === undefined ? [] : [`exit ${exitCode}`]),
    ...(durationMs === undefined ? [] : [duration(durationMs)]),
  ].join(', ');

const approval = (one: Approval): string =>
  `  ${one.approvalId}   ${one.status}${one.by === undefined ? '' : ` by ${safe(one.by)}`}   ${one.risk} risk: ${oneLine(one.reasons.join('; '), 160)}\n${one.status === 'pending' ? `      expires  ${expiry(one.expiresAt, one.onExpire)}\n` : ''}`;

function notice({ on, targets, status, at, interval, error }: ShowView['run']['notices'][number]): string {
  const again = interval === 0 ? '' : ', again';
  const end =
    status === 'intended'
      ? `perhaps ${safe(targets.join(', '))}: its end is not recorded`
      : toldText({ status, targets, ...(error === undefined ? {} : { error: error.message }) });
  return `  ${minute(at)} UTC   ${on}${again}: ${end}\n`;
}

function files(view: ShowView, { env, show }: ShowContext): string {
  const { record, summary, briefs, artifacts, kept, expired, moved } = view.files;
  const place = (kind: 'brief' | 'summary' | 'record', file: string): string =>
    `  ${kind.padEnd(10)} ${kept ? tilde(file, env) : `${show} --file ${kind}`}`;
  const by = ({ at, keep }: Expiry): string =>
    `${minute(at)} UTC, as its definition asks (retention ${keep})`;
  const why =
    expired.files === null
      ? 'only the newest runs keep their files (keepRunFiles in config.json)'
      : `given up ${by(expired.files)}`;
  const lines = [
    ...(kept ? [] : [`  not on disk: ${why}; the log has what was in them`]),
    ...briefs.slice(kept ? 0 : -1).map((file) => place('brief', file)),
    ...(summary === null ? [] : [place('summary', summary)]),
    place('record', record),
    ...(expired.artifacts === null ? [] : [`  artifacts  given up ${by(expired.artifacts)}`]),
    ...(artifacts === null ? [] : [`  artifacts  ${tilde(artifacts, env)}`]),
    ...[...new Set(moved.map(({ before }) => before))].map(
      (before) => `  moved      this home was at ${safe(tilde(before, env))} before`,
    ),
    ...moved.map(
      ({ was, now }) =>
        `             ${safe(tilde(was, env))}\n               is now ${safe(tilde(now, env))}`,
    ),
  ];
  return `Files\n${lines.join('\n')}\n`;
}
