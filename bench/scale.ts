/**
 * `npm run bench:scale -- [runs …]`: what a command costs on a long history beside what it costs on an empty home.
 * Figures only. All homes are made first, and what takes its time with all of a history is measured on the way; then
 * every command goes round all homes, again and again, so that a noisy minute falls on all alike. BENCH_DIR names a
 * folder where homes are kept for the next time.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createAsManyFiles } from './create-files.ts';
import { note } from './figures.ts';
import { makeEmptyHome, WORKFLOW } from './history-pattern.ts';
import { median, timeNode } from './timing.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 20);
const USAGE_ROUNDS = 5;
const WARM_UP = 3;
const given = process.argv.slice(2).map(Number);
const sizes = [0, ...(given.length > 0 ? given : [1_000, 20_000, 100_000])];

const root = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'wf-scale-'));
const homesDir = process.env.BENCH_DIR ?? join(scratch, 'homes');
const launcher = join(scratch, 'dist/wf.cjs');
const usageFile = join(scratch, 'usage.json');
const preload = join(scratch, 'usage.cjs');

type Home = { readonly runs: number; readonly dir: string };
type Measured = {
  readonly ms: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly stdout: string;
};
type Subject = {
  readonly name: string;
  readonly args: () => readonly string[];
  /** Of the wall time beside an empty home, and of CPU and memory where there is a second one. */
  readonly targets: readonly number[];
};

const env = (home: string): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, HOME: scratch, WF_HOME: home });

const timed = (home: Home, args: readonly string[]): number =>
  timeNode([launcher, ...args], env(home.dir)).ms;

/** CPU and peak memory as the process itself sees them at its exit; the preload makes it a little slower. */
const measured = (home: Home, args: readonly string[]): Measured => {
  const result = timeNode(['-r', preload, launcher, ...args], env(home.dir));
  return { ...result, ...(JSON.parse(readFileSync(usageFile, 'utf8')) as { cpuMs: number; rssMb: number }) };
};

const writePreload = (): void =>
  writeFileSync(
    preload,
    `process.on('exit', () => {
      const { user, system } = process.cpuUsage();
      const usage = { cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 };
      require('fs').writeFileSync(${JSON.stringify(usageFile)}, JSON.stringify(usage));
    });`,
  );

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What reads all of the history, or makes all of its files: the home is a log and nothing else until here. */
const measureBulk = (home: Home): void => {
  const verify = measured(home, ['log', 'verify']);
  const events = Number(/(\d+) events/.exec(verify.stdout)?.[1]);
  const rebuild = measured(home, ['rebuild-projections']);
  const files = createAsManyFiles(home.dir, join(scratch, 'files'));
  const figures = (taken: Measured): string =>
    `${seconds(taken.ms)} (CPU ${seconds(taken.cpuMs)}), ${Math.round((events / taken.ms) * 1000)} events/s, ` +
    `${taken.rssMb.toFixed(0)} MB`;
  console.log(`  verify   ${events} events in ${figures(verify)}`);
  console.log(`  rebuild  ${figures(rebuild)}`);
  console.log(
    `  ${files.count} files, just written: ${seconds(files.ms)}; rebuild / that: ${(rebuild.ms / files.ms).toFixed(2)}`,
  );
  note({
    what: `a rebuild of ${events} events / creating its files`,
    value: rebuild.ms / files.ms,
    target: 2,
  });
};

/** In a process of its own: memory it leaves behind would make every later spawn of ours slower. */
const makeHome = (runs: number): Home => {
  const home = { runs, dir: join(homesDir, `h${runs}`) };
  if (existsSync(home.dir)) return home;
  if (runs === 0) makeEmptyHome(home.dir);
  else {
    const maker = join(import.meta.dirname, 'make-history.ts');
    const { ms } = timeNode([maker, home.dir, String(runs), launcher], env(home.dir));
    console.log(`${runs} runs, made in ${seconds(ms)}`);
    measureBulk(home);
  }
  return home;
};

let fresh = 0;
const run = (input: string): readonly string[] => ['run', WORKFLOW, '--input', input];
const subjects: readonly Subject[] = [
  {
    name: 'a full run, /bin/true',
    args: () => run(`scale ${++fresh} of ${process.pid}`),
    targets: [1.1, 1.1],
  },
  { name: 'a reused run', args: () => run('scale again'), targets: [] },
  { name: 'wf runs', args: () => ['runs'], targets: [1.3] },
  { name: 'wf show last', args: () => ['show', 'last'], targets: [1.3] },
];

const column = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

/** Every home in turn, so that all see the same weather; the first of them is the empty one. */
const measureCommand = ({ name, args, targets }: Subject, homes: readonly Home[]): void => {
  const times = homes.map((): number[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [i, home] of homes.entries()) {
      const ms = timed(home, args());
      if (round >= 0) times[i]?.push(ms);
    }
  }
  const usage = homes.map((): Measured[] => []);
  for (let round = 0; round < USAGE_ROUNDS; round++)
    for (const [i, home] of homes.entries()) usage[i]?.push(measured(home, args()));
  const rows = homes.map((home, i) => ({
    runs: home.runs,
    min: Math.min(...(times[i] ?? [])),
    median: median(times[i] ?? []),
    cpu: median((usage[i] ?? []).map(({ cpuMs }) => cpuMs)),
    rss: median((usage[i] ?? []).map(({ rssMb }) => rssMb)),
  }));
  const [empty] = rows;
  if (empty === undefined) return;
  console.log(name);
  for (const row of rows) {
    const figures = [column(row.min, 1), column(row.median, 1), column(row.cpu, 1), column(row.rss, 1)];
    const keys = ['min', 'median', 'cpu', 'rss'] as const;
    const ratios = keys.map((key) => column(row[key] / empty[key], 2));
    console.log(`  ${String(row.runs).padStart(9)} runs${[...figures, ...ratios].join('')}`);
    const [whole] = targets;
    if (row === empty || whole === undefined) continue;
    const what = `${name}, ${row.runs} runs / empty: `;
    note({ what: `${what}wall`, value: row.min / empty.min, target: whole });
    if (targets.length === 1) continue;
    note({ what: `${what}CPU`, value: row.cpu / empty.cpu, target: whole });
    note({ what: `${what}peak memory`, value: row.rss / empty.rss, target: whole });
  }
};

try {
  if (!existsSync(join(root, 'dist/wf.cjs')))
    throw new Error('dist/wf.cjs is missing: run `npm run build` first');
  // A copy: somebody's build in the meantime must not change what is measured.
  for (const name of ['dist', 'definitions', 'package.json'])
    cpSync(join(root, name), join(scratch, name), { recursive: true });
  writePreload();
  mkdirSync(homesDir, { recursive: true });
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} CPUs, ${ROUNDS} rounds`,
  );
  const homes = sizes.map(makeHome);
  const heads = ['min ms', 'median', 'CPU ms', 'MB', 'min', 'median', 'CPU', 'MB'];
  console.log(
    `${''.padEnd(16)}${heads.map((head) => head.padStart(9)).join('')}   (the last four: to empty)`,
  );
  for (const subject of subjects) measureCommand(subject, homes);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
