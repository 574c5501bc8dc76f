/** Threads that prove ranges of the log; each answers in the order in which it was asked. */
import type { LogRange, RangeProof } from './range-proof.ts';

const path = process.getBuiltinModule('node:path');

const YOUNG_MB = 4;

export type VerifyThread = {
  prove(range: LogRange): Promise<RangeProof>;
  /** Resolves when it reads no more. */
  end(): Promise<void>;
};

/** @param fd the open log; it may be closed when the thread has ended */
export const startVerifyThread = (fd: number): VerifyThread => {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(threadFile('verify-worker'), {
    workerData: { fd },
    // Nothing it makes lives longer than a piece of the log: more room would only be filled.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const asked: { resolve(proof: RangeProof): void; reject(error: unknown): void }[] = [];
  worker.on('message', (proof: RangeProof) => asked.shift()?.resolve(proof));
  worker.on('error', (error) => {
    for (const one of asked.splice(0)) one.reject(error);
  });
  return {
    prove: (range) =>
      new Promise((resolve, reject) => {
        asked.push({ resolve, reject });
        worker.postMessage(range);
      }),
    end: async () => {
      await worker.terminate();
    },
  };
};

/** Beside this file, in the sources as in the bundle. */
const threadFile = (name: string): string =>
  path.join(import.meta.dirname, `${name}${import.meta.filename.endsWith('.ts') ? '.ts' : '.cjs'}`);
