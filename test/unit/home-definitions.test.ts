/** Which definitions there are, and getting one of them ready to run: from real files. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ID_PATTERN } from '../../src/events/shared.ts';
import {
  definitionFromBody,
  type LoadedDefinition,
  listDefinitions,
  loadDefinition,
  MAX_DEFINITION_BYTES,
  WORKFLOW_ID_PATTERN,
} from '../../src/home/definitions.ts';

const sha256 = (input: string | Uint8Array): string => createHash('sha256').update(input).digest('hex');

type Files = Readonly<Record<string, string | Uint8Array>>;
type Places = { readonly home: string; readonly bundledDir: string };

function given(own: Files, bundled: Files = {}): Places {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'wf-definitions-'));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const home = path.join(root, 'home');
  const bundledDir = path.join(root, 'bundled');
  for (const [dir, files] of [
    [path.join(home, 'definitions'), own],
    [bundledDir, bundled],
  ] as const) {
    fs.mkdirSync(dir, { recursive: true });
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), content);
  }
  return { home, bundledDir };
}

const simple = (id: string, more: object = {}): string =>
  JSON.stringify({ id, execute: { command: '/bin/true' }, ...more });

const load = (places: Places, id: string, registered: readonly string[] = []): Promise<LoadedDefinition> =>
  loadDefinition({ ...places, id, sha256, isRegistered: (hash) => registered.includes(hash) });

it('the pattern that a cold run uses is the one of the event schemas', () => {
  expect(WORKFLOW_ID_PATTERN.source).toBe(ID_PATTERN.source);
});

describe('list', () => {
  it('the home’s definitions shadow the package’s; schema, hidden and other files are none', () => {
    const places = given(
      {
        'b.jsonc': simple('b'),
        'a.json': simple('a'),
        '.a.json.tmp': '',
        'notes.md': '',
        'my flow.json': '{}',
      },
      { 'a.json': simple('a'), 'c.json': simple('c'), 'workflow.schema.json': '{}' },
    );
    fs.mkdirSync(path.join(places.home, 'definitions', 'folder.json'));
    expect(listDefinitions(places).map(({ id, source }) => `${id} ${source}`)).toEqual([
      'a home',
      'b home',
      'c bundled',
    ]);
  });

  it('a home that does not exist yet has the package’s definitions', () => {
    const { bundledDir } = given({}, { 'a.json': simple('a') });
    expect(listDefinitions({ home: '/nonexistent/home', bundledDir }).map(({ id }) => id)).toEqual(['a']);
  });
});

describe('load', () => {
  it('gives the bytes, their hash and the definition with its defaults', async () => {
    const body = simple('a');
    const loaded = await load(given({ 'a.json': body }), 'a');
    expect(loaded).toMatchObject({ id: 'a', source: 'home', body, hash: sha256(body), warnings: [] });
    expect(loaded.definition.steps[0]).toMatchObject({
      id: 'main',
      command: '/bin/true',
      timeoutMs: 600_000,
    });
    expect(loaded.raw).toEqual({ id: 'a', execute: { command: '/bin/true' } });
  });

  it('reads comments and a BOM, and the hash stays that of the bytes', async () => {
    const body = `\uFEFF{\n  // why\n  "id": "a", "execute": { "command": "/bin/true" }\n}\n`;
    const loaded = await load(given({ 'a.jsonc': body }), 'a');
    expect(loaded.hash).toBe(sha256(Buffer.from(body)));
    expect(loaded.body).toBe(body);
    expect((await definitionFromBody(loaded.body)).id).toBe('a');
  });

  it('an unknown key in an old file is a warning, and the definition runs', async () => {
    const loaded = await load(given({ 'a.json': simple('a', { owner: 'me' }) }), 'a');
    expect(loaded.warnings).toMatchObject([{ severity: 'warning', path: ['owner'] }]);
  });

  it('a mistake is refused with its place, unless the log knows the file already', async () => {
    const body = simple('a', { defaults: { timeout: 10 } });
    const places = given({ 'a.json': body });
    await expect(load(places, 'a')).rejects.toMatchObject({ code: 'definition-invalid', exitCode: 2 });
    const checked = simple('a', { owner: 'me' });
    const known = given({ 'a.json': checked });
    expect((await load(known, 'a', [sha256(checked)])).warnings).toEqual([]);
  });

  it('broken JSON says line and column', async () => {
    const places = given({ 'a.json': '{\n  "id": "a"\n  "execute": {}\n}' });
    await expect(load(places, 'a')).rejects.toMatchObject({
      code: 'definition-syntax',
      where: expect.stringContaining('a.json:3:3'),
    });
  });

  it('bytes that are no UTF-8 are refused, a real U+FFFD is not', async () => {
    const broken = Buffer.concat([
      Buffer.from('{"id":"a","description":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    await expect(load(given({ 'a.json': broken }), 'a')).rejects.toMatchObject({
      code: 'definition-encoding',
    });
    const loaded = await load(given({ 'a.json': simple('a', { description: '\uFFFD' }) }), 'a');
    expect(loaded.definition.description).toBe('\uFFFD');
  });

  it('a copy under another name does not run as the workflow it was copied from', async () => {
    const body = simple('a');
    const places = given({ 'b.json': body });
    await expect(load(places, 'b')).rejects.toMatchObject({ exitCode: 2 });
    await expect(load(places, 'b', [sha256(body)])).rejects.toMatchObject({ code: 'definition-id-mismatch' });
  });

  it('something huge, or a file that is no file, is refused and not read', async () => {
    const huge = given({ 'a.json': Buffer.alloc(MAX_DEFINITION_BYTES + 1, 0x20) });
    await expect(load(huge, 'a')).rejects.toMatchObject({ code: 'definition-too-large', exitCode: 2 });
    const places = given({ 'x.json': simple('x') });
    fs.symlinkSync('/dev/null', path.join(places.home, 'definitions', 'a.json'));
    await expect(load(places, 'a')).rejects.toMatchObject({ code: 'definition-unreadable', exitCode: 74 });
  });
});

describe('a name that leads nowhere', () => {
  it('an unknown one names the known ones, nearest first', async () => {
    const places = given(
      { 'backup.json': simple('backup') },
      { 'autonomous-e2e.json': simple('autonomous-e2e') },
    );
    await expect(load(places, 'autonomus-e2e')).rejects.toMatchObject({
      code: 'workflow-unknown',
      exitCode: 3,
      message: expect.stringContaining('autonomous-e2e, backup'),
      hint: expect.stringContaining('wf definitions list'),
    });
    await expect(load(places, 'constructor')).rejects.toMatchObject({ code: 'workflow-unknown' });
    await expect(load(given({}), 'a')).rejects.toMatchObject({ code: 'workflow-unknown' });
  });

  it.each(['../a', 'a/b', '', '.a', '__proto__', 'a\0', 'x'.repeat(129)])(
    '%j is no id and is never looked for on the disk',
    async (id) => {
      await expect(load(given({ 'a.json': simple('a') }), id)).rejects.toMatchObject({
        code: 'workflow-id-invalid',
        exitCode: 2,
      });
    },
  );

  it('two files that differ only in case, or in their ending, are not guessed between', async () => {
    const ambiguous = { code: 'workflow-ambiguous', exitCode: 2 };
    const files = { 'A.json': simple('A'), 'a.json': simple('a'), 'b.json': simple('b') };
    await expect(load(given(files), 'a')).rejects.toMatchObject(ambiguous);
    await expect(load(given(files), 'b')).resolves.toMatchObject({ id: 'b' });
    const endings = given({ 'a.json': simple('a'), 'a.jsonc': simple('a') });
    await expect(load(endings, 'a')).rejects.toMatchObject(ambiguous);
    const shadowed = given({ 'A.json': simple('A') }, { 'a.json': simple('a') });
    await expect(load(shadowed, 'A')).rejects.toMatchObject(ambiguous);
  });
});
