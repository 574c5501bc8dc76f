/**
 * Whatever a definition, an id or a template says, and whatever links stand in the way: nothing is written but below
 * outbox/, artifacts/ and the folders that config allows. Real folders, real links; the whole tree is compared.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { WfError } from '../../src/errors.ts';
import { fileSink } from '../../src/home/file-sink.ts';
import { writablePath } from '../../src/home/writable-path.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { checkPaths } from '../../src/workflow/check-paths.ts';
import { expand } from '../../src/workflow/template.ts';

const runs = { numRuns: 200 };
let top = '';
beforeAll(() => {
  top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'wf-security-')));
});
afterAll(() => fs.rmSync(top, { recursive: true, force: true }));

const KEPT = ['logs', 'state', 'blobs', 'definitions', 'tasks', 'run', 'config.json'];
const WRITTEN = 'written by the engine';

/** A home with everything in it that must not change, and links of every kind in the folders that may be written. */
function build(dir: string): string {
  const home = path.join(dir, 'home');
  for (const name of [
    'outbox/deep',
    'artifacts/run-1',
    'logs',
    'state/runs',
    'blobs',
    'definitions',
    'run',
  ]) {
    fs.mkdirSync(path.join(home, name), { recursive: true });
  }
  for (const name of ['home/logs/events.jsonl', 'home/config.json', 'home/definitions/x.json', 'secret']) {
    fs.writeFileSync(path.join(dir, name), 'kept');
  }
  for (const name of ['outside', 'site', 'site-2']) fs.mkdirSync(path.join(dir, name));
  fs.writeFileSync(path.join(dir, 'outside/file.md'), 'kept');
  const links = [
    ['outbox/out', '../../outside'],
    ['outbox/file.md', '../../outside/file.md'],
    ['outbox/nowhere.md', '../../outside/new.md'],
    ['outbox/loop', 'loop'],
    ['artifacts/logs', '../logs'],
    ['artifacts/up', '../..'],
    ['artifacts/in', '../outbox'],
  ] as const;
  for (const [name, target] of links) fs.symlinkSync(target, path.join(home, name));
  fs.symlinkSync('../home/state', path.join(dir, 'site/state'));
  fs.symlinkSync('../outside', path.join(dir, 'site/out'));
  fs.symlinkSync('home', path.join(dir, 'home-link'));
  return home;
}

/** Everything below a folder, links named and not followed (a recursive readdir follows them). */
function treeOf(dir: string, tree = new Map<string, string>()): Map<string, string> {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    if (entry.isSymbolicLink()) tree.set(file, `-> ${fs.readlinkSync(file)}`);
    else tree.set(file, entry.isFile() ? fs.readFileSync(file, 'utf8') : 'folder');
    if (entry.isDirectory()) treeOf(file, tree);
  }
  return tree;
}

type Standing = { readonly dir: string; readonly home: string; readonly before: Map<string, string> };
/** Used again until something in it was written. */
let standing: Standing | undefined;
function fresh(): Standing {
  const dir = fs.mkdtempSync(path.join(top, 'd-'));
  const home = build(dir);
  return { dir, home, before: treeOf(dir) };
}

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('..', 'outbox', 'artifacts', 'home', 'site', 'run-1', 'deep') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('out', 'file.md', 'nowhere.md', 'loop', 'logs', 'up', 'in', 'state'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'LOGS',
      'Config.JSON',
      'config.json',
      'definitions',
      'blobs',
      'secret',
      'home-link',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('.', '', ' ', 'a b.md', '\u0000', '...', '%2e%2e', '~', '-rf', 'ı'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }).map((s) => s.replaceAll('/', '_')) },
  { weight: 1, arbitrary: fc.constant('n'.repeat(300)) },
);
const relative = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
const wantedIn = fc.tuple(
  fc.constantFrom('', 'TOP/', 'HOME/', 'HOME/outbox/', 'HOME/artifacts/', 'LINK/outbox/'),
  relative,
);
const rootsIn = fc.subarray(['TOP/site', 'TOP', 'HOME', 'TOP/home-link', 'TOP/site/out', 'TOP/nowhere']);

const place = (dir: string, text: string): string =>
  text
    .replace(/^HOME/, path.join(dir, 'home'))
    .replace(/^LINK/, path.join(dir, 'home-link'))
    .replace(/^TOP/, dir);

describe('the copy of a summary', () => {
  test.prop([wantedIn, rootsIn, fc.boolean()], runs)(
    'never lands outside of the folders that are allowed, nor over what the engine keeps',
    ([base, rest], rootsGiven, byLink) => {
      standing ??= fresh();
      const { dir, home, before } = standing;
      const roots = rootsGiven.map((root) => place(dir, root));
      const sink = fileSink({
        fs: nodeFs,
        home: byLink ? path.join(dir, 'home-link') : home,
        allowedRoots: roots,
        place: (name) => path.join(byLink ? path.join(dir, 'home-link') : home, name),
        onRefused: () => undefined,
      });
      try {
        sink.copy(place(dir, base + rest), WRITTEN);
      } catch (error) {
        expect(error).toBeInstanceOf(WfError);
        expect((error as WfError).exitCode).not.toBe(1);
      }
      const after = treeOf(dir);
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (file) => before.get(file) !== after.get(file),
      );
      const allowed = [
        path.join(home, 'outbox'),
        path.join(home, 'artifacts'),
        ...roots.map((root) => (fs.existsSync(root) ? fs.realpathSync(root) : root)),
      ];
      for (const file of changed) {
        expect(
          allowed.some((root) => `${file}/`.startsWith(`${root}/`)),
          file,
        ).toBe(true);
        const inHome = path.relative(home, file).split('/')[0] ?? '';
        expect(KEPT.includes(inHome.toLowerCase()), file).toBe(false);
      }
      for (const name of ['home', 'home-link']) expect(changed).not.toContain(path.join(dir, name));
      for (const file of ['outside/file.md', 'secret']) {
        if (!roots.some((root) => root === dir || root.endsWith('/out')))
          expect(changed).not.toContain(path.join(dir, file));
      }
      if (changed.length > 0) standing = undefined;
    },
  );

  test('is not written through a link that somebody planted under the name of its temporary file', () => {
    const dir = fs.mkdtempSync(path.join(top, 'd-'));
    const home = build(dir);
    const site = path.join(dir, 'site');
    fs.symlinkSync(path.join(dir, 'secret'), path.join(site, `.post.md.${process.pid}.tmp`));
    fileSink({
      fs: nodeFs,
      home,
      allowedRoots: [site],
      place: (name) => path.join(home, name),
      onRefused: () => undefined,
    }).copy(path.join(site, 'post.md'), WRITTEN);
    expect(fs.readFileSync(path.join(dir, 'secret'), 'utf8')).toBe('kept');
    expect(fs.readFileSync(path.join(site, 'post.md'), 'utf8')).toBe(WRITTEN);
    expect(fs.lstatSync(path.join(site, 'post.md')).isSymbolicLink()).toBe(false);
  });

  test.prop([relative, fc.string({ unit: 'binary' })], { numRuns: 200 })(
    'goes nowhere else because of what the task says: its values are put into an allowed folder or refused',
    (rest, task) => {
      const home = path.join(top, 'never');
      const wanted = expand(
        `{{home}}/outbox/{{input.name}}-{{runId}}${rest}`,
        new Map([
          ['home', home],
          ['input.name', task],
          ['runId', 'r'],
        ]),
      );
      const target = writablePath(home, [], wanted);
      if (target !== null)
        expect(/^\/(?:outbox|artifacts)\/./s.test(target.slice(home.length)), target).toBe(true);
    },
  );
});

test.prop(
  [
    fc.oneof(
      fc.string({ unit: 'binary' }),
      wantedIn.map((parts) => parts.join('')),
      fc.jsonValue(),
    ),
  ],
  runs,
)('any summaryFile or requiredFiles of a definition gets findings, never a crash', (value) => {
  const findings = checkPaths({
    id: 'x',
    deliver: { summaryFile: value },
    verify: { requiredFiles: [value] },
  });
  expect(findings.every(({ message }) => message !== '')).toBe(true);
});
