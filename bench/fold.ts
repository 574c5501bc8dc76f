/**
 * `npm run bench:fold -- [runs | home]`: every event of a log read, its chain checked, every run folded to its row, by
 * two threads; and beside it the check alone. Figures only. A folder that is a home is used as it is.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { nodeFs } from '../src/log/file-system.ts';
import { bulkSha256 } from '../src/log/hash.ts';
import { logRanges } from '../src/log/log-ranges.ts';
import { provedRanges } from '../src/log/proved-ranges.ts';
import { evolveRunFold, type RunFold } from '../src/projections/run-row.ts';
import { note } from './figures.ts';
import type { FoldedRange } from './fold-worker.ts';

const THREADS = 2;
const DEFAULT_RUNS = 45_500;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

type Folded = {
  readonly events: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly open: number;
};

/** Runs that were still open where a range ended go on with the events of later ranges. */
const foldInThreads = async (fd: number, size: number): Promise<Folded> => {
  const workers = Array.from(
    { length: THREADS },
    () => new Worker(join(import.meta.dirname, 'fold-worker.ts'), { workerData: { fd } }),
  );
  const ask = (worker: Worker, range: object): Promise<FoldedRange> =>
    new Promise((done) => {
      worker.once('message', done);
      worker.postMessage(range);
    });
  const ended: Record<string, number> = {};
  const open = new Map<string, RunFold>();
  let events = 0;
  const results: (FoldedRange | undefined)[] = [];
  let merged = 0;
  const ranges = [...logRanges(nodeFs, fd, size)];
  const merge = (): void => {
    for (let result = results[merged]; result !== undefined; result = results[merged]) {
      results[merged] = undefined;
      const range = ranges[merged] as (typeof ranges)[number];
      if (result.proof.end !== range.to)
        throw new Error(`the log is not whole after byte ${result.proof.end}`);
      if (ranges[merged + 1] !== undefined && ranges[merged + 1]?.start.hash !== result.proof.last.hash)
        throw new Error(`the chain breaks at byte ${range.to}`);
      events += result.proof.events;
      for (const [status, n] of Object.entries(result.ended)) ended[status] = (ended[status] ?? 0) + n;
      for (const [runId, event] of result.earlier) {
        const before = open.get(runId);
        if (before === undefined)
          throw new Error(`run ${runId} goes on after its end, which this bench does not know`);
        const fold = evolveRunFold(before, event as Parameters<typeof evolveRunFold>[1]);
        const { status } = fold.state;
        if (status === 'completed' || status === 'failed' || status === 'cancelled') {
          open.delete(runId);
          ended[status] = (ended[status] ?? 0) + 1;
        } else open.set(runId, fold);
      }
      for (const [runId, fold] of result.open) open.set(runId, fold);
      merged++;
    }
  };
  let next = 0;
  await Promise.all(
    workers.map(async (worker) => {
      while (next < ranges.length) {
        const mine = next++;
        results[mine] = await ask(worker, ranges[mine] as object);
        merge();
      }
      await worker.terminate();
    }),
  );
  return { events, ended, open: open.size };
};

const verifyOnly = async (fd: number, size: number, threads: number): Promise<Folded> => {
  let events = 0;
  for await (const proof of provedRanges(nodeFs, fd, size, { sha256: bulkSha256(), threads }))
    events += proof.events;
  return { events, ended: {}, open: 0 };
};

const SUBJECTS: readonly (readonly [string, (fd: number, size: number) => Promise<Folded>])[] = [
  ['chain check, 1 thread', (fd, size) => verifyOnly(fd, size, 0)],
  ['chain check, 2 threads', (fd, size) => verifyOnly(fd, size, THREADS)],
  ['fold and chain check, 2 threads', foldInThreads],
];

/** How fast this machine is at this moment: without it, a rate from a busy one says nothing. */
const hashMicroseconds = (): number => {
  const sha256 = bulkSha256();
  const bytes = Buffer.alloc(400, 'x');
  const { user } = process.cpuUsage();
  for (let i = 0; i < HASHES; i++) sha256(bytes);
  return process.cpuUsage().user - user;
};
const HASHES = 200_000;

/** One subject in a process of its own, so that the peak memory is its own too. */
const measure = async (log: string, subject: number): Promise<void> => {
  const [name, work] = SUBJECTS[subject] as (typeof SUBJECTS)[number];
  const hashUs = hashMicroseconds() / HASHES;
  const fd = openSync(log, 'r');
  const { size } = fstatSync(fd);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { events, ended, open } = await work(fd, size);
  const ms = performance.now() - started;
  closeSync(fd);
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (spentMs: number): string => `${Math.round((events / spentMs) * 1000)}`.padStart(9);
  const memory = `${Math.round(process.resourceUsage().maxRSS / 1024)} MB`.padStart(7);
  const runs = Object.keys(ended).length === 0 ? '' : `   ${JSON.stringify({ ...ended, open })}`;
  console.log(
    `${name.padEnd(34)}${perSecond(ms)} events/s,${perSecond((user + system) / 1000)} a CPU second,${memory}; SHA-256 of 400 bytes ${hashUs.toFixed(2)} µs${runs}`,
  );
  if (work !== foldInThreads) return;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  note(
    { what: name, value: (events / ms) * 1000, unit: 'events/s', target: 800_000, atLeast: true },
    { what: '  its peak memory', value: megabytes, unit: 'MB', target: 300 },
  );
};

const [given = String(DEFAULT_RUNS), subject] = process.argv.slice(2);
const logOf = (home: string): string => join(home, 'logs/events.jsonl');
if (subject !== undefined) await measure(given, Number(subject));
else {
  const scratch = mkdtempSync(join(tmpdir(), 'wf-fold-'));
  try {
    const home = existsSync(logOf(given)) ? resolve(given) : join(scratch, 'home');
    const own = (args: readonly string[]): void => {
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
      if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
    };
    if (!existsSync(logOf(home))) own([join(import.meta.dirname, 'make-history.ts'), home, given]);
    for (let round = 0; round < ROUNDS; round++)
      for (const i of SUBJECTS.keys()) own([import.meta.filename, logOf(home), String(i)]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
