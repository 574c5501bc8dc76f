/** A project that uses the package: TypeScript as strict as it gets, no types of its own but Node's. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './wf.ts';

/** The example of docs/LIBRARY.md, as it stands there. */
export function documentedExample(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/LIBRARY.md'), 'utf8')) ?? [];
  if (code === undefined) throw new Error('docs/LIBRARY.md has no example');
  return code;
}

/**
 * Compiles sources in `dir`, which has the package in its node_modules.
 * @returns what the compiler says; empty when all is well
 */
export function compile(dir: string, sources: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(dir, name), text);
  mkdirSync(join(dir, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    try {
      symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmitOnError: false,
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(sources) }));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', dir], {
      cwd: dir,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
