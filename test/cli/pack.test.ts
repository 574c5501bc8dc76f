/** The packed file, installed in an empty folder: what somebody gets who has never seen this repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  expect(packed.filter((path) => /\.ts$|\.map$|^package\/(test|src|bench)\//.test(path))).toEqual([]);
});

test('no file of it names the machine it was built on', () => {
  const folder = join(app, 'node_modules/workflow-engine/dist');
  const naming = readdirSync(folder).filter((name) =>
    readFileSync(join(folder, name), 'utf8').includes(root),
  );
  expect(naming).toEqual([]);
});

test('the installed command runs the main job in a new home', () => {
  expect(wf('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const run = wf('run', 'autonomous-e2e', '--input', 'write a blog on BIM Automation in Autodesk');
  expect(run.status, run.stderr).toBe(0);
  expect(readdirSync(join(scratch, 'wf-home/outbox'))).toHaveLength(1);
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
