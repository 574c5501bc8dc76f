// Enforces who may import whom, and what pure rooms may touch (ARCHITECTURE.md, "Rooms, and who may enter").
// Invariant: every import counts, type-only and dynamic ones too; what cannot be judged is reported, never passed.
// Usage: node scripts/check-imports.mjs [project root]
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';

const PURE = ['events', 'workflow', 'projections'];
const BELOW_ENGINE = [...PURE, 'log', 'home', 'effects'];

/**
 * Room -> the rooms it may import beside itself. `packages` limits what comes from npm (absent = any, and `node:*`
 * too), `packagesOnlyIn` the files that may have them: a schema costs 20 ms to load, so it stands alone.
 */
const ROOMS = {
  events: { rooms: [], packages: ['zod'] },
  workflow: { rooms: ['events'], packages: ['zod'], packagesOnlyIn: /(-schema|check-shape)\.ts$/ },
  projections: { rooms: ['events', 'workflow'], packages: [] },
  log: { rooms: PURE },
  // Both implement or use ports that log/event-store.ts declares (StreamIndex, BlobStore, Clock).
  home: { rooms: [...PURE, 'log'] },
  effects: { rooms: [...PURE, 'log', 'home'] },
  engine: { rooms: BELOW_ENGINE },
  commands: { rooms: [...BELOW_ENGINE, 'engine'] },
  // Behind index.ts: what commands print with --json is what the library gives.
  library: { rooms: [...BELOW_ENGINE, 'engine', 'commands'] },
};
/** Files directly in src/ that any room may import; pure rooms only the first. */
const SHARED_FILES = ['errors', 'version', 'failpoint'];
/** The only files outside commands/ that may import commands/. */
const ENTRIES = ['cli', 'index'];

/** Names whose use makes a pure room depend on time, chance, place or the machine. */
const IMPURE_GLOBALS = new Set([
  ...['process', 'globalThis', 'require', 'crypto', 'performance', 'fetch', 'console', 'Intl', 'Temporal'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);
const IMPURE_MEMBERS = new Map([
  ['Date.now', 'reads the clock'],
  ['Math.random', 'is random'],
]);

/** Calls `visit` with every syntax node under `node` and with its parent. */
const walk = (node, visit, parent = null) => {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit, parent);
  } else if (node !== null && typeof node === 'object') {
    if (typeof node.type === 'string') visit(node, parent);
    for (const [key, child] of Object.entries(node)) if (key !== 'parent') walk(child, visit, node);
  }
};

const isModuleReference = (node) =>
  node.type === 'ImportDeclaration' ||
  node.type === 'ExportNamedDeclaration' ||
  node.type === 'ExportAllDeclaration' ||
  node.type === 'ImportExpression' ||
  node.type === 'TSImportType';

/** Why `file` may not import `specifier`; null when it may. Paths are relative to src/, with `/`. */
const judgeImport = (file, specifier) => {
  const room = file.includes('/') ? file.slice(0, file.indexOf('/')) : null;
  const rules = room === null ? null : ROOMS[room];
  if (!specifier.startsWith('.')) {
    const packages = rules?.packages;
    if (packages === undefined) return null;
    if (!packages.includes(specifier)) {
      const but = packages.length === 0 ? '' : ` but ${packages.join(', ')}`;
      return `${room}/ is pure and imports no package or builtin${but}, so not ${specifier}`;
    }
    const where = rules.packagesOnlyIn;
    return where === undefined || where.test(file)
      ? null
      : `${room}/ imports ${specifier} only in files loaded on demand (${where.source})`;
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith('../')) return 'src/ imports nothing outside src/';
  if (!target.includes('/')) {
    if (room === null) return null;
    const name = target.replace(/\.ts$/, '');
    const allowed = PURE.includes(room) ? SHARED_FILES.slice(0, 1) : SHARED_FILES;
    return allowed.includes(name)
      ? null
      : `${room}/ may import only ${allowed.join(', ')} from the top of src/`;
  }
  const targetRoom = target.slice(0, target.indexOf('/'));
  if (room === null) {
    const name = file.replace(/\.ts$/, '');
    if (ENTRIES.includes(name)) return null;
    return `only ${ENTRIES.map((entry) => `${entry}.ts`).join(' and ')} at the top of src/ may import rooms`;
  }
  if (targetRoom === room || rules.rooms.includes(targetRoom)) return null;
  return `${room}/ may import ${rules.rooms.map((name) => `${name}/`).join(', ') || 'no other room'}, not ${targetRoom}/`;
};

const memberName = (node) =>
  node.computed
    ? node.property.type === 'Literal'
      ? String(node.property.value)
      : null
    : node.property.name;

/** A use of the name itself: not a property, a key, or a type of that name. */
const isReference = (node, parent) =>
  !(parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) &&
  !(parent?.type === 'Property' && parent.key === node && !parent.computed && !parent.shorthand) &&
  !(parent?.type === 'MethodDefinition' && parent.key === node) &&
  !parent?.type.startsWith('TS');

/** Why this syntax node has no place in a pure room; null when it has. */
const judgePurity = (node, parent) => {
  switch (node.type) {
    case 'AwaitExpression':
      return '`await`: pure rooms are synchronous';
    case 'ForOfStatement':
      return node.await ? '`for await`: pure rooms are synchronous' : null;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.async ? '`async`: pure rooms are synchronous' : null;
    case 'ImportExpression':
      return '`import()`: pure rooms are synchronous';
    case 'NewExpression':
      return node.callee.name === 'Date' && node.arguments.length === 0
        ? '`new Date()` reads the clock'
        : null;
    case 'CallExpression':
      return node.callee.name === 'Date' ? '`Date()` reads the clock' : null;
    case 'MemberExpression': {
      const name = memberName(node);
      if (name === null) return null;
      const path = `${node.object.name}.${name}`;
      const why = IMPURE_MEMBERS.get(path);
      if (why !== undefined) return `\`${path}\` ${why}`;
      if (name === 'localeCompare' || name.startsWith('toLocale')) return `\`${name}\` depends on the locale`;
      return name === 'getBuiltinModule' ? '`getBuiltinModule` reaches the machine' : null;
    }
    case 'Identifier':
      return IMPURE_GLOBALS.has(node.name) && isReference(node, parent)
        ? `\`${node.name}\` reaches the machine, the clock, chance or the locale`
        : null;
    default:
      return null;
  }
};

/** All violations in one file, as `{line, rule}`. */
const checkFile = (file, source) => {
  const found = [];
  const report = (node, rule) => found.push({ line: source.slice(0, node.start).split('\n').length, rule });
  const room = file.includes('/') ? file.slice(0, file.indexOf('/')) : null;
  if (room !== null && ROOMS[room] === undefined) {
    return [
      {
        line: 1,
        rule: `src/${room}/ is not a room: name it in scripts/check-imports.mjs and ARCHITECTURE.md`,
      },
    ];
  }
  walk(parseAst(source, { lang: 'ts' }).body, (node, parent) => {
    if (isModuleReference(node) && node.source) {
      const why =
        node.source.type === 'Literal'
          ? judgeImport(file, node.source.value)
          : 'an import whose path is computed cannot be checked';
      if (why !== null) report(node, why);
    }
    if (PURE.includes(room)) {
      const why = judgePurity(node, parent);
      if (why !== null) report(node, why);
    }
  });
  return found;
};

const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const files = globSync('src/**/*.ts', { cwd: root }).sort();
let violations = 0;
for (const path of files) {
  const relative = path.replaceAll('\\', '/').slice('src/'.length);
  for (const { line, rule } of checkFile(relative, readFileSync(join(root, path), 'utf8'))) {
    console.error(`${path}:${line}: ${rule}`);
    violations++;
  }
}
if (files.length === 0) console.error(`no TypeScript file under ${join(root, 'src')}: nothing was checked`);
else if (violations === 0) console.log(`imports: ${files.length} files keep to their rooms`);
process.exitCode = violations > 0 || files.length === 0 ? 1 : 0;
