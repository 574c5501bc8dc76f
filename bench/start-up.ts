/**
 * `npm run bench:start-up`: how long `wf` takes beside a Node that does nothing, as ratios that mean the same on any machine.
 * Figures only. Every command is measured in pairs with `node -e 0`, one after the other, so that a noisy minute
 * falls on both. Aims, as ratios of the smallest times: 1.1 (version), 1.2 (reused), 1.8 (full run).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { note } from './figures.ts';
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
const subjects: readonly { readonly name: string; readonly aim: number; readonly args: () => string[] }[] = [
  { name: 'wf --version', aim: 1.1, args: () => [launcher, '--version'] },
  { name: 'a reused run', aim: 1.2, args: () => run('write a note') },
  { name: 'a full run, /bin/true', aim: 1.8, args: () => run(`write note ${++fresh}`) },
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

type DiskUse = { readonly syncs: number; readonly writtenBytes: number | null; readonly logBytes: number };

/**
 * What one command asks of the disk: the other half of a run's time, and not the same on every disk. Syncs are those
 * of the program, SQLite's own not counted; written is all that went through `write`, SQLite's included, where the
 * system says it (Linux).
 */
const diskUse = (args: readonly string[]): DiskUse => {
  const preload = join(scratch, 'count-syncs.cjs');
  const result = join(scratch, 'disk-use.json');
  const log = join(home, 'logs/events.jsonl');
  writeFileSync(
    preload,
    `const fs = require('fs'); let syncs = 0;
    for (const name of ['fsyncSync', 'fdatasyncSync', 'fsync', 'fdatasync']) {
      const real = fs[name]; fs[name] = (...args) => { syncs++; return real(...args); };
    }
    process.on('exit', () => {
      let writtenBytes = null;
      try { writtenBytes = Number(/wchar: (\\d+)/.exec(fs.readFileSync('/proc/self/io', 'utf8'))[1]); } catch {}
      fs.writeFileSync(${JSON.stringify(result)}, JSON.stringify({ syncs, writtenBytes }));
    });`,
  );
  const before = statSync(log).size;
  timeOf(args, ['-r', preload]);
  return { ...JSON.parse(readFileSync(result, 'utf8')), logBytes: statSync(log).size - before };
};

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

const column = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

try {
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} CPUs, ${PAIRS} pairs`,
  );
  console.log(`${''.padEnd(24)}   min ms   median  bare min   median  min/min  med/med      aim`);
  for (const { name, aim, args } of subjects) {
    const { bare, wf } = measure(args);
    const [wfMin, bareMin] = [Math.min(...wf), Math.min(...bare)];
    const [wfMedian, bareMedian] = [median(wf), median(bare)];
    const ratios = column(wfMin / bareMin, 2) + column(wfMedian / bareMedian, 2) + column(aim, 1);
    const times = [wfMin, wfMedian, bareMin, bareMedian].map((ms) => column(ms, 1)).join('');
    console.log(`${name.padEnd(24)}${times}${ratios}`);
    note({ what: `${name} / node -e 0`, value: wfMin / bareMin, target: aim });
  }
  const { syncs, writtenBytes, logBytes } = diskUse(run('disk use'));
  note({ what: 'syncs of a full run, fresh process', value: syncs, unit: 'syncs' });
  note({ what: 'log of a full run, fresh process', value: logBytes / 1024, unit: 'KiB' });
  if (writtenBytes !== null) note({ what: 'written by it in all', value: writtenBytes / 1024, unit: 'KiB' });
  const written = writtenBytes === null ? 'not known here' : kib(writtenBytes);
  console.log(`a full run in a warm home: ${syncs} file syncs (SQLite's own not counted),`);
  console.log(`  ${written} written in all, ${kib(logBytes)} of them log`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
