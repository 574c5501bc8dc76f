/**
 * What was seen in the world against what the log says of it. The file of effects is written by the children alone,
 * so that neither side can vouch for the other.
 */
import { IDEMPOTENT_STEPS } from './definitions.ts';
import type { EffectFacts, History, RunFacts } from './history.ts';

export function effectsHold(history: History, seen: ReadonlyMap<string, number>): readonly string[] {
  const problems: string[] = [];
  for (const [key, times] of seen) {
    // wf:RUN:STEP:ATTEMPT
    if (history.erased.has(key.split(':')[1] ?? '')) continue;
    const effect = history.effects.get(key);
    if (effect === undefined) problems.push(`${key} was performed and is not in the log`);
    else problems.push(...seenHolds(history, effect, times));
  }
  for (const effect of history.effects.values()) {
    const times = seen.get(effect.key) ?? 0;
    if (effect.dispatcher === 'command' && confirmedByProcess(effect) && times === 0)
      problems.push(`${effect.key} is confirmed by its process and was never performed`);
  }
  for (const run of history.runs.values()) problems.push(...secondAttempts(history, run));
  return problems;
}

function seenHolds({ runs }: History, effect: EffectFacts, times: number): readonly string[] {
  const problems: string[] = [];
  const run = runs.get(effect.runId);
  // Performed again is what another owner does, or the same one after it recorded its doubt.
  const again = (run?.lines ?? []).filter(
    ({ type, seq }) => seq > effect.seq && (type === 'RunLeased' || type === 'EffectUnknown'),
  );
  if (times > 1 + again.length) problems.push(`${effect.key} was performed ${times} times without a reason`);
  if (effect.after.length === 0 && run?.status !== 'cancelled')
    problems.push(`${effect.key} was performed, and its run is at rest without knowing or doubting it`);
  if (times > 1 && !IDEMPOTENT_STEPS.has(effect.step))
    problems.push(`${effect.key} was performed ${times} times and is not idempotent`);
  if (effect.after.some(({ type, data }) => type === 'EffectFailed' && data.performed === false))
    problems.push(`${effect.key} was performed, and the log says that it certainly was not`);
  return problems;
}

const confirmedByProcess = ({ after }: EffectFacts): boolean =>
  after.some(
    ({ type, data }) =>
      type === 'EffectConfirmed' && (data.receipt as { by?: string } | undefined)?.by === 'process',
  );

/** A later attempt needs the earlier one to be not performed, failed and asked for again, or judged by a person. */
function secondAttempts({ effects }: History, run: RunFacts): readonly string[] {
  const own = [...effects.values()].filter(({ runId }) => runId === run.runId);
  return own.flatMap((effect) => {
    // A check looks again whenever its run goes on.
    if (effect.attempt === 1 || effect.step === 'verify.command') return [];
    const earlier = own.find(({ step, attempt }) => step === effect.step && attempt === effect.attempt - 1);
    if (earlier === undefined) return [`${effect.key} has no attempt before it`];
    const allowed = earlier.after.some(({ type, data, seq }) => {
      if (seq > effect.seq) return false;
      if (type === 'EffectFailed') return data.performed === false || askedAgain(run, seq, effect.seq);
      return (type === 'EffectResolved' && data.verdict === 'not-sent') || type === 'TaskWithdrawn';
    });
    return allowed
      ? []
      : [`${effect.key} was begun although nobody knew how attempt ${earlier.attempt} ended`];
  });
}

const askedAgain = (run: RunFacts, after: number, before: number): boolean =>
  run.lines.some(
    ({ type, data, seq }) =>
      type === 'RunResumed' && data.reason === 'requested' && seq > after && seq < before,
  );
