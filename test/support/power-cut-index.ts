/**
 * What `index.db` promises, without SQLite: each change is a commit, WAL with synchronous = NORMAL keeps them in order
 * and consistent but not durable, so a power cut may leave any earlier state, or no file at all.
 */
import type { IndexCheckpoint, StreamIndex } from '../../src/log/event-store.ts';
import type { JsonlStore } from '../../src/log/jsonl-store.ts';

export type IndexState = {
  readonly mark: number;
  readonly checkpoint: IndexCheckpoint | null;
  readonly offsets: Readonly<Record<string, readonly number[]>>;
};

const EMPTY: IndexState = { mark: 0, checkpoint: null, offsets: {} };

export type CutIndex = StreamIndex & {
  /** Every state committed so far, the empty one first. */
  readonly states: IndexState[];
  /** What the projector does: commits how far the log is on disk, and where its lines are. */
  catchUp(store: JsonlStore): Promise<void>;
};

export const cutIndex = (from: IndexState = EMPTY): CutIndex => {
  const states = from === EMPTY ? [EMPTY] : [EMPTY, from];
  const now = (): IndexState => states.at(-1) as IndexState;
  return {
    states,
    checkpoint: () => now().checkpoint,
    offsets: (stream, first) => (now().offsets[stream] ?? []).slice(first - 1),
    headOf: (stream) => now().offsets[stream]?.length ?? 0,
    durableMark: () => now().mark,
    setDurableMark(seq) {
      states.push({ ...now(), mark: Math.max(seq, now().mark) });
    },
    async catchUp(store) {
      const head = await store.head();
      if (head === null) return;
      const durable = await store.sync(head);
      let { checkpoint } = now();
      const offsets = { ...now().offsets };
      for (const { event, lineOffset, endOffset } of store.readAllWithOffsets(
        checkpoint?.endOffset ?? 0,
        durable.seq,
      )) {
        offsets[event.stream] = [...(offsets[event.stream] ?? []), lineOffset];
        checkpoint = { seq: event.seq, lineOffset, endOffset, hash: event.hash };
      }
      states.push({ ...now(), checkpoint, offsets });
    },
  };
};
