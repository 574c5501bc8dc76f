/**
 * Why a run went as it did: its events as plain sentences, each with the seq it can be looked up by. A fold of the log
 * and of nothing else; events that explain nothing (a stage that began, a lease) are passed over.
 */
import type { RunEvent } from '../../events/run-events.ts';
import { isErased } from '../../events/upcast.ts';
import { evolve, type FoldableEvent } from '../../workflow/evolve.ts';
import { noRun, type RunState } from '../../workflow/state.ts';
import { confirmed, failed, intended, reported, resolved, unknown, withdrawn } from './effect-sentences.ts';
import { listed, quoted, type Said, type Sentence, say, short } from './sentence.ts';
import { stageCompleted } from './stage-sentences.ts';

export type NumberedRunEvent = FoldableEvent & { readonly seq: number };

export function runSentences(events: Iterable<NumberedRunEvent>): readonly Sentence[] {
  const sentences: Sentence[] = [];
  let state = noRun;
  for (const event of events) {
    // What an erased run has left of its texts is told to nobody, removed from the log already or not.
    if (event.type === 'RunErased') sentences.length = 0;
    for (const said of sentencesOf(state, event)) sentences.push({ seq: event.seq, ts: event.ts, ...said });
    state = evolve(state, event);
  }
  return sentences;
}

function sentencesOf(state: RunState, event: RunEvent): readonly Said[] {
  if (isErased(event.data)) return [];
  switch (event.type) {
    case 'RunStarted':
      return started(event.data);
    case 'RunLeased':
      return [];
    case 'RunResumed':
      return [say('resumed', RESUMED[event.data.reason](event.data.by))];
    case 'DefinitionAdopted':
      return [
        say(
          'resumed',
          `Went on with definition ${event.data.definitionHash.slice(0, 12)} instead of ${event.data.previous.slice(0, 12)}; a yes given before counts no more.`,
        ),
      ];
    case 'StageStarted':
      return event.data.attempt === 1
        ? []
        : [say('stage', `Stage ${event.data.stage} began again (attempt ${event.data.attempt}).`)];
    case 'StageCompleted':
      return stageCompleted(event.data);
    case 'StageFailed':
      return [say('stage', `Stage ${event.data.stage} failed: ${short(event.data.error.message)}.`)];
    case 'EffectIntended':
      return intended(event.data);
    case 'EffectConfirmed':
      return confirmed(state, event.data);
    case 'EffectFailed':
      return failed(state, event.data);
    case 'EffectUnknown':
      return unknown(state, event.data);
    case 'EffectResolved':
      return resolved(state, event.data);
    case 'ApprovalRequested':
      return asked(event.data);
    case 'ApprovalGranted':
      return [
        say('approval', `${event.data.by} said yes to ${event.data.approvalId} ${YES_BY[event.data.via]}.`),
      ];
    case 'ApprovalRejected':
      return rejected(event.data);
    case 'ApprovalExpired':
      return [
        say(
          'approval',
          event.data.follows === 'skip'
            ? `Nobody answered ${event.data.approvalId} in time: the run goes on without what was asked about.`
            : `Nobody answered ${event.data.approvalId} in time, which is never a yes: the run was cancelled.`,
        ),
      ];
    case 'OutcomeReported':
      return reported(state, event.data);
    case 'TaskWithdrawn':
      return withdrawn(state, event.data);
    case 'RunCompleted':
      return [
        say(
          'end',
          event.data.outcome === 'done'
            ? 'Completed: the work is known to be done.'
            : 'Completed: what it asks to be checked is there, though nobody reported the outcome.',
        ),
      ];
    case 'RunHandedOff':
      return [
        say('end', `Handed off, not completed: nobody has reported ${listed(event.data.taskIds)} as done.`),
      ];
    case 'RunFailed': {
      const { stage, step, error } = event.data;
      const at = step === undefined ? stage : `${stage}, step ${step}`;
      return [say('end', `The run failed at ${at}: ${short(error.message)}.`)];
    }
    case 'RunCancelled': {
      const { by, reason } = event.data;
      return [say('end', `Cancelled by ${by}${reason === undefined ? '' : `: ${short(reason)}`}.`)];
    }
    case 'ArtifactsExpired':
      return [
        say('other', `Its artifacts were given up, as the definition's retention asks (${event.data.keep}).`),
      ];
    case 'RunFilesExpired':
      return [
        say(
          'other',
          `Its files are no longer kept, as the definition's retention asks (${event.data.keep}).`,
        ),
      ];
    case 'RunErased':
      return [
        say(
          'end',
          `${event.data.by} erased its texts: that it was ${event.data.status.replace('_', ' ')} is all that is left.`,
        ),
      ];
    case 'RunImported': {
      const { status, error, route } = event.data;
      const by = route === undefined ? '' : ` on route ${route}`;
      const why = error === undefined ? '' : `, because ${short(error.message)}`;
      return [
        say(
          'other',
          `Taken over from the script engine, where it had ${status}${by}${why}; the rest is in its record.`,
        ),
      ];
    }
    default:
      return unknownEvent(event);
  }
}

/** A newer version's event, which the store let pass: better left out than told wrongly. */
const unknownEvent = (_event: never): readonly Said[] => [];

/** Where the yes was given: the library vouches for its program, and for nobody at a terminal. */
const YES_BY: Readonly<Record<Extract<RunEvent, { type: 'ApprovalGranted' }>['data']['via'], string>> = {
  terminal: 'on the terminal',
  library: 'through a program that uses the library',
};

const RESUMED: Readonly<
  Record<Extract<RunEvent, { type: 'RunResumed' }>['data']['reason'], (by: string) => string>
> = {
  requested: (by) => `Went on because ${by} asked for it again after it had stopped.`,
  'owner-gone': (by) => `Taken over by ${by}: the process that was at work on it was gone.`,
  approved: () => 'Went on because it was approved.',
  rejected: () => 'Went on after a no, as the definition says.',
  expired: () => 'Went on although nobody answered, as the definition says.',
  reported: () => 'Went on because its outcome was reported.',
  resolved: () => 'Went on because its doubt was ended.',
  'task-withdrawn': (by) => `Went on because ${by} took its task back, to dispatch it anew.`,
};

function started(data: Extract<RunEvent, { type: 'RunStarted' }>['data']): readonly Said[] {
  const whom = data.slot === undefined ? data.by : `schedule ${data.slot.scheduleId} (${data.slot.time})`;
  const by = whom === undefined ? 'Asked for' : `Asked for by ${whom}`;
  const forced = data.forced ? ', with --force, whatever its key has done before' : '';
  return [
    say(
      'asked',
      `${by}${forced}; pinned to definition ${data.definitionHash.slice(0, 12)} of workflow ${data.workflowId}.`,
    ),
  ];
}

function asked(data: Extract<RunEvent, { type: 'ApprovalRequested' }>['data']): readonly Said[] {
  const why = data.reasons.length === 0 ? '' : ` Why: ${data.reasons.map(short).join('; ')}.`;
  const files = (data.files ?? []).map(({ file }) => file);
  const bound = files.length === 0 ? '' : ` A yes is bound to the bytes of ${quoted(files)}.`;
  const until =
    data.expiresAt === undefined
      ? ''
      : ` Without an answer by ${data.expiresAt}: ${data.onExpire === 'skip' ? 'skipped' : 'cancelled'}.`;
  const steps = listed(data.covers.map(({ step }) => step));
  return [
    say(
      'approval',
      `Waited for a yes to ${data.approvalId} before ${data.at} (${steps}).${why}${bound}${until}`,
    ),
  ];
}

function rejected(data: Extract<RunEvent, { type: 'ApprovalRejected' }>['data']): readonly Said[] {
  const reason = data.reason === undefined ? '' : `: ${short(data.reason)}`;
  const follows =
    data.follows === 'redo'
      ? 'The work was sent back with that reason.'
      : data.follows === 'skip'
        ? 'The run goes on without what was asked about.'
        : 'The run was cancelled.';
  return [say('approval', `${data.by} said no to ${data.approvalId}${reason}. ${follows}`)];
}
