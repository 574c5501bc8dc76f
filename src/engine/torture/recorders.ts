/**
 * The {@link World} of a tortured run: nothing is started, sent, read or written. Each act is put down in the
 * records and answered as the scenario has it; a receiver that can be asked answers with the truth.
 */
import { bug } from '../../errors.ts';
import type { DispatchEffect, EffectResult, LookupResult } from '../../workflow/effects.ts';
import type { Effect } from '../../workflow/state.ts';
import type { World } from '../ports.ts';
import { judgeAct, type Records } from './acts.ts';
import type { Scenario, Trouble } from './scenario.ts';

export type RecorderDeps = {
  readonly scenario: Scenario;
  readonly records: Records;
  /** False when config names a dispatch script of its own, whose jobs cannot be found by our key. */
  readonly declaresKey: boolean;
  readonly toolCommand: World['toolCommand'];
  /** Dies here when it is this process's turn. */
  readonly pass: (place: string) => void;
  /** The act's process lives on when its engine is killed while it is at work. */
  readonly working: (effectId: string | null) => void;
  readonly livingChild: (effectId: string) => boolean;
  /** Effects of the run as far as a power cut now would leave them. */
  readonly durableEffects: (runId: string) => readonly Effect[];
  /** Whether a projection is there, by its path in the home; undefined for a path that is none. */
  readonly projected: (path: string) => boolean | undefined;
};

/** Any number that is no process of the scratch world's engine. */
const CHILD_PID = 4_000_000;

export function recorders(deps: RecorderDeps): World {
  const { records, scenario, pass } = deps;
  return {
    dispatch: async (effect) => {
      pass(`before ${effect.step} was performed`);
      judgeAct(records, effect, deps.durableEffects(effect.runId));
      const trouble = troubleOf(deps, effect);
      const { runId, step, effectId, key } = effect;
      records.acts.push({ runId, step, effectId, key, happened: trouble === null || ACTED[trouble] });
      deps.working(effectId);
      pass(`while ${step} was being performed`);
      deps.working(null);
      pass(`right after ${step} was performed`);
      return trouble === null ? success(effect) : RESULTS[trouble];
    },
    lookup: async (effect) => {
      const answer = look(deps, effect);
      records.lookups.push({ step: effect.step, found: answer.found });
      return answer;
    },
    livingChild: async ({ effectId }) =>
      deps.livingChild(effectId) ? { pid: CHILD_PID, groupId: CHILD_PID } : null,
    endChild: async () => {
      throw bug('nobody cancels a tortured run');
    },
    cleanUp: () => undefined,
    toolCommand: deps.toolCommand,
    bootstrap: async ({ name }) => {
      pass(`before tool ${name} was set up`);
      const first = !records.bootstraps.includes(name);
      records.bootstraps.push(name);
      pass(`while tool ${name} was being set up`);
      pass(`right after tool ${name} was set up`);
      return scenario.kind === 'tool-fails' && scenario.tool === name && first
        ? { ok: false, error: { code: 'exit-code', message: 'as the scenario has it' } }
        : { ok: true };
    },
    // Nothing is ever changed here, so one content is as good as another.
    hashFiles: async (paths) => paths.map((file) => ({ file, sha256: '0'.repeat(64) })),
    checkFiles: async (files, evidenceFor) => {
      if (evidenceFor !== undefined) {
        const made = records.acts.some(({ effectId, happened }) => effectId === evidenceFor && happened);
        return files.map(({ file }) => ({ file, exists: deps.projected(file) ?? made }));
      }
      const late = scenario.kind === 'files-late' && records.fileLooks === 0;
      records.fileLooks += 1;
      return files.map(({ file }) => ({ file, exists: deps.projected(file) ?? !late }));
    },
  };
}

function troubleOf({ scenario, records }: RecorderDeps, effect: DispatchEffect): Trouble | null {
  if (scenario.kind !== 'trouble' || scenario.step !== effect.step) return null;
  return records.acts.some(({ step }) => step === effect.step) ? null : scenario.trouble;
}

const ACTED: Readonly<Record<Trouble, boolean>> = {
  refused: false,
  failed: true,
  'lost-done': true,
  'lost-undone': false,
};

const LOST: EffectResult = {
  result: 'unknown',
  reason: { code: 'timed-out', message: 'did not answer in time' },
};

const RESULTS: Readonly<Record<Trouble, EffectResult>> = {
  refused: {
    result: 'failed',
    performed: false,
    retryable: true,
    error: { code: 'not-started', message: 'could not be started' },
  },
  failed: {
    result: 'failed',
    performed: true,
    retryable: false,
    error: { code: 'exit-code', message: 'exited with 1' },
    exitCode: 1,
  },
  'lost-done': LOST,
  'lost-undone': LOST,
};

const jobOf = (key: string): string => `job of ${key}`;

function success({ dispatcher, awaits, key }: DispatchEffect): EffectResult {
  const receipt = { by: 'process', exitCode: 0 } as const;
  return dispatcher !== 'openclaw' && awaits !== 'dispatch'
    ? { result: 'confirmed', outcome: 'done', receipt }
    : { result: 'confirmed', outcome: 'handed_off', receipt: { ...receipt, jobId: jobOf(key) } };
}

function look({ records, declaresKey }: RecorderDeps, effect: DispatchEffect): LookupResult {
  if (effect.dispatcher !== 'openclaw')
    return { found: 'cannot-tell', reason: 'it keeps no list of what it was asked to do' };
  if (records.acts.some(({ key, happened }) => happened && key === effect.key)) {
    return { found: 'performed', outcome: 'handed_off', receipt: { by: 'lookup', jobId: jobOf(effect.key) } };
  }
  return declaresKey
    ? { found: 'absent' }
    : { found: 'cannot-tell', reason: 'the configured dispatch script may not declare its job with our key' };
}
