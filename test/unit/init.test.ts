/** `wf init` over a package folder made by the test: what is copied, what is refused, what is told. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/commands/init.ts';
import type { Invocation } from '../../src/commands/verb.ts';
import { homePaths } from '../../src/home/paths.ts';
import { openServerMark } from '../../src/home/server-mark.ts';

const TEXT = `{
  "$schema": "./workflow.schema.json",     // an editor helps
  "id": "backup", /* its name */
  "description": "Copy things.",
  "autoConfigure": { "enabled": true, "allowlist": ["rsync"], "toolCommands": { "rsync": { "command": "/no/such/rsync", "args": [] } } },
  "execute": { "steps": [
    { "id": "copy", "dispatcher": "command", "command": "{{home}}/bin/copy", "args": [], "env": ["COPY_TO"] },
    { "id": "tell", "dispatcher": "agent", "agent": "claude" },
    { "id": "ask", "dispatcher": "openclaw" } ] }
}
`;

let dir = '';
let home = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wf-init-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  home = join(dir, 'home');
  mkdirSync(join(dir, 'package/definitions/templates'), { recursive: true });
  writeFileSync(join(dir, 'package/definitions/templates/backup.jsonc'), TEXT);
  writeFileSync(
    join(dir, 'package/definitions/workflow.schema.json'),
    '{\n  "title": "workflow-engine definition"\n}\n',
  );
});

async function init(args: readonly string[], options: Record<string, string | true> = {}) {
  let out = '';
  const invocation: Invocation = {
    args,
    options: new Map(Object.entries({ home, ...options })),
    env: { PATH: '/usr/bin:/bin', HOME: dir },
    packageDir: join(dir, 'package'),
    json: options.json === true,
    io: {
      out: (text) => {
        out += text;
      },
      err: () => undefined,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      readStdin: async () => '',
    },
  };
  const code = await run(invocation);
  return { code, out };
}

test('a copy is the same text but for its id, comments included, and nobody else may read it', async () => {
  const made = await init(['backup'], { id: 'mine' });
  const file = join(home, 'definitions/mine.jsonc');
  expect(made.code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(TEXT.replace('"id": "backup"', '"id": "mine"'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(home, 'definitions')).sort()).toEqual(['mine.jsonc', 'workflow.schema.json']);
});

test('nothing is written over, and a name that differs by case alone is taken', async () => {
  await init(['backup']);
  const file = join(home, 'definitions/backup.jsonc');
  writeFileSync(file, 'edited');
  for (const options of [{}, { id: 'Backup' }])
    await expect(init(['backup'], options)).rejects.toMatchObject({ code: 'workflow-exists', exitCode: 4 });
  expect(readFileSync(file, 'utf8')).toBe('edited');
  await expect(init(['backup'], { id: 'other' })).resolves.toMatchObject({ code: 0 });
});

test('an id that is no file name is refused, and no home is made for it', async () => {
  for (const id of ['../out', 'a/b', '', '.hidden', 'a b'])
    await expect(init(['backup'], { id })).rejects.toMatchObject({
      code: 'workflow-id-invalid',
      exitCode: 2,
    });
  await expect(init(['bakup'])).rejects.toMatchObject({ code: 'template-unknown', exitCode: 3 });
  expect(readdirSync(dir)).toEqual(['package']);
});

test('a template that asks for what is not carried out is refused before anything is made', async () => {
  const file = join(dir, 'package/definitions/templates/backup.jsonc');
  writeFileSync(file, TEXT.replace('"description"', '"nosuchkey": 1, "description"'));
  await expect(init(['backup'])).rejects.toMatchObject({ code: 'definition-invalid', exitCode: 2 });
  expect(readdirSync(dir)).toEqual(['package']);
});

test('what this machine lacks is named: programs, names in config.json, variables', async () => {
  const { out } = await init(['backup'], { json: true });
  const needs = (JSON.parse(out) as { needs: { kind: string; name: string }[] }).needs;
  expect(needs.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'program /no/such/rsync',
    `program ${home}/bin/copy`,
    'config agents.claude',
    'config openclaw',
    'environment COPY_TO',
  ]);
  const { out: text } = await init(['backup'], { id: 'b2' });
  // A command that forgot the home would connect the assistant to another one.
  expect(text).toContain(`wf --home ${home} connect agent claude`);
  expect(text).toContain(`wf --home ${home} run b2 --input "…" --dry-run`);
});

test('who is to be told, and cannot be, is named like any other name that config.json lacks', async () => {
  const file = join(dir, 'package/definitions/templates/backup.jsonc');
  const notify =
    '"notify": [{ "on": ["failed"], "to": ["phone", "default"] }, { "on": ["missed"], "to": "phone" }],';
  writeFileSync(file, TEXT.replace('"execute"', `${notify} "execute"`));
  type Need = { kind: string; name: string; usedBy: string[]; hint: string };
  const messagesIn = ({ out }: { out: string }): Need[] =>
    (JSON.parse(out) as { needs: Need[] }).needs.filter(({ name }) => name.startsWith('messages.'));
  const needs = messagesIn(await init(['backup'], { json: true }));
  expect(needs.map(({ name, usedBy }) => `${name} ${usedBy}`)).toEqual([
    'messages.phone notify',
    'messages.default notify',
  ]);
  expect(needs[0]?.hint).toContain('"messages": {"phone": {"via": "desktop"}}');
  writeFileSync(join(home, 'config.json'), '{"messages":{"default":{"via":"desktop"}}}', { mode: 0o600 });
  const rest = messagesIn(await init(['backup'], { id: 'b2', json: true }));
  expect(rest.map(({ name }) => name)).toEqual(['messages.phone']);
});

test('what has a schedule says that somebody has to look at the clock, and how', async () => {
  const file = join(dir, 'package/definitions/templates/backup.jsonc');
  expect((await init(['backup'])).out).not.toContain('serve');
  const schedules =
    '"schedules": [{ "id": "nightly", "cron": "30 2 * * *", "timezone": "UTC", "input": "x" }],';
  writeFileSync(file, TEXT.replace('"execute"', `${schedules} "execute"`));
  const { out } = await init(['backup'], { id: 'clock' });
  expect(out).toContain('By the clock (nightly): only while a server is alive, and none is.');
  expect(out).toContain(`wf --home ${home} serve --no-web`);
  expect(out).toContain(`*/5 * * * * wf --home ${home} serve --once`);
  expect(out).toContain(`wf --home ${home} schedules`);
  const made = await init(['backup'], { id: 'clock2', json: true });
  expect(JSON.parse(made.out)).toMatchObject({ schedules: ['nightly'], serverAlive: false });
  const server = openServerMark(homePaths(home));
  onTestFinished(() => server.release());
  server.renew();
  expect((await init(['backup'], { id: 'clock3' })).out).toContain(
    'By the clock (nightly): a server is alive',
  );
});

test('a schema of ours is renewed, one of somebody else is left alone', async () => {
  await init(['backup']);
  const file = join(home, 'definitions/workflow.schema.json');
  for (const [there, after] of [
    [
      '{\n  "title": "workflow-engine definition", "old": 1\n}\n',
      '{\n  "title": "workflow-engine definition"\n}\n',
    ],
    ['{"title":"mine"}', '{"title":"mine"}'],
  ] as const) {
    writeFileSync(file, there);
    await init(['backup'], { id: `n${there.length}` });
    expect(readFileSync(file, 'utf8')).toBe(after);
  }
});

test('without a name the templates are listed, and nothing is made', async () => {
  const { out, code } = await init([]);
  expect(code).toBe(0);
  expect(out).toContain('backup');
  expect(out).toContain('Copy things.');
  expect(readdirSync(dir)).toEqual(['package']);
  await expect(init([], { id: 'x' })).rejects.toMatchObject({ code: 'usage' });
});
