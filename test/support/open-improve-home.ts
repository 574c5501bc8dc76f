/** A home opened as the program opens it, for tests and for processes that tests start. */
import { type OpenHome, openWorkflowHome } from '../../src/engine/open-home.ts';
import type { ImprovementFacts } from '../../src/engine/ports.ts';
import type { Improver } from '../../src/engine/settle-intents.ts';
import type { NewEvent, StoredEvent } from '../../src/events/envelope.ts';
import { workflowStream } from '../../src/events/streams.ts';

export const WORKFLOW = 'demo';

export type Opened = {
  readonly opened: OpenHome;
  readonly improver: Improver;
  /** The same, with something happening right before or after an event of that type is recorded. */
  interrupted(when: 'before' | 'after', type: string, what: () => void | Promise<void>): Improver;
  events(): Promise<readonly (StoredEvent & { readonly data: Record<string, unknown> })[]>;
  types(): Promise<readonly string[]>;
  facts(): Promise<ImprovementFacts>;
};

export async function openImproveHome(home: string, packageDir: string): Promise<Opened> {
  const never = new AbortController().signal;
  const opened = await openWorkflowHome({
    home,
    env: {},
    packageDir,
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  const { ports } = opened;
  const places = { home, bundledDir: opened.bundledDir };
  const events = async () => {
    const found: (StoredEvent & { readonly data: Record<string, unknown> })[] = [];
    for await (const event of ports.store.read(workflowStream(WORKFLOW))) {
      found.push(event as (typeof found)[number]);
    }
    return found;
  };
  return {
    opened,
    improver: { ports, places },
    interrupted: (when, type, what) => ({
      places,
      ports: { ...ports, store: interruptedStore(opened, when, type, what) },
    }),
    events,
    types: async () => (await events()).map((event) => event.type),
    facts: async () => {
      await ports.projections.project();
      return ports.projections.improvementFacts(WORKFLOW);
    },
  };
}

/** The real store; only the moment is chosen. */
function interruptedStore(
  { store }: OpenHome,
  when: 'before' | 'after',
  type: string,
  what: () => void | Promise<void>,
) {
  const isIt = (events: readonly NewEvent[]): boolean => events.some((event) => event.type === type);
  const append: typeof store.append = async (stream, expectedVersion, events, options) => {
    if (when === 'before' && isIt(events)) await what();
    const result = await store.append(stream, expectedVersion, events, options);
    if (when === 'after' && isIt(events)) await what();
    return result;
  };
  return { ...store, append };
}
