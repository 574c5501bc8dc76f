// The library's part of the build: src/index.ts as ES modules, and its declarations without any package in them.
// Invariant: nothing of it is loaded by `wf`, and nothing that `wf` starts with is changed by it.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { rolldown } from 'rolldown';

/** @returns content by path in `dist/` */
export async function libraryFiles(root, options) {
  return new Map([...(await modules(root, options)), ...(await declarations(root))]);
}

async function modules(root, options) {
  const bundle = await rolldown({
    cwd: root,
    input: { index: 'src/index.ts' },
    // What the command line loads later is here at once: a library is opened once, not with every answer.
    checks: { ineffectiveDynamicImport: false },
    ...options,
  });
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  });
  await bundle.close();
  return output.map((file) => [`library/${file.fileName}`, file.type === 'chunk' ? file.code : file.source]);
}

/**
 * The compiler's declarations of all that index.ts names. The shapes, which it would give as types of zod, are
 * written out in their place.
 */
async function declarations(root) {
  const out = mkdtempSync(join(root, 'node_modules/.types-'));
  try {
    const config = join(out, 'tsconfig.json');
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          noEmit: false,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: join(root, 'src'),
          outDir: out,
        },
        include: [],
        files: [join(root, 'src/index.ts'), join(root, 'src/globals.d.ts')],
      }),
    );
    const compiled = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', config],
      {
        encoding: 'utf8',
      },
    );
    if (compiled.status !== 0)
      throw new Error(
        `the declarations of the library: ${compiled.signal ?? `exit ${compiled.status}`}\n${compiled.stdout}${compiled.stderr}`,
      );
    const { shapeDeclarations } = await import('./library-types.ts');
    const made = new Map(
      globSync('**/*.d.ts', { cwd: out }).map((path) => [
        path.replaceAll('\\', '/'),
        readFileSync(join(out, path), 'utf8'),
      ]),
    );
    made.set('library/shapes.d.ts', shapeDeclarations());
    return reachable(made, 'index.d.ts');
  } finally {
    rmSync(out, { recursive: true });
  }
}

const REFERENCE = /^((?:import|export)\b[^;'"]* from |(?:import|export)\b.*\bimport\()(['"])([^'"]+)\2/gm;

/** What a declaration names, and so on; a package among it would be missing where the library is used. */
function reachable(made, entry) {
  const files = new Map();
  const enter = (path) => {
    if (files.has(path)) return;
    const text = made.get(path);
    if (text === undefined) throw new Error(`the library's declarations name ${path}, which is not there`);
    files.set(path, '');
    const named = text.replaceAll(REFERENCE, (_all, before, quote, name) => {
      if (!name.startsWith('.')) throw new Error(`${path} names the package ${name}: type it without`);
      enter(posix.join(dirname(path), name.replace(/\.ts$/, '.d.ts')));
      return `${before}${quote}${name.replace(/\.ts$/, '.js')}${quote}`;
    });
    files.set(path, named);
  };
  enter(entry);
  // Beside the modules: index.js has its declarations in index.d.ts.
  return [...files].map(([path, text]) => [`library/${path}`, text]);
}
