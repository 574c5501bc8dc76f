// vitest's global setup of the tests that start the built program: they never judge a bundle older than its source,
// neither the released one nor the one with failpoints.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modifiedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The sources of each bundle, beside those of both. */
const BUNDLES = [
  { folder: 'dist', args: [], more: [] },
  { folder: 'dist-torture', args: ['--torture'], more: ['test/torture/lying-owner.ts'] },
];

export const setup = () => {
  const scripts = ['build.mjs', 'build-library.mjs', 'library-types.ts'].map((name) => `scripts/${name}`);
  const sources = ['package.json', ...scripts, ...globSync('src/**/*.{ts,cjs}', { cwd: root })];
  for (const { folder, args, more } of BUNDLES) {
    const builtAt = modifiedAt(`${folder}/wf.cjs`);
    if ([...sources, ...more].every((path) => modifiedAt(path) <= builtAt)) continue;
    const build = spawnSync(process.execPath, ['scripts/build.mjs', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    if (build.status !== 0) throw new Error(`npm run build failed:\n${build.stderr}`);
  }
};
