/**
 * The long values an event refers to. Most events cannot hold any, and most others only in a field of their own: these
 * lists spare a walk through every value of millions of events, and a test holds them against the schemas.
 */
import { type BlobRef, isBlobRef, type StoredEvent } from '../../events/envelope.ts';

/** None of their fields is a text. */
export const WITHOUT_TEXTS: ReadonlySet<string> = new Set([
  ...['KeyClaimed', 'RunReused', 'RunLeased', 'RunResumed', 'StageStarted', 'StageFailed'],
  ...['RunCompleted', 'RunHandedOff', 'RunFailed', 'RunCancelled'],
]);
/** Their texts are fields of `data` itself. */
export const FLAT_TEXTS: ReadonlySet<string> = new Set([
  ...['RunStarted', 'EffectIntended', 'EffectConfirmed', 'EffectFailed', 'EffectUnknown', 'OutcomeReported'],
  ...['ToolBootstrapped', 'ToolBootstrapFailed', 'DefinitionRegistered', 'FeedbackSubmitted'],
]);

const NONE: readonly BlobRef[] = [];

export function textsOf({ type, data }: StoredEvent): readonly BlobRef[] {
  if (WITHOUT_TEXTS.has(type)) return NONE;
  // Of the stages only intake leaves a text behind.
  if (type === 'StageCompleted' && (data as { stage?: unknown }).stage !== 'intake') return NONE;
  if (FLAT_TEXTS.has(type)) return Object.values(data).filter(isBlobRef);
  return nested(data, []);
}

function nested(value: unknown, found: BlobRef[]): readonly BlobRef[] {
  if (isBlobRef(value)) found.push(value);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) nested(inner, found);
  return found;
}
