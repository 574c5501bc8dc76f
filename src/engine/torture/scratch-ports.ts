/** What the engine is given in a scratch home: everything it asks for, and nothing that reaches outside of it. */
import { bug } from '../../errors.ts';
import { NO_USAGE } from '../../home/usage-rows.ts';
import { freshUlid } from '../../log/event-ids.ts';
import type { RandomBytes } from '../../log/event-store.ts';
import { noKey } from '../../projections/key-state.ts';
import type { Connected } from '../../workflow/context.ts';
import type { Definition } from '../../workflow/definition.ts';
import { isBehind } from '../keep-up.ts';
import type { EnginePorts, LoadedDefinition } from '../ports.ts';
import type { Mortal } from './scratch-log.ts';

/** What is tortured, and the little of the real home that its decisions depend on. */
export type PortsOptions = Pick<EnginePorts, 'connected' | 'redact' | 'sha256'> & {
  readonly loaded: LoadedDefinition;
  /** Named in rendered texts only; nothing looks there. */
  readonly home: string;
};

type Host = PortsOptions &
  Mortal &
  Pick<EnginePorts, 'store' | 'world'> & {
    readonly pid: number;
    readonly bootId: string;
    readonly blobs: Map<string, Uint8Array>;
    /** Time passes by sleeping alone. */
    readonly clock: { nowMs: number };
    readonly random: RandomBytes;
    readonly project: () => Promise<void>;
    readonly projectedSeq: () => number;
  };

/** Whatever it names is there: what a crash would do does not depend on this machine. */
function withNamed({ steps, actions }: Definition, connected: Connected): Connected {
  const acts = [...steps, ...actions];
  const named = acts.flatMap(({ dispatcher, agent }) =>
    dispatcher === 'agent' && agent !== undefined ? [[agent, { auto: false }] as const] : [],
  );
  return {
    ...connected,
    agents: new Map([...named, ...(connected.agents ?? [])]),
    messages: new Set(acts.flatMap(({ to }) => to ?? [])),
  };
}

export function scratchPorts(host: Host): EnginePorts {
  const { home, store, world, sha256, redact, connected, loaded, clock, random, pid, bootId } = host;
  const never = new AbortController().signal;
  return {
    home,
    store,
    world,
    sha256,
    redact,
    connected: withNamed(loaded.definition, connected),
    blobs: {
      put: async (bytes) => {
        host.assertAlive();
        const hash = sha256(bytes);
        host.blobs.set(hash, bytes);
        return hash;
      },
      get: async (hash) => host.blobs.get(hash) ?? null,
    },
    clock: {
      now: () => clock.nowMs,
      sleep: async (ms, signal) => {
        if (signal?.aborted === true) return;
        host.assertAlive();
        clock.nowMs += Math.max(ms, 1);
      },
    },
    newId: () => freshUlid(clock.nowMs, random),
    randomWord: (length) => Array.from(random(length), (byte) => 'abcdefgh'[byte % 8]).join(''),
    definitions: {
      load: async () => loaded,
      parse: async () => loaded.definition,
    },
    projections: {
      project: host.project,
      // Left out, so that there is one order of everything: what it would have done, verify asks for when it misses it.
      projectIfQuick: async () => undefined,
      writeEarly: host.project,
      keepUp: async (told) => {
        const head = (await store.head())?.seq ?? 0;
        if (isBehind(host.projectedSeq(), head, told?.seq ?? 0)) await host.project();
      },
      keyState: () => noKey,
      pauseState: () => ({ version: 0, pause: null }),
      isRegistered: () => false,
      analysisInput: () => {
        throw bug('a tortured run analyses nothing');
      },
      improvementFacts: () => ({ proposal: null, improvements: [] }),
      effectRows: async () => null,
      usage: async () => NO_USAGE,
    },
    ownership: {
      self: { host: 'scratch', bootId, pid, pidStart: String(pid) },
      // One process at a time: every other one has ended.
      stateOf: (owner) => (owner.pid === pid ? 'alive' : 'gone'),
    },
    interrupts: { stop: never, force: never },
    improve: async () => ({ suggestions: 0, applied: [] }),
  };
}
