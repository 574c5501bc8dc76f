/**
 * What really happened in the scratch world, kept apart from the log: the recorders write here what would have been
 * done, and the judge compares it with what the log says.
 */

import { stageOfAct } from '../../workflow/acts.ts';
import type { DispatchEffect, LookupResult } from '../../workflow/effects.ts';
import type { Effect } from '../../workflow/state.ts';

export type Act = {
  readonly runId: string;
  readonly step: string;
  readonly effectId: string;
  readonly key: string;
  /** Whether the world was changed by it. */
  happened: boolean;
};

/** A thing that must never happen without anybody being told; see {@link Trial}. */
export type FindingKind =
  /** An act happened again, and nothing allowed it. */
  | 'repeats'
  /** The run ended well, and a step of it never happened. */
  | 'vanishes'
  /** An act happened before the log was certain to know of it. */
  | 'unrecorded'
  /** A second run for the same request. */
  | 'second-run'
  /** Somebody was told of an end whose summary was not there, or said something else. */
  | 'summary'
  /** The run did not reach the end it reaches without the crash. */
  | 'stuck';

export type Fault = { readonly kind: FindingKind; readonly step?: string; readonly text: string };

export type Records = {
  readonly acts: Act[];
  /** Names of tools, once for each time their command was started. */
  readonly bootstraps: string[];
  readonly lookups: { readonly step: string; readonly found: LookupResult['found'] }[];
  readonly faults: Fault[];
  /** How often somebody looked whether the work's files are there. */
  fileLooks: number;
};

export const noRecords = (): Records => ({ acts: [], bootstraps: [], lookups: [], faults: [], fileLooks: 0 });

/**
 * Judged at the moment of an act, from what is certain to be on disk: is there an intent for it, and does the log
 * allow it although the step acted before?
 */
export function judgeAct(
  records: Records,
  effect: Pick<DispatchEffect, 'step' | 'effectId' | 'key' | 'runId'>,
  logged: readonly Effect[],
): void {
  const own = logged.find(({ effectId }) => effectId === effect.effectId);
  const { step } = effect;
  if (own === undefined) {
    const text = `${effect.key} was performed before its intent was on disk`;
    records.faults.push({ kind: 'unrecorded', step, text });
  }
  for (const earlier of records.acts) {
    // Another run for the same request is a fault of its own; see judge.ts.
    if (earlier.step !== step || earlier.runId !== effect.runId || !earlier.happened) continue;
    if (earlier.key === effect.key && own?.idempotent === true) continue;
    const known = logged.find(({ effectId }) => effectId === earlier.effectId)?.status;
    // It acted, failed, and the run with it: only somebody who asks for it again comes here.
    if (known === 'failed') continue;
    // A check changes nothing: it is made anew with every attempt of its stage.
    if (stageOfAct(step) === 'verify') continue;
    const text = `${step} was performed again (${effect.key}) although ${earlier.key} had happened`;
    records.faults.push({ kind: 'repeats', step, text });
    return;
  }
}
