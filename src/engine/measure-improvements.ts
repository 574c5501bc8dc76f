/** Judges applied improvements by the runs around each: rows from the index, definitions from the log. Changes nothing. */
import { workflowStream } from '../events/streams.ts';
import { contentOf } from '../home/definitions.ts';
import type { Improvement } from '../projections/feedback.ts';
import type { RevertRule } from '../workflow/definition.ts';
import { carries } from '../workflow/improve/carries.ts';
import { type Effect, effectOf } from '../workflow/improve/effect.ts';
import { worseIn } from '../workflow/improve/take-back.ts';
import type { EnginePorts } from './ports.ts';
import { readText } from './texts.ts';

type Ports = Pick<EnginePorts, 'store' | 'blobs' | 'projections'>;

/** Reads each definition once, however many improvements ask for it. */
export type Contents = Map<string, unknown>;

/** Those that were in force at some time, newest first; one that takes another back is none. */
export const everApplied = (improvements: readonly Improvement[]): readonly Improvement[] =>
  improvements.filter(
    ({ status, reverts }) => reverts === undefined && (status === 'applied' || status === 'reverted'),
  );

/**
 * Runs with a later improvement that was taken back as well are left out: what they were like is not this one's doing.
 * @returns null for an improvement that the index does not know
 */
export async function measureImprovement(
  ports: Ports,
  improvement: Improvement,
  contents: Contents = new Map(),
): Promise<Effect | null> {
  const { improvementId, workflowId, intendedAt, beforeHash, changes } = improvement;
  const found = await ports.projections.effectRows(improvementId);
  if (found === null) return null;
  const { improvements } = ports.projections.improvementFacts(workflowId);
  const spoilers = improvements
    .slice(
      0,
      improvements.findIndex((other) => other.improvementId === improvementId),
    )
    .filter(({ status, reverts }) => status === 'reverted' && reverts === undefined);
  const has = new Map<string, boolean>([[beforeHash, false]]);
  for (const [hash, version] of found.definitions) {
    if (has.has(hash)) continue;
    if (!contents.has(hash)) contents.set(hash, await registered(ports, workflowId, version));
    const raw = contents.get(hash);
    if (raw !== undefined && !spoilers.some((other) => carries(raw, other.changes)))
      has.set(hash, carries(raw, changes));
  }
  return effectOf({ seq: found.seq, intendedAt }, found.runs, (hash) => has.get(hash) ?? null);
}

export type WorseImprovement = {
  readonly improvement: Improvement;
  readonly effect: Effect;
  /** Sentences, at least one. */
  readonly because: readonly string[];
};

/**
 * Improvements in force with which runs are worse, once enough of them have ended; newest first. Those that a person has
 * edited since are none of them.
 * @param body text of the definition as it is now
 */
export async function worseImprovements(
  ports: Ports,
  workflowId: string,
  body: string,
  { afterRuns }: RevertRule,
): Promise<readonly WorseImprovement[]> {
  const { improvements } = ports.projections.improvementFacts(workflowId);
  const applied = everApplied(improvements).filter(({ status }) => status === 'applied');
  if (applied.length === 0) return [];
  const raw = await contentOf(body, workflowId);
  const contents: Contents = new Map();
  const worse: WorseImprovement[] = [];
  for (const improvement of applied) {
    if (!carries(raw, improvement.changes)) continue;
    const effect = await measureImprovement(ports, improvement, contents);
    if (effect === null || effect.verdict !== 'worse' || effect.after.runs < afterRuns) continue;
    worse.push({ improvement, effect, because: worseIn(effect) });
  }
  return worse;
}

/** Undefined where the log has it no more, or never had it whole. */
async function registered(ports: Ports, workflowId: string, version: number): Promise<unknown> {
  for await (const event of ports.store.read(workflowStream(workflowId), { from: version, to: version })) {
    const { body } = event.data as { readonly body?: string };
    if (event.type !== 'DefinitionRegistered' || body === undefined) return undefined;
    return readText(ports.blobs, body)
      .then((text) => contentOf(text, 'the log'))
      .catch(() => undefined);
  }
  return undefined;
}
