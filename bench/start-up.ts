/**
 * `npm run bench`: how long `wf` takes beside a Node that does nothing, as ratios that mean the same on any machine.
 * Figures only. Every command is measured in pairs with `node -e 0`, one after the other, so that a noisy minute
 * falls on both. The design aims at 1.2 (version), 1.6 (reused) and 2.0 (full run).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median } from './timing.ts';

const PAIRS = Number(process.env.BENCH_PAIRS ?? 20);
const WARM_UP = 4;

const launcher = resolve(import.meta.dirname, '../dist/wf.cjs');
if (!existsSync(launcher)) throw new Error('dist/wf.cjs is missing: run `npm run build` first');

const scratch = mkdtempSync(join(tmpdir(), 'wf-bench-'));
const home = join(scratch, 'workflows');
const env = { PATH: process.env.PATH, HOME: scratch, WF_HOME: home };
const definition = { id: 'bench', execute: { command: '/bin/true' } };
mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
writeFileSync(join(home, 'definitions/bench.json'), JSON.stringify(definition));

/** Milliseconds one process takes from spawn to exit; a failing one stops the bench: its time would mean nothing. */
const timeOf = (args: readonly string[], nodeArgs: readonly string[] = []): number => {
  const started = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, [...nodeArgs, ...args], { env, stdio: 'ignore' });
  const elapsedMs = Number(process.hrtime.bigint() - started) / 1e6;
  if (status !== 0) {
    const again = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    throw new Error(`${args.join(' ')} ended with ${status}\n${again.stdout}${again.stderr}`);
  }
  return elapsedMs;
};

let fresh = 0;
const run = (input: string): string[] => [launcher, 'run', 'bench', '--input', input];
const subjects: readonly { readonly name: string; readonly args: () => string[] }[] = [
  { name: 'wf --version', args: () => [launcher, '--version'] },
  { name: 'a reused run', args: () => run('write a note') },
  { name: 'a full run, /bin/true', args: () => run(`write note ${++fresh}`) },
];

const measure = (args: () => string[]): { bare: number[]; wf: number[] } => {
  const bare: number[] = [];
  const wf: number[] = [];
  for (let pair = -WARM_UP; pair < PAIRS; pair++) {
    const bareMs = timeOf(['-e', '0']);
    const wfMs = timeOf(args());
    if (pair < 0) continue;
    bare.push(bareMs);
    wf.push(wfMs);
  }
  return { bare, wf };
};

/** How often one command waits for the disk: the other half of a run's time, and not the same on every disk. */
const countSyncs = (args: readonly string[]): number => {
  const preload = join(scratch, 'count-syncs.cjs');
  const result = join(scratch, 'syncs');
  writeFileSync(
    preload,
    `const fs = require('fs'); let count = 0;
    for (const name of ['fsyncSync', 'fdatasyncSync', 'fsync', 'fdatasync']) {
      const real = fs[name]; fs[name] = (...args) => { count++; return real(...args); };
    }
    process.on('exit', () => fs.writeFileSync(${JSON.stringify(result)}, String(count)));`,
  );
  timeOf(args, ['-r', preload]);
  return Number(readFileSync(result, 'utf8'));
};

const column = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

try {
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} CPUs, ${PAIRS} pairs`,
  );
  console.log(`${''.padEnd(24)}   min ms   median  bare min   median  min/min  med/med`);
  for (const { name, args } of subjects) {
    const { bare, wf } = measure(args);
    const [wfMin, bareMin] = [Math.min(...wf), Math.min(...bare)];
    const [wfMedian, bareMedian] = [median(wf), median(bare)];
    const ratios = column(wfMin / bareMin, 2) + column(wfMedian / bareMedian, 2);
    const times = [wfMin, wfMedian, bareMin, bareMedian].map((ms) => column(ms, 1)).join('');
    console.log(`${name.padEnd(24)}${times}${ratios}`);
  }
  console.log(
    `file syncs of a full run in a warm home, SQLite's own not counted: ${countSyncs(run('sync count'))}`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
