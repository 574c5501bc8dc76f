// Bundles src/ into dist/*.cjs: the launcher, a small entry chunk, and a chunk for everything loaded on demand.
// Invariant: the result needs no package at run time, and a rebuild never leaves chunks of an earlier one behind.
// `--torture` makes dist-torture/ instead: the same program with its failpoints, for the torture alone.
import { hash } from 'node:crypto';
import { chmodSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { libraryFiles } from './build-library.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const torture = process.argv.includes('--torture');
const dist = join(root, torture ? 'dist-torture' : 'dist');
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const fail = (error) => {
  console.error(error.message);
  process.exit(1);
};

/** Modules by path; what they import statically comes along. */
const includes = (paths) => (id) => paths.some((path) => id === join(root, path));

/** An ownership that can be told to call a living process gone: safety must not depend on it. */
const lyingOwner = {
  name: 'lying-owner',
  resolveId: (source, importer) =>
    source.endsWith('/owner.ts') && !importer?.endsWith('/lying-owner.ts')
      ? join(root, 'test/torture/lying-owner.ts')
      : null,
};

// A call without an effect that nobody uses is left out, and then nothing imports the module any more.
const treeshake = torture ? true : { manualPureFunctions: ['failpoint'] };

const options = {
  platform: 'node',
  resolve: {
    alias: {
      // ulid's Node build imports node:crypto at its top, which costs every command 2 ms it need not pay.
      ulid: join(root, 'node_modules/ulid/dist/browser/index.js'),
      // Its UMD build requires its own files in a way that no bundler follows.
      'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js'),
    },
  },
  treeshake,
  plugins: torture ? [lyingOwner] : [],
  transform: { target: 'node24', define: { __WF_VERSION__: JSON.stringify(version) } },
};
const bundle = await rolldown({ cwd: root, input: { cli: 'src/cli.ts' }, ...options });
// CommonJS because `require` of a builtin or a chunk starts faster than an ESM import of it. Not minified: measured,
// it gains nothing at start-up, and a user's stack trace stays readable.
const { output } = await bundle
  .generate({
    dir: dist,
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    // Each file costs a start 0.2–0.3 ms to find and read. So what an answer from the log needs is one file, and what
    // work needs beyond it is a second one; everything else stays apart until its verb is called.
    codeSplitting: {
      groups: [
        {
          name: 'hot',
          priority: 2,
          test: includes(['src/cli.ts', 'src/commands/run.ts', 'src/engine/start-run.ts']),
        },
        {
          name: 'work',
          priority: 1,
          test: includes([
            'src/engine/begin-run.ts',
            'src/engine/follow.ts',
            'src/home/projector.ts',
            'src/effects/perform.ts',
            'src/effects/check-files.ts',
          ]),
        },
      ],
    },
    dynamicImportInCjs: false,
  })
  .catch(fail);
await bundle.close();

/** A chunk's exports as plain properties instead of getters: they stand at its end, when all have their values. */
const withPlainExports = (code) =>
  code.replaceAll(
    /^Object\.defineProperty\(exports, "([\w$]+)", \{\n\tenumerable: true,\n\tget: function\(\) \{\n\t\treturn ([\w$]+);\n\t\}\n\}\);$/gm,
    (getter, name, local) => {
      // What may change later has to be asked for each time.
      const isFixed = !new RegExp(`^let ${local.replaceAll('$', '\\$')}\\b`, 'm').test(code);
      return isFixed ? `exports.${name} = ${local};` : getter;
    },
  );

/** One character beyond Latin-1, and V8 keeps the whole file at two bytes a character: 1 ms more for the hot chunk. */
const inAscii = (code) =>
  code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What a thread runs, in a file of its own: the hot chunks are the launcher's, and no module can require them. */
const threadCode = async (input) => {
  const transform = { target: 'node24' };
  const thread = await rolldown({ cwd: root, input, platform: 'node', treeshake, transform });
  const { output: made } = await thread.generate({ format: 'cjs', codeSplitting: false }).catch(fail);
  await thread.close();
  return inAscii(made[0].code);
};

/** The bundler's few helpers are a file of their own to it; a copy in each chunk that uses them starts faster. */
const RUNTIME = 'rolldown-runtime.cjs';
const withRuntime = (code, runtime) =>
  code.replace(`require("./${RUNTIME}")`, () => `((exports) => {\n${runtime}\nreturn exports;\n})({})`);

const runtime = withPlainExports(output.find((file) => file.fileName === RUNTIME)?.code ?? '');
const files = new Map();
for (const file of output) {
  // The entry is only a way to the hot chunk, which takes its place: one file less to find and read.
  if (file.fileName === RUNTIME || file.fileName === 'cli.cjs') continue;
  const name = file.fileName === 'hot.cjs' ? 'cli.cjs' : file.fileName;
  const code =
    file.type === 'chunk'
      ? inAscii(withRuntime(withPlainExports(file.code), runtime)).replaceAll(
          'require("./hot.cjs")',
          'require("./cli.cjs")',
        )
      : file.source;
  if (code.includes(RUNTIME)) fail(new Error(`${name} needs ${RUNTIME}, which is left out`));
  files.set(name, code);
}
files.set('verify-worker.cjs', await threadCode('src/log/verify-worker.ts'));
files.set('rebuild-worker.cjs', await threadCode('src/home/rebuild-worker.ts'));
if (!files.get('cli.cjs')?.includes('\nexports.main = main;'))
  fail(new Error('the hot chunk does not export main'));
/**
 * A hot chunk as the launcher runs it: one function that answers what it exports. Nothing has to be put around it at
 * start, which would be a copy of the whole, and one object is made faster than 200 properties are added to another.
 */
const asFunction = (name) => {
  const code = files.get(name).trimEnd();
  const [exported = ''] = /(?:\nexports\.[\w$]+ = [\w$]+;)+$/.exec(code) ?? [];
  const properties = [...exported.matchAll(/exports\.([\w$]+) = ([\w$]+);/g)].map(
    ([, as, local]) => `${as}: ${local}`,
  );
  const body = code.slice(0, code.length - exported.length);
  if (/^(?:Object\.defineProperty\()?exports\b/m.test(body.replace(runtime, '')))
    fail(new Error(`${name} exports what may change later: src/launcher.cjs cannot take that`));
  return `(function (require) {${body}\nreturn { ${properties.join(', ')} };\n})\n`;
};
for (const name of ['cli.cjs', 'work.cjs']) files.set(name, asFunction(name));
// What V8 compiled is kept under this name: another content must never meet it.
const buildId = hash('sha256', [...files.values()].join('\0'), 'hex').slice(0, 16);
const launcher = readFileSync(join(root, 'src/launcher.cjs'), 'utf8')
  .replaceAll('__WF_VERSION__', version)
  .replaceAll('__WF_BUILD__', buildId)
  .replaceAll('__WF_NODE_NEEDED__', engines.node.replace(/^>=\s*/, ''));
files.set('wf.cjs', launcher);

// The packages inside the bundle are MIT and ISC: their notices have to travel with the copies.
const bundled = new Set(
  output
    .flatMap((file) => file.moduleIds ?? [])
    .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []),
);
const notices = [...bundled].sort().flatMap((folder) =>
  globSync('{license,licence,LICENSE,LICENCE}*', { cwd: folder })
    .slice(0, 1)
    .map(
      (file) =>
        `${folder.slice(folder.lastIndexOf('node_modules/') + 13)}\n\n${readFileSync(join(folder, file), 'utf8')}`,
    ),
);
files.set('THIRD-PARTY-LICENSES.txt', notices.join(`\n${'-'.repeat(80)}\n`));

if (!torture) {
  for (const [name, content] of await libraryFiles(root, options).catch(fail)) files.set(name, content);
  // A thread's code is looked for beside the code that starts it; without it a rebuild would wait for a silent thread.
  for (const name of [...files.keys()].filter((one) => /^[\w-]+-worker\.cjs$/.test(one)))
    files.set(`library/${name}`, `require('../${name}');\n`);
}

mkdirSync(join(dist, torture ? '' : 'library/library'), { recursive: true });
// The launcher comes last: until it is there, nobody takes the build for a whole one.
for (const [name, content] of files) writeFileSync(join(dist, name), content);
chmodSync(join(dist, 'wf.cjs'), 0o755);
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !files.has(relative(dist, file).replaceAll('\\', '/'))) rmSync(file);
}
