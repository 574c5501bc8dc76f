import { coldSha256 } from '../../src/log/hash.ts';
import type { JsonlStore } from '../../src/log/jsonl-store.ts';
import { createMemoryStore } from '../../src/log/memory-store.ts';
import { memoryIndex, openTestStore, seededRandom, steppingClock, tempDir } from '../support/log-helpers.ts';
import { describeEventStore, type StoreHarness } from '../support/store-conformance.ts';

describeEventStore('memory', () => {
  const store = createMemoryStore({ clock: steppingClock(), random: seededRandom(), sha256: coldSha256 });
  return { open: () => store, dispose: () => store.close() };
});

const jsonl = (withIndex: boolean) => (): StoreHarness => {
  const temp = tempDir();
  const index = withIndex ? memoryIndex() : undefined;
  const opened: JsonlStore[] = [];
  return {
    open() {
      const store = openTestStore(`${temp.dir}/logs`, index === undefined ? {} : { index });
      opened.push(store);
      return store;
    },
    between: async (store) => index?.catchUp(store as JsonlStore),
    async dispose() {
      for (const store of opened) await store.close();
      temp.remove();
    },
  };
};
describeEventStore('JSONL, scanning', jsonl(false));
describeEventStore('JSONL with an index that moves on', jsonl(true));
