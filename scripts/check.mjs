// `npm run check`: types, lint, import rules and the tests that need no build, side by side.
// `npm test` (--all) adds the bundle's check and the tests of the built program.
// Invariant: its last line is `N passed, N failed` of all tests run, and it fails if anything did.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const all = process.argv.includes('--all');
const scratch = mkdtempSync(join(tmpdir(), 'wf-check-'));
const report = join(scratch, 'vitest.json');

/** Started through the `node` that runs this, so that an older one on PATH is never used. */
const bin = (name) => join(root, 'node_modules', name);
const quick = [
  ['types', bin('typescript/bin/tsc'), '-p', '.'],
  ['lint', bin('@biomejs/biome/bin/biome'), 'check', '.'],
  ['imports', 'scripts/check-imports.mjs'],
  ...(all ? [['bundle', 'scripts/check-bundle.mjs']] : []),
];
const tests = [bin('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json'];

// A release is worth five times the histories that a commit is.
const env = { ...(all ? { WF_PROPERTY_FACTOR: '5' } : {}), ...process.env };

// What a committed tree is worth must not change from one run to the next: its properties begin at a seed of its own.
const seed = all ? (env.WF_PROPERTY_SEED ?? seedOfTree()) : undefined;
if (seed !== undefined) {
  env.WF_PROPERTY_SEED = seed;
  console.log(`properties begin at WF_PROPERTY_SEED=${seed}`);
}

/** Of the content that is committed; undefined where something is not, or without git. */
function seedOfTree() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    if (git('status', '--porcelain') !== '') return undefined;
    return String(Number.parseInt(git('rev-parse', 'HEAD^{tree}').slice(0, 7), 16));
  } catch {
    return undefined;
  }
}

const run = (args, stdio) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio, env });
    const texts = ['', ''];
    for (const [i, stream] of [child.stdout, child.stderr].entries()) {
      stream?.on('data', (chunk) => {
        texts[i] += chunk;
      });
    }
    child.on('close', (code) => resolve({ ok: code === 0, text: texts.join('') }));
  });

// One after the other beside the tests: more at once than this only makes two cores slower.
const quickOnes = async () => {
  const failed = [];
  for (const [name, ...args] of quick) {
    const { ok, text } = await run(args, ['ignore', 'pipe', 'pipe']);
    if (!ok) failed.push({ name, text });
  }
  return failed;
};

const selection = all ? [] : ['--project=fast'];
const [failed, vitest] = await Promise.all([
  quickOnes(),
  run([...tests, `--outputFile.json=${report}`, ...selection], ['ignore', 'inherit', 'inherit']),
]);

for (const { name, text } of failed) console.error(`\n✗ ${name}\n${text.trimEnd()}`);
const passing = quick.map(([name]) => name).filter((name) => !failed.some((one) => one.name === name));
if (passing.length > 0) console.log(`✓ ${passing.join(', ')}`);

const counts = () => {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 1, testResults: [] };
  }
};
const { numPassedTests, numFailedTests, testResults } = counts();
// A file that broke before its first test has no failed test of its own; it must not look like success.
const brokenFiles = testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
rmSync(scratch, { recursive: true });

const ok = vitest.ok && failed.length === 0;
const failures =
  numFailedTests + brokenFiles.length + (!vitest.ok && numFailedTests + brokenFiles.length === 0 ? 1 : 0);
console.log(`${numPassedTests} passed, ${failures} failed`);
process.exitCode = ok ? 0 : 1;
