/** A run in a file, folded and decided again. Pure: the file is all there is, so nothing else can be reached. */
import { isRefusal } from '../../errors.ts';
import type { RunEvent } from '../../events/run-events.ts';
import type { Definition } from '../definition.ts';
import { evolve, type FoldableEvent } from '../evolve.ts';
import { inputFor } from '../input-fields.ts';
import { noRun, type RunState } from '../state.ts';
import type { Bundle, BundleResult } from './bundle-schema.ts';
import { replayAgainst } from './replay-against.ts';

export type BundleReplay = {
  readonly events: readonly FoldableEvent[];
  readonly state: RunState;
  readonly result: BundleResult;
};

/** @param definition the file's own, read; null where it has none */
export function replayBundle(
  bundle: Omit<Bundle, 'expected'>,
  definition: Definition | null,
  home: string,
  sha256: (text: string) => string,
): BundleReplay {
  const events = foldable(bundle);
  let state = noRun;
  const states = events.map((event) => {
    state = evolve(state, event);
    return stateOf(state);
  });
  const result = {
    states,
    stages: state.stages.map(({ name, status, attempts }) => ({ stage: name, status, attempts })),
    effects: state.effects.map(({ effectId, status }) => ({ effectId, status })),
    approvals: state.approvals.map(({ approvalId, status }) => ({ approvalId, status })),
    decided: decidedAgain(bundle, definition, home, sha256, events),
  };
  return { events, state, result };
}

export const foldable = (bundle: Pick<Bundle, 'events'>): readonly FoldableEvent[] =>
  bundle.events.map(({ ts, type, data, meta }, i) => {
    const place = { ts, streamVersion: i + 1, ...(meta === undefined ? {} : { meta }) };
    return { ...({ type, data } as unknown as RunEvent), ...place };
  });

const stateOf = (state: RunState): BundleResult['states'][number] => ({
  status: state.status,
  outcome: state.outcome,
  stage: state.current,
  waitingFor: state.waiting?.for ?? null,
});

function decidedAgain(
  { definition: own, input: text }: Omit<Bundle, 'expected'>,
  definition: Definition | null,
  home: string,
  sha256: (text: string) => string,
  events: readonly FoldableEvent[],
): BundleResult['decided'] {
  if (own === null || definition === null || text === null) return null;
  const input = inputFor(definition, text);
  if (isRefusal(input)) {
    const recorded = events[0]?.type ?? null;
    return { same: 0, divergence: { n: 1, recorded, decided: null, fields: [] } };
  }
  const context = { definition, definitionHash: own.hash, input, home, connected: {}, sha256 };
  const { same, divergence } = replayAgainst(context, events);
  if (divergence === null) return { same, divergence };
  const { n, recorded, decided, fields } = divergence;
  const types = { recorded: recorded?.type ?? null, decided: decided?.type ?? null };
  return { same, divergence: { n, ...types, fields: [...fields] } };
}

/** Where a replay comes to something else than the file expects, in words; empty when it does not. */
export function differences(expected: BundleResult, result: BundleResult): readonly string[] {
  const found: string[] = [];
  const n = expected.states.findIndex((state, i) => !same(state, result.states[i]));
  if (n >= 0)
    found.push(
      `after event ${n + 1} the run is ${words(result.states[n])}, and was ${words(expected.states[n])}`,
    );
  for (const part of ['stages', 'effects', 'approvals', 'decided'] as const) {
    if (same(expected[part], result[part])) continue;
    found.push(`${part}: ${JSON.stringify(result[part])}, and was ${JSON.stringify(expected[part])}`);
  }
  return found;
}

const words = (state: BundleResult['states'][number] | undefined): string =>
  state === undefined
    ? 'not there'
    : [state.status, state.waitingFor, state.stage, state.outcome].filter((word) => word !== null).join(', ');

/** The order of keys is the file's, and says nothing. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [a, b] as Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  return [...names].every((name) => same(left?.[name], right?.[name]));
}
