/** The stages of a run as they are recorded, one line each: what a person watches on stderr. */

import { previewOf } from '../../events/envelope.ts';
import type { StageOutputs } from '../../events/run-events.ts';
import { DELIVER_PREFIX, stageOfAct } from '../../workflow/acts.ts';
import type { DecidedEvent } from '../../workflow/decide.ts';
import { type RunState, stageOf } from '../../workflow/state.ts';
import { duration, oneLine } from './text.ts';

const NAME_WIDTH = 16;
const line = (mark: string, stage: string, text: string): string =>
  `  ${mark} ${stage.padEnd(NAME_WIDTH)} ${text}`.trimEnd();

/** What of a definition the lines need: who was to do a step, before it was seen who is there. */
type Asked = { readonly steps: readonly { readonly id: string; readonly dispatcher: string }[] };

/** Lines for what was just recorded; `state` is the run after it, `asked` the definition where it is at hand. */
export function progressLines(
  events: readonly DecidedEvent[],
  state: RunState,
  asked?: Asked,
): readonly string[] {
  return events.flatMap((event) => progressLine(event, state, asked) ?? []);
}

function progressLine(event: DecidedEvent, state: RunState, asked?: Asked): string | null {
  switch (event.type) {
    case 'StageCompleted':
      return line('✓', event.data.stage, completed(event.data, state, asked));
    case 'StageFailed':
      return line('✗', event.data.stage, oneLine(event.data.error.message, 200));
    case 'EffectFailed':
      return event.data.retryAt === undefined
        ? null
        : line(
            '↻',
            'execute',
            `${event.data.performed ? 'failed' : 'not performed'} (${oneLine(event.data.error.message, 120)}); again at ${event.data.retryAt.slice(11, 19)} UTC`,
          );
    case 'EffectUnknown':
      if (event.data.awaitsFiles === true)
        return line(
          '?',
          'execute',
          `no answer (${oneLine(event.data.reason.message, 120)}); looking at its files`,
        );
      return event.data.retryAt === undefined
        ? null
        : line(
            '↻',
            'execute',
            `in doubt (${oneLine(event.data.reason.message, 120)}); again with the same key at ${event.data.retryAt.slice(11, 19)} UTC`,
          );
    case 'RunResumed':
      return line('▸', 'resumed', RESUMED[event.data.reason]);
    default:
      return null;
  }
}

const RESUMED = {
  requested: 'as asked',
  'owner-gone': 'the process that worked on it is gone',
  approved: 'approved',
  rejected: 'sent back, or gone on without',
  expired: 'nobody decided in time',
  reported: 'an outcome was reported',
  resolved: 'the doubt was resolved',
  'task-withdrawn': 'its untouched task was taken back',
} as const;

type Completed = Extract<DecidedEvent, { type: 'StageCompleted' }>['data'];

function completed(data: Completed, state: RunState, asked?: Asked): string {
  switch (data.stage) {
    case 'intake': {
      const { bytes, redactions, kind } = data.output;
      const secrets = redactions === 0 ? '' : `, ${redactions} secret${redactions === 1 ? '' : 's'} replaced`;
      return `${bytes} bytes${kind === 'structured' ? ', structured' : ''}${secrets}`;
    }
    case 'classify':
      return classified(data.output);
    case 'plan': {
      const { steps, assumptions } = data.output;
      return `${plural(steps.length, 'step')}, ${plural(assumptions.length, 'assumption')} go with the task`;
    }
    case 'configure_tools':
      return tools(data.output);
    case 'execute':
      return executed(data.output, state, asked);
    case 'verify': {
      const { mode, checks } = data.output;
      return mode === 'hand-over'
        ? 'hand-over: what was handed over is on disk'
        : `${plural(checks.length, 'file')}${data.output.outcome === undefined ? '' : ' and the answer'} checked`;
    }
    case 'deliver': {
      return ['summary written', ...(data.output.actions ?? []).map(deliveredText)].join(', ');
    }
    case 'log': {
      const { selfImprove } = data.output;
      if (selfImprove === undefined) return 'recorded';
      if (selfImprove.error !== undefined)
        return `recorded; the analysis failed: ${oneLine(selfImprove.error, 120)}`;
      const applied = selfImprove.applied.length > 0 ? `, ${selfImprove.applied.length} applied` : '';
      return selfImprove.suggestions === 0
        ? 'nothing to improve yet'
        : `${plural(selfImprove.suggestions, 'suggestion')}${applied}`;
    }
  }
}

type Delivered = NonNullable<StageOutputs['deliver']['actions']>[number];
export const deliveredText = ({ action, outcome }: Delivered): string =>
  `${action.slice(DELIVER_PREFIX.length)} ${outcome === 'handed_off' ? 'handed over' : outcome}`;

export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

export function classified(output: StageOutputs['classify']): string {
  const words = (list: readonly string[]): string => list.map((word) => `"${word}"`).join(', ');
  const why =
    output.because === 'requested'
      ? 'as requested'
      : output.words.length > 0
        ? `because of ${words(output.words)}`
        : 'no word of another route';
  const raised = output.highRiskWords.length > 0 ? `; risky words ${words(output.highRiskWords)}` : '';
  return `${`${output.route}, ${output.risk} risk`.padEnd(24)} ${why}${raised}`;
}

function tools(output: StageOutputs['configure_tools']): string {
  const ready = [
    ...output.configured,
    ...output.skipped.filter((one) => one.reason === 'already_configured').map((one) => one.tool),
  ];
  const problems = output.skipped
    .filter((one) => one.reason !== 'already_configured')
    .map((one) => `${one.tool} not ready (${oneLine(one.detail ?? one.reason, 80)})`);
  if (ready.length === 0 && problems.length === 0) return 'none needed';
  return [...(ready.length > 0 ? [`${ready.join(', ')} ready`] : []), ...problems].join('; ');
}

function executed(output: StageOutputs['execute'], state: RunState, asked?: Asked): string {
  const last = state.effects.findLast((effect) => stageOfAct(effect.step) === 'execute');
  if (output.outcome === 'handed_off' && last !== undefined) {
    if (last.dispatcher === 'manual') {
      const dispatcher = asked?.steps.find(({ id }) => id === last.step)?.dispatcher;
      const why = dispatcher === 'manual' ? '   for a person' : '   no assistant on this machine';
      return `queued as task ${last.taskId}${dispatcher === undefined ? '' : why}`;
    }
    return `handed over${last.receipt?.jobId === undefined ? '' : ` as job ${last.receipt.jobId}`}`;
  }
  if (last?.receipt?.by === 'files') return 'no answer came; the files it was to make are there and fresh';
  if (last?.report !== undefined) return `reported ${last.report.status} by ${oneLine(last.report.by, 40)}`;
  const started = stageOf(state, 'execute').startedAt;
  const took =
    last?.receipt?.durationMs ??
    (started === null ? undefined : Date.parse(state.updatedAt) - Date.parse(started));
  const failed = output.steps.filter((one) => one.outcome === 'failed').map((one) => one.step);
  const done = output.steps.length - failed.length;
  const steps =
    output.steps.length === 1
      ? output.steps[0]?.outcome === 'failed'
        ? 'failed, goes on without it'
        : 'done'
      : `${plural(done, 'step')} done${failed.length === 0 ? '' : `, went on without ${failed.join(', ')}`}`;
  return `${steps}${took === undefined ? '' : ` in ${duration(took)}`}${last === undefined ? '' : `   ${oneLine(previewOf(last.preview), 60)}`}`;
}
