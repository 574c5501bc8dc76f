/** What the file system alone takes for the files of a rebuild: the same names and bytes, written and nothing else. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECTED_DIRS } from '../src/projections/catalogue.ts';

/** Only the writing is timed, for the rebuild does not read files either. */
export const createAsManyFiles = (
  home: string,
  target: string,
): { readonly count: number; readonly ms: number } => {
  let count = 0;
  let ms = 0;
  for (const dir of PROJECTED_DIRS) {
    const names = namesIn(join(home, dir));
    mkdirSync(join(target, dir), { recursive: true });
    for (const name of names) {
      const bytes = readFileSync(join(home, dir, name));
      const started = performance.now();
      writeFileSync(join(target, dir, name), bytes, { mode: 0o600 });
      ms += performance.now() - started;
      count++;
    }
  }
  rmSync(target, { recursive: true, force: true });
  return { count, ms };
};

const namesIn = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir);
  } catch {
    // A history without tasks has no folder of them.
    return [];
  }
};
