/** The packed file, installed in an empty folder: what somebody gets who has never seen this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, documentedExample } from '../support/library-consumer.ts';
import { findOldNode } from '../support/old-node.ts';

const root = resolve(import.meta.dirname, '../..');
let scratch: string;
let app: string;
let packed: readonly string[];

/** Nothing of the surrounding npm run but PATH, with this Node first. */
const env = (): NodeJS.ProcessEnv => ({
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  HOME: join(scratch, 'home'),
  WF_HOME: join(scratch, 'wf-home'),
});
/** A folder of its own that finds the installed package above it. */
const consumer = (): string => mkdtempSync(join(app, 'consumer-'));
const WRONG = `import { defineWorkflow, openEngine } from 'workflow-engine';
const engine = await openEngine();
const digest = defineWorkflow({ id: 'd', input: { fields: { topic: { type: 'string', required: true } } } });
await engine.run(digest, { input: { task: 'x', topic: 'y' } });
await engine.run(digest, { input: { task: 'x' } }); // wrong: the topic is missing
await engine.run(digest, { input: { task: 'x', topic: 7 } }); // wrong: no text
await engine.run(digest, { input: 'x' }); // wrong: the topic is missing
await engine.run('d', { input: 'x' });
await engine.run('d', {}); // wrong: no input
defineWorkflow({ id: 'e', excute: {} }); // wrong: mistyped
defineWorkflow({ id: 'e', execute: { steps: [{ id: 'a', dispatcher: 'manual', tiemout: '1m' }] } }); // wrong: mistyped
defineWorkflow({ id: 'e', execute: { dispatcher: 'http', url: 'https://x.org', body: { a: [1, { b: 'c' }] } }, plan: { r: ['x'] } });
defineWorkflow({ id: 'e', execute: { dispatcher: 'magic' } }); // wrong: no such dispatcher
await engine.approve('A-x', { by: 'kim' }); // wrong: an answer to what?
for await (const event of engine.events()) {
  if (event.type === 'RunCompleted') console.log(event.data.outcome, event.seq.toFixed());
  if (event.type === 'RunCompleted') console.log(event.data.stage); // wrong: it has none
}
`;
const wf = (...args: string[]) =>
  spawnSync(join(app, 'node_modules/.bin/wf'), args, { cwd: app, env: env(), encoding: 'utf8' });

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'wf-pack-'));
  app = join(scratch, 'app');
  for (const folder of [app, join(scratch, 'home')]) mkdirSync(folder);
  // The scripts are left out because `prepare` would rebuild the dist/ that other tests are starting just now.
  const answer = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch], {
    cwd: root,
    env: env(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [file] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new Error(`npm pack left no file: ${answer}`);
  packed = execFileSync('tar', ['-tzf', join(scratch, file)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  // Offline, because a package that brings all it needs has nothing to ask a registry for.
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', join(scratch, file)], {
    cwd: app,
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
});
afterAll(() => rmSync(scratch, { recursive: true }));

test('the installed package is alone: it brings no other package with it', () => {
  const names = readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'));
  expect(names).toEqual(['workflow-engine']);
});

test('everything the program reads is in the file, and nothing of the workshop', () => {
  for (const path of [
    'dist/wf.cjs',
    'dist/THIRD-PARTY-LICENSES.txt',
    'dist/library/index.js',
    'dist/library/index.d.ts',
    'LICENSE',
    'definitions/autonomous-e2e.json',
    'definitions/templates/nightly-backup.jsonc',
    'definitions/workflow.schema.json',
    'scripts/workflow_engine.mjs',
    'scripts/workflow_feedback_loop.mjs',
    'scripts/start-node.mjs',
  ]) {
    expect(packed).toContain(`package/${path}`);
  }
  expect(packed.filter((path) => /(?<!\.d)\.ts$|\.map$|^package\/(test|src|bench)\//.test(path))).toEqual([]);
});

test('each thread that the program starts can be started by the library too', () => {
  const threads = packed.filter((path) => /^package\/dist\/[\w-]+-worker\.cjs$/.test(path));
  expect(threads.length).toBeGreaterThan(0);
  for (const path of threads) expect(packed).toContain(path.replace('/dist/', '/dist/library/'));
});

test('no file of it names the machine it was built on', () => {
  const folder = join(app, 'node_modules/workflow-engine/dist');
  const naming = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, 'utf8').includes(root));
  expect(naming).toEqual([]);
});

test('the installed command runs the main job in a new home', () => {
  expect(wf('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const run = wf('run', 'autonomous-e2e', '--input', 'write a blog on BIM Automation in Autodesk');
  expect(run.status, run.stderr).toBe(0);
  expect(readdirSync(join(scratch, 'wf-home/outbox'))).toHaveLength(1);
});

test('the example of docs/LIBRARY.md compiles as strictly as it gets, runs, and ends by itself', () => {
  const dir = consumer();
  expect(compile(dir, { 'example.mts': documentedExample() })).toBe('');
  const ran = spawnSync(process.execPath, ['example.mjs'], {
    cwd: dir,
    env: env(),
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
  const lines = ran.stdout.split('\n').filter((line) => !line.endsWith(' is through'));
  expect(lines).toEqual(['waiting approval', 'A digest of 2 pages on BIM', 'completed done', '']);
  expect(ran.stdout).toContain('verify is through\n');
});

test('types keep a caller from what would be refused', () => {
  const complaints = compile(consumer(), { 'wrong.mts': WRONG }).split('\n');
  const lines = complaints.flatMap((line) => /^wrong\.mts\((\d+),/.exec(line)?.[1] ?? []);
  const wanted = WRONG.split('\n').flatMap((line, i) => (line.includes('// wrong') ? [String(i + 1)] : []));
  expect(wanted.length).toBeGreaterThan(5);
  expect([...new Set(lines)]).toEqual(wanted);
});

test('plain JavaScript imports it from any folder, and the command line of the same home knows its runs', () => {
  const code = `import { openEngine } from 'workflow-engine';
    const engine = await openEngine();
    const { run } = await engine.run('autonomous-e2e', { input: 'write a blog on windows' });
    console.log(run.runId);
    await engine.close();`;
  const dir = consumer();
  writeFileSync(join(dir, 'plain.mjs'), code);
  const ran = spawnSync(process.execPath, ['plain.mjs'], {
    cwd: dir,
    env: env(),
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect(ran.stderr).toBe('');
  const shown = wf('show', ran.stdout.trim(), '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ run: { status: 'handed_off' } });
});

test('an older Node is refused in one line', () => {
  const old = findOldNode(scratch);
  const launcher = join(app, 'node_modules/workflow-engine/dist/wf.cjs');
  const { status, stdout, stderr } = spawnSync(
    old.command,
    [...old.args, launcher, 'run', 'autonomous-e2e'],
    {
      cwd: app,
      env: env(),
      encoding: 'utf8',
    },
  );
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^wf needs Node >= [^\n]*\n$/);
  expect(existsSync(join(app, 'node_modules/node'))).toBe(false);
});
