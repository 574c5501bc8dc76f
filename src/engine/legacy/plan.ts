/**
 * What an import would append: one item for each good thing the script engine left, in an order in which it can be
 * cut off anywhere. An item the log has already (by its cause) is left out, which is what makes an import one.
 */
import type { StoredEvent } from '../../events/envelope.ts';
import type { LegacyHome, LegacySkip } from '../../home/legacy-files.ts';
import type { EnginePorts } from '../ports.ts';
import { planRest, type ReadDefinition } from './plan-rest.ts';
import { type Contradiction, planRuns } from './plan-runs.ts';

export const ITEM_KINDS = [
  'runs',
  'keys',
  'markers',
  'feedback',
  'improvements',
  'notes',
  'logLines',
] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

export type PlannedItem = {
  readonly kind: ItemKind;
  /** `legacy:<hash of the item>`: stands in the meta of each of its events. */
  readonly cause: string;
  readonly stream: string;
  /** ISO 8601; absent where the script engine did not say. */
  readonly occurredAt?: string;
  readonly events: readonly { readonly type: string; readonly data: object; readonly at?: string }[];
  readonly forced?: boolean;
};

/** What the log has of streams and of earlier imports. */
export type Known = {
  readonly version: (stream: string) => number;
  readonly causes: ReadonlySet<string>;
  /** Streams of keys that were claimed by a run of this home. */
  readonly ownClaims: ReadonlySet<string>;
};

export async function knownOf(events: AsyncIterable<StoredEvent>): Promise<Known> {
  const versions = new Map<string, number>();
  const causes = new Set<string>();
  const ownClaims = new Set<string>();
  for await (const { stream, streamVersion, type, meta } of events) {
    versions.set(stream, streamVersion);
    const isImported = meta?.cause?.startsWith('legacy:') === true;
    if (isImported && meta?.cause !== undefined) causes.add(meta.cause);
    else if (type === 'KeyClaimed') ownClaims.add(stream);
  }
  return { version: (stream) => versions.get(stream) ?? 0, causes, ownClaims };
}

export type Counts = { readonly found: number; readonly imported: number; readonly already: number };
export type ImportPlan = {
  /** Those that are not in the log yet. */
  readonly items: readonly PlannedItem[];
  readonly counts: Readonly<Record<ItemKind, Counts>>;
  readonly contradictions: readonly Contradiction[];
  readonly skipped: readonly LegacySkip[];
};

export function planImport(
  ports: Pick<EnginePorts, 'sha256' | 'redact' | 'randomWord' | 'newId'>,
  legacy: LegacyHome,
  context: { readonly known: Known; readonly host: string; readonly definition: ReadDefinition },
): ImportPlan {
  const { known, host, definition } = context;
  const { items, contradictions } = planRuns(ports, legacy, known);
  const all = [...items, ...planRest(ports, legacy, host, definition)];
  const isNew = (item: PlannedItem): boolean => !known.causes.has(item.cause);
  const countOf = (kind: ItemKind): Counts => {
    const found = all.filter((item) => item.kind === kind);
    const imported = found.filter(isNew).length;
    return { found: found.length, imported, already: found.length - imported };
  };
  return {
    items: all.filter(isNew),
    counts: {
      runs: countOf('runs'),
      keys: countOf('keys'),
      markers: countOf('markers'),
      feedback: countOf('feedback'),
      improvements: countOf('improvements'),
      notes: countOf('notes'),
      logLines: countOf('logLines'),
    },
    contradictions,
    skipped: legacy.skipped,
  };
}
