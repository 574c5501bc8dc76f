/**
 * Two runs side by side: what was decided, what was sent, what came of it. What only names the run (its id, its key,
 * its one-time words) is taken out of texts first, for it differs always and says nothing.
 */
import type { StageName } from '../../events/run-events.ts';
import { STAGES } from '../../events/stages.ts';
import { latestEffect, outputOf, type RunState, stageOf } from '../../workflow/state.ts';
import { type DiffLine, lineDiff } from './line-diff.ts';

/** A run, with its long texts read from where they are kept. */
export type DiffSide = {
  readonly run: RunState;
  readonly task: string;
  /** By step: what its newest attempt dispatched, and what came back. */
  readonly messages: ReadonlyMap<string, string>;
  readonly answers: ReadonlyMap<string, string>;
};

export type DiffRow = {
  readonly what: string;
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
};
export type DiffText = {
  readonly what: string;
  readonly same: boolean;
  /** Empty when they are the same. */
  readonly lines: readonly DiffLine[];
};
export type RunDiff = {
  readonly rows: readonly DiffRow[];
  readonly texts: readonly DiffText[];
  /** Milliseconds; null where it did not come to an end. Never the same, so never told as a difference. */
  readonly durations: readonly {
    readonly what: string;
    readonly a: number | null;
    readonly b: number | null;
  }[];
};

const NONE = '-';

export function diffRuns(a: DiffSide, b: DiffSide): RunDiff {
  const row = (what: string, of: (side: DiffSide) => string): DiffRow => {
    const [left, right] = [of(a), of(b)];
    return { what, a: left, b: right, same: left === right };
  };
  const steps = [...new Set([...a.run.effects, ...b.run.effects].map(({ step }) => step))];
  return {
    rows: [
      row('workflow', ({ run }) => run.workflowId),
      row('definition', ({ run }) => run.definitionHash.slice(0, 12)),
      row('route', ({ run }) => outputOf(run, 'classify')?.route ?? NONE),
      row('risk', ({ run }) => outputOf(run, 'classify')?.risk ?? NONE),
      row('words', ({ run }) => outputOf(run, 'classify')?.words.join(', ') || NONE),
      row('asked', ({ run }) => run.approvals.map(({ at, status }) => `${at} ${status}`).join(', ') || NONE),
      row('status', ({ run }) => run.status),
      row('outcome', ({ run }) => run.outcome ?? NONE),
      row('error', ({ run }) => (run.error === null ? NONE : `${run.error.stage}: ${run.error.message}`)),
      ...steps.map((step) => row(`step ${step}`, ({ run }) => stepWords(run, step))),
    ],
    texts: [
      diffText('task', a, b, ({ task }) => task),
      diffText('plan', a, b, ({ run }) => planOf(run)),
      ...steps.map((step) => diffText(`message ${step}`, a, b, ({ messages }) => messages.get(step) ?? '')),
      ...steps.map((step) => diffText(`answer ${step}`, a, b, ({ answers }) => answers.get(step) ?? '')),
    ],
    durations: [
      { what: 'the whole run', a: took(a.run), b: took(b.run) },
      ...STAGES.map((stage) => ({ what: stage, a: stageTook(a.run, stage), b: stageTook(b.run, stage) })),
    ],
  };
}

function stepWords(run: RunState, step: string): string {
  const effect = latestEffect(run, step);
  if (effect === undefined) return run.skipped.includes(step) ? 'skipped' : NONE;
  const target = effect.target === undefined ? '' : ` to ${effect.target}`;
  return `${effect.dispatcher}${target}, ${effect.status.replace('_', ' ')}, attempt ${effect.attempt}`;
}

function planOf(run: RunState): string {
  const plan = outputOf(run, 'plan');
  return plan === null
    ? ''
    : [...plan.steps, ...plan.assumptions.map((line) => `assumed: ${line}`)].join('\n');
}

function diffText(what: string, a: DiffSide, b: DiffSide, of: (side: DiffSide) => string): DiffText {
  const [left, right] = [withoutNames(a.run, of(a)), withoutNames(b.run, of(b))];
  return { what, same: left === right, lines: left === right ? [] : lineDiff(left, right) };
}

/** The text as it would be in any run. */
export function withoutNames(run: RunState, text: string): string {
  const nonces = run.effects.flatMap(({ nonce }) => (nonce === undefined || nonce === '' ? [] : [nonce]));
  const named: readonly (readonly [string, string])[] = [
    [run.runId, 'RUN'],
    // A short key could be a word of the text.
    ...(run.key.length < 6 ? [] : [[run.key, 'KEY'] as const]),
    ...nonces.map((nonce) => [nonce, 'WORD'] as const),
  ];
  return named.reduce((rest, [name, by]) => rest.replaceAll(name, by), text);
}

const took = (run: RunState): number | null =>
  run.finishedAt === null ? null : Date.parse(run.finishedAt) - Date.parse(run.createdAt);

function stageTook(run: RunState, name: StageName): number | null {
  const { startedAt, finishedAt } = stageOf(run, name);
  return startedAt === null || finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt);
}
