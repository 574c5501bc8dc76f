/**
 * Given events, when a command, then events or a refusal: the run's rules as a table of examples. Pure like the
 * decider itself; time stands still unless a test moves it.
 */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { isRefusal, type Refusal } from '../../src/errors.ts';
import type { RunCommand } from '../../src/workflow/command.ts';
import type { RunContext } from '../../src/workflow/context.ts';
import { type DecidedEvent, decide, provisional } from '../../src/workflow/decide.ts';
import { evolve } from '../../src/workflow/evolve.ts';
import { inputFor } from '../../src/workflow/input-fields.ts';
import { type Next, next } from '../../src/workflow/next.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { noRun, type RunState } from '../../src/workflow/state.ts';

/** A command without what the engine adds to each. */
export type Ask = RunCommand extends infer C
  ? C extends RunCommand
    ? Omit<C, 'now' | 'salt'>
    : never
  : never;

export const NOW = '2026-11-23T00:00:00.000Z';
export const RUN = '01KAQ7ZM4XYZ0000000000RUN1';
const OWNER = { host: 'h', bootId: 'b', pid: 7, pidStart: 's' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type SpecOptions = {
  readonly input?: string;
  readonly route?: string;
  readonly connected?: RunContext['connected'];
};

export type Spec = {
  readonly context: RunContext;
  readonly start: Ask;
  /** The history that these commands make, beginning with Start. Throws when one of them is refused. */
  past(...asks: readonly Ask[]): readonly DecidedEvent[];
  /** The same, with a Start of one's own. */
  pastFrom(...asks: readonly Ask[]): readonly DecidedEvent[];
  given(events: readonly DecidedEvent[]): Given;
};
export type Given = {
  readonly state: RunState;
  next(now?: string): Next;
  when(ask: Ask, now?: string): Then;
};
export type Then = {
  readonly decided: readonly DecidedEvent[] | Refusal;
  /** The events in their order, each by its type and the data that matters. */
  then(...expected: readonly (string | { readonly type: string; readonly data?: object })[]): Given;
  refused(code: string): void;
};

/** @param raw content of a definition file; `id` may be left out */
export function runSpec(raw: Readonly<Record<string, unknown>>, options: SpecOptions = {}): Spec {
  const definition = normaliseDefinition({ id: 'spec', ...raw });
  const input = inputFor(definition, options.input ?? 'water the plants');
  if (isRefusal(input)) throw new Error(input.message);
  const context: RunContext = {
    definition,
    definitionHash: sha256(JSON.stringify(raw)),
    input,
    home: '/home/wf',
    connected: options.connected ?? {},
    sha256,
  };
  const start: Ask = {
    type: 'Start',
    runId: RUN,
    key: 'the-key',
    inputHash: sha256(input.text),
    redactions: 0,
    forced: false,
    owner: OWNER,
    ...(options.route === undefined ? {} : { requestedRoute: options.route }),
  };
  const step = (state: RunState, ask: Ask, now: string) =>
    decide(context, state, { ...ask, now, salt: 'saltsalt' } as RunCommand);
  const fold = (from: RunState, events: readonly DecidedEvent[], now = NOW): RunState =>
    events.reduce((state, event) => evolve(state, provisional(event, state, now)), from);
  const givenState = (state: RunState): Given => ({
    state,
    next: (now = NOW) => next(context, state, now),
    when: (ask, now = NOW) => {
      const decided = step(state, ask, now);
      return {
        decided,
        // biome-ignore lint/suspicious/noThenProperty: given, when, then is how such a test is read; none is awaited
        then: (...expected) => {
          if (isRefusal(decided)) throw new Error(`refused (${decided.code}): ${decided.message}`);
          expect(decided.map(({ type }) => type)).toEqual(
            expected.map((one) => (typeof one === 'string' ? one : one.type)),
          );
          decided.forEach((event, i) => {
            const wanted = expected[i];
            if (typeof wanted === 'object') expect(event).toMatchObject(wanted);
          });
          return givenState(fold(state, decided, now));
        },
        refused: (code) => {
          expect(decided).toMatchObject({ refused: true, code });
        },
      };
    },
  });
  return {
    context,
    start,
    past: (...asks) => pastFrom(start, ...asks),
    pastFrom,
    given: (events) => givenState(fold(noRun, events)),
  };

  function pastFrom(...asks: readonly Ask[]): readonly DecidedEvent[] {
    const events: DecidedEvent[] = [];
    let state = noRun;
    for (const ask of asks) {
      const decided = step(state, ask, NOW);
      if (isRefusal(decided))
        throw new Error(`${ask.type} was refused (${decided.code}): ${decided.message}`);
      events.push(...decided);
      state = fold(state, decided);
    }
    return events;
  }
}

/** The commands that come up again and again. */
export const begin = (step = 'main'): Ask => ({ type: 'BeginStep', step, nonce: 'nonce1' });
export const effectId = (step = 'main', attempt = 1): string => `${RUN}.${step}.${attempt}`;
export const done = (step = 'main', attempt = 1): Ask => ({
  type: 'EffectEnded',
  effectId: effectId(step, attempt),
  result: { result: 'confirmed', outcome: 'done', receipt: { by: 'process', exitCode: 0 } },
});
export const handedOff = (step = 'main', attempt = 1): Ask => ({
  type: 'EffectEnded',
  effectId: effectId(step, attempt),
  result: { result: 'confirmed', outcome: 'handed_off', receipt: { by: 'process', jobId: 'j1' } },
});
export const failed = (performed: boolean, step = 'main', attempt = 1): Ask => ({
  type: 'EffectEnded',
  effectId: effectId(step, attempt),
  result: {
    result: 'failed',
    performed,
    retryable: !performed,
    error: { code: 'exit-code', message: 'exited with 1' },
  },
});
export const unknown = (step = 'main', attempt = 1): Ask => ({
  type: 'EffectEnded',
  effectId: effectId(step, attempt),
  result: { result: 'unknown', reason: { code: 'timed-out', message: 'was ended' } },
});
export const verified: Ask = { type: 'Verified', checks: [] };
export const resumed: Ask = { type: 'Continue', owner: { ...OWNER, pid: 8 }, by: 'resume' };
/** An action that a command carries out. */
export const command = { command: '/bin/true' };
