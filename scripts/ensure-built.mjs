// vitest's global setup of the tests that start the built program: they never judge a bundle older than its source.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modifiedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

export const setup = () => {
  const sources = ['package.json', 'scripts/build.mjs', ...globSync('src/**/*.{ts,cjs}', { cwd: root })];
  if (sources.every((path) => modifiedAt(path) <= modifiedAt('dist/wf.cjs'))) return;
  const build = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`npm run build failed:\n${build.stderr}`);
};
