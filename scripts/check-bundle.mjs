// Looks at what a start of `wf` loads before it does anything: the bundle's hot part stays small and lean.
// Invariant: every chunk statically reachable from the hot modules is counted; only `import()` ends the search.
// Usage: node scripts/check-bundle.mjs [dist folder]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CONFIG = {
  launcherLimitBytes: 9 * 1024,
  /** Source modules that a `wf run` always loads; what they import statically comes along by itself. */
  hotModules: ['src/cli.ts', 'src/commands/run.ts'],
  /** It has 278,900 bytes, which load in some 3 ms with the kept code; the limit is there to notice growth. */
  hotLimitBytes: 276 * 1024,
  /** Modules by path in the bundle, and builtins, that must be loaded on demand. */
  coldModules: [
    /node_modules\/zod\//,
    /node_modules\/commander\//,
    /node_modules\/ndjson\//,
    /node_modules\/jsonc-parser\//,
    // The decider: an answer from the log decides nothing.
    /src\/workflow\/(advance|decide)\.ts/,
  ],
  coldBuiltins: ['crypto', 'node:crypto'],
};

const dist = process.argv[2] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');

/** What rolldown's unminified output says about itself: `//#region <module>` and its `require` calls. */
const readChunk = (name) => {
  const code = readFileSync(join(dist, name), 'utf8');
  const eager = code.replaceAll(/\.then\(\(\) => [^;\n]*?\brequire\(["'`][^"'`]*["'`]\)/g, '');
  // What is indented stands in a function, and is loaded when that is called.
  const atTop = eager.replaceAll(/^\s.*$/gm, '');
  return {
    bytes: Buffer.byteLength(code),
    modules: [...code.matchAll(/^\/\/#region (.+)$/gm)].map((match) => match[1]),
    requires: [...eager.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)].map((match) => match[1]),
    builtins: [...atTop.matchAll(/\b(?:require|getBuiltinModule)\(["'`]([^"'`]+)["'`]\)/g)].map(
      (match) => match[1],
    ),
  };
};

const problems = [];
const names = (existsSync(dist) ? readdirSync(dist) : []).filter((name) => name.endsWith('.cjs'));
const chunks = new Map(names.map((name) => [name, readChunk(name)]));

const hot = new Set();
const enter = (name) => {
  if (hot.has(name)) return;
  hot.add(name);
  for (const required of chunks.get(name).requires) {
    if (required.startsWith('./')) enter(required.slice(2));
  }
};
for (const module of CONFIG.hotModules) {
  const home = names.find((name) => chunks.get(name).modules.includes(module));
  if (home === undefined) problems.push(`${module} is in no chunk of ${dist}: was it renamed? (hotModules)`);
  else enter(home);
}

let total = 0;
for (const name of hot) {
  const { bytes, modules, builtins } = chunks.get(name);
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${name}  ${modules.length} modules`);
  for (const module of modules) {
    if (CONFIG.coldModules.some((pattern) => pattern.test(module))) problems.push(`${name} brings ${module}`);
  }
  for (const builtin of builtins) {
    if (CONFIG.coldBuiltins.includes(builtin)) problems.push(`${name} loads ${builtin} at its start`);
  }
}
console.log(`${String(total).padStart(8)}  hot in all (limit ${CONFIG.hotLimitBytes})`);
if (total > CONFIG.hotLimitBytes)
  problems.push(`the hot part has ${total} bytes, more than ${CONFIG.hotLimitBytes}`);

const launcher = chunks.get('wf.cjs');
if (launcher === undefined) problems.push('wf.cjs is missing: run `npm run build`');
else if (launcher.bytes > CONFIG.launcherLimitBytes) {
  problems.push(`wf.cjs has ${launcher.bytes} bytes, more than ${CONFIG.launcherLimitBytes}`);
}

for (const problem of problems) console.error(`bundle: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
