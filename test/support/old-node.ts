/**
 * An older Node to start things with: a real one from PATH where there is one, else this one made to look older.
 * Invariant: what it answers is below the version the launcher asks for.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type OldNode = {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
};

const isTooOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major >= 12 && (major < 24 || (major === 24 && minor < 16));
};

/** `scratch` is a folder that outlives the use of the answer. */
export const findOldNode = (scratch: string): OldNode => {
  const folders = ['/usr/local/bin', ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders.filter((path) => path.startsWith('/') && !path.includes('node_modules'))) {
    const command = join(folder, 'node');
    const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
    if (isTooOld(version)) return { command, args: [], version };
  }
  const preload = join(scratch, 'pretend-old.cjs');
  writeFileSync(preload, "Object.defineProperty(process, 'version', { value: 'v20.0.0' });\n");
  return { command: process.execPath, args: ['-r', preload], version: 'v20.0.0' };
};
