/**
 * `npm run bench:in-process`: durable runs of one process, without children: one at a time, and 64 at once. The engine
 * as the program puts it together, on a real home with real fdatasync; the work is a task by hand, so nothing is
 * started. Figures only. By hand: `node bench/in-process.ts [runs one at a time] [runs at once]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { note } from './figures.ts';
import { makeEmptyHome } from './history-pattern.ts';

const WORKFLOW = 'bench-by-hand';
const AT_ONCE = 64;
const [alone = 1_000, together = 6_400] = process.argv.slice(2).map(Number);

const fs = process.getBuiltinModule('node:fs');
/** Counted where the program finds them: before any of it is loaded. */
const counts = { fdatasync: 0, fsync: 0 };
const { fdatasyncSync, fsyncSync } = fs;
fs.fdatasyncSync = (fd) => {
  counts.fdatasync++;
  fdatasyncSync(fd);
};
fs.fsyncSync = (fd) => {
  counts.fsync++;
  fsyncSync(fd);
};

const { openWorkflowHome } = await import('../src/engine/open-home.ts');
const { startRun } = await import('../src/engine/start-run.ts');

const scratch = mkdtempSync(join(tmpdir(), 'wf-in-process-'));
const home = join(scratch, 'home');
const never = new AbortController().signal;

try {
  makeEmptyHome(home);
  const { ports, paths } = await openWorkflowHome({
    home,
    env: {},
    packageDir: resolve(import.meta.dirname, '..'),
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  let n = 0;
  const oneRun = async (): Promise<void> => {
    const answer = await startRun(ports, {
      workflowId: WORKFLOW,
      input: `task ${++n}`,
      force: false,
      detach: false,
    });
    if (answer.kind !== 'ended' || answer.run.status !== 'handed_off')
      throw new Error(`a run was ${answer.kind}, ${answer.run.status}`);
  };
  const measure = async (name: string, runs: number, atOnce: number, target: number): Promise<void> => {
    const before = { ...counts };
    const bytes = fs.statSync(paths.log).size;
    const cpu = process.cpuUsage();
    const started = performance.now();
    let left = runs;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) await oneRun();
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const perRun = (value: number): string => (value / runs).toFixed(3);
    console.log(
      `${name.padEnd(16)}${(runs / seconds).toFixed(0).padStart(6)} runs/s,` +
        `${(runs / ((user + system) / 1e6)).toFixed(0).padStart(6)} a CPU second; a run:` +
        ` ${perRun(counts.fdatasync - before.fdatasync)} syncs of the log, ${perRun(counts.fsync - before.fsync)} of files,` +
        ` ${perRun(fs.statSync(paths.log).size - bytes)} bytes of log`,
    );
    note(
      { what: `runs of one process, ${name}`, value: runs / seconds, unit: 'runs/s', target, atLeast: true },
      {
        what: `  syncs of the log a run, ${name}`,
        value: (counts.fdatasync - before.fdatasync) / runs,
        unit: 'syncs',
      },
    );
  };
  for (let i = 0; i < 20; i++) await oneRun();
  await measure('one at a time', alone, 1, 600);
  await measure(`${AT_ONCE} at once`, together, AT_ONCE, 3_000);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
