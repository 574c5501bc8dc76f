/**
 * The second thread of a rebuild, as the first one sees it. The first is inside a transaction and lets nobody else in
 * the process run until it is committed: so it waits without giving up its turn.
 */
import type { MessagePort } from 'node:worker_threads';
import type { FoldedBatch } from './fold-runs.ts';

const path = process.getBuiltinModule('node:path');

export type RebuildTask = {
  readonly port: MessagePort;
  /** Messages posted, messages taken, and whether no more are wanted. */
  readonly counters: Int32Array<SharedArrayBuffer>;
  readonly home: string;
  readonly aside: string;
  readonly allowedRoots: readonly string[];
  readonly upTo: number;
  readonly floor: number;
  readonly batchEvents: number;
  /** Of the log that is folded here. */
  readonly ino: number;
};

export type ThreadMessage =
  | { readonly kind: 'batch'; readonly batch: FoldedBatch; readonly refused: readonly string[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly why: string };

/** The thread could not, or says nothing: everything is to be done without it. */
export class ThreadGaveUp extends Error {}

/** A batch takes some hundredths of a second. A thread that was killed for want of memory says nothing any more. */
const SILENCE_MS = 60_000;
const YOUNG_MB = 16;

export type RebuildThread = {
  /** Blocks. @throws {ThreadGaveUp} */
  next(): Exclude<ThreadMessage, { kind: 'failed' }>;
  end(): void;
};

export function startRebuildThread(task: Omit<RebuildTask, 'port' | 'counters'>): RebuildThread {
  const { MessageChannel, receiveMessageOnPort, Worker } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const counters = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(threadFile('rebuild-worker'), {
    workerData: { ...task, port: port2, counters } satisfies RebuildTask,
    transferList: [port2],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  // Told too late to be of use: silence says the same.
  worker.on('error', () => undefined);
  worker.unref();
  return {
    next() {
      for (;;) {
        const posted = Atomics.load(counters, 0);
        const received = receiveMessageOnPort(port1) as { message: ThreadMessage } | undefined;
        if (received === undefined) {
          if (Atomics.wait(counters, 0, posted, SILENCE_MS) === 'timed-out')
            throw new ThreadGaveUp('it is silent');
          continue;
        }
        Atomics.add(counters, 1, 1);
        Atomics.notify(counters, 1);
        const { message } = received;
        if (message.kind === 'failed') throw new ThreadGaveUp(message.why);
        return message;
      }
    },
    end() {
      // Not stopped from here, but told: it may be in the middle of anything.
      Atomics.store(counters, 2, 1);
      Atomics.add(counters, 1, 1);
      Atomics.notify(counters, 1);
      port1.close();
    },
  };
}

/** Beside this file, in the sources as in the bundle. */
const threadFile = (name: string): string =>
  path.join(import.meta.dirname, `${name}${import.meta.filename.endsWith('.ts') ? '.ts' : '.cjs'}`);
