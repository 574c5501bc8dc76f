/** Where the home is, who may use it, what config.json may say, and homes that are not ours. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WfError } from '../../src/errors.ts';
import { openBlobs } from '../../src/home/blobs.ts';
import { defaultConfig, readConfig } from '../../src/home/config.ts';
import { openHome } from '../../src/home/home.ts';
import { assertNotLegacy } from '../../src/home/legacy.ts';
import { homePaths, resolveHome } from '../../src/home/paths.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { runCommits } from '../support/projection-histories.ts';
import { modeOf, openTestHome, removeHome, tempHome } from '../support/projection-home.ts';

let dir: string;
beforeEach(() => {
  dir = tempHome();
});
afterEach(() => removeHome(dir));

describe('the home', () => {
  test.each([
    [{ flag: '/a', env: { WF_HOME: '/b', OPENCLAW_ROOT: '/c' } }, '/a'],
    [{ env: { WF_HOME: '/b', OPENCLAW_ROOT: '/c' } }, '/b'],
    [{ env: { WF_HOME: '', OPENCLAW_ROOT: '/c/' } }, '/c/workflows'],
    [{ env: { HOME: '/h' } }, '/h/.openclaw/workflows'],
    [{ flag: '~/x', env: { HOME: '/h' } }, '/h/x'],
    [{ env: { WF_HOME: '~', HOME: '/h' } }, '/h'],
    [{ flag: 'rel/../x', env: {} }, join(process.cwd(), 'x')],
    [{ env: {} }, join(homedir(), '.openclaw/workflows')],
  ])('is found the way the manual says (%j)', (from, expected) => {
    expect(resolveHome(from)).toBe(expected);
  });

  test.each(['a\u001b[2Jb', 'a\0b', 'a\nb', 'a\u009bb', 'a\u202eb'])(
    'named with what a terminal would act on (%j) is refused, for every screen names it',
    (flag) => {
      expect(() => resolveHome({ flag, env: {} })).toThrow(
        expect.objectContaining({ code: 'home-invalid', exitCode: 2 }),
      );
    },
  );

  test('is made for its owner only, and only once', () => {
    const home = join(dir, 'deep/home');
    expect(openHome(home, { create: true })).toMatchObject({ created: true, exists: true });
    expect(modeOf(home)).toBe(0o700);
    expect(openHome(home, { create: true })).toMatchObject({ created: false, exists: true });
  });

  test('is not made by looking at it', () => {
    expect(openHome(join(dir, 'none'), { create: false })).toMatchObject({ created: false, exists: false });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('a file in its place is named', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => openHome(join(dir, 'file'), { create: true })).toThrow(
      expect.objectContaining({ code: 'home-not-a-folder', exitCode: 2, where: join(dir, 'file') }),
    );
    expect(() => openHome(join(dir, 'file/below'), { create: true })).toThrow(
      expect.objectContaining({ code: 'home-unusable', exitCode: 74 }),
    );
  });

  test('a home that nothing can be written to is refused', () => {
    // For root, mode bits forbid nothing; /proc refuses everybody.
    expect(() => openHome('/proc/wf-home', { create: true })).toThrow(
      expect.objectContaining({
        code: 'home-unusable',
        exitCode: 74,
        hint: expect.stringContaining('--home'),
      }),
    );
  });
});

describe('a home of the script engine', () => {
  const fixture = join(import.meta.dirname, '../fixtures/legacy-home');
  const tree = (root: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return [path.slice(root.length), `${statSync(path).mtimeMs} ${readFileSync(path, 'utf8')}`];
        }),
    );
  const refusal = async (home: string): Promise<WfError | null> => {
    try {
      await assertNotLegacy(homePaths(home));
      return null;
    } catch (error) {
      return error as WfError;
    }
  };

  test('is refused with the way out, and left byte for byte', async () => {
    cpSync(fixture, dir, { recursive: true });
    const before = tree(dir);
    const error = await refusal(dir);
    expect(error).toMatchObject({ code: 'legacy-home', exitCode: 2 });
    expect(error?.hint).toContain('--home');
    expect(error?.hint).toContain('WF_HOME');
    expect(tree(dir)).toEqual(before);
  });

  test.each(['logs', 'logs state/runs', 'logs state/index.json'])(
    'is recognised without %s',
    async (missing) => {
      cpSync(fixture, dir, { recursive: true });
      for (const path of missing.split(' ')) rmSync(join(dir, path), { recursive: true });
      expect(await refusal(dir)).toMatchObject({ code: 'legacy-home' });
    },
  );

  test('a home of ours is not one, with or without its projections', async () => {
    expect(await refusal(dir)).toBeNull();
    const at = openTestHome(dir);
    expect(await refusal(dir)).toBeNull();
    await at.append(
      runCommits({
        n: 0,
        workflow: 'a',
        key: 'k',
        forced: false,
        ending: 'completed',
        input: '',
        output: '',
        summaryFile: 'outbox/x.md',
      }),
    );
    await at.projector.project();
    await at.close();
    expect(await refusal(dir)).toBeNull();
    for (const name of readdirSync(join(dir, 'state')))
      if (name.startsWith('index.db')) rmSync(join(dir, 'state', name));
    expect(await refusal(dir)).toBeNull();
  });

  test('a log of ours with a torn or empty first line is not one', async () => {
    mkdirSync(join(dir, 'logs'));
    for (const text of ['', '{"seq":1,"id":"01', '{"s']) {
      writeFileSync(join(dir, 'logs/events.jsonl'), text);
      expect(await refusal(dir)).toBeNull();
    }
  });
});

describe('config.json', () => {
  const read = (text: string) => {
    writeFileSync(join(dir, 'config.json'), text);
    return readConfig(join(dir, 'config.json'));
  };

  test('absent means defaults', async () => {
    expect(await readConfig(join(dir, 'config.json'))).toEqual(defaultConfig);
    expect(await read('{}')).toEqual(defaultConfig);
  });

  test('may have comments and trailing commas', async () => {
    expect(
      await read(
        '\uFEFF{ // who\n "openclaw": {"agent": "pa",}, "allowedRoots": ["/x"], "redact": {"env": ["KEY"]}, "keepRunFiles": 50 }',
      ),
    ).toEqual({
      openclaw: { agent: 'pa' },
      agents: new Map(),
      messages: new Map(),
      allowedRoots: ['/x'],
      keepRunFiles: 50,
      redact: { env: ['KEY'], patterns: [] },
    });
  });

  test('has agents and messages by name, with their defaults', async () => {
    const { agents, messages } = await read(
      '{"agents": {"mine": {"command": "/bin/agent"}}, "messages": {"default": {"via": "command", "command": "/bin/say"}}}',
    );
    expect(agents.get('mine')).toEqual({
      command: '/bin/agent',
      args: [],
      brief: 'stdin',
      env: [],
      outputFormat: 'text',
      notPerformedExitCodes: [],
      auto: false,
    });
    expect(messages.get('default')).toEqual({ via: 'command', command: '/bin/say', args: [], env: [] });
  });

  test.each([
    ['{"allowedRoot": []}', 'config-invalid', ':1:2', 'did you mean allowedRoots'],
    ['{"keepRunFiles": 0}', 'config-invalid', ':1:2', 'keepRunFiles'],
    ['{\n  "openclaw": {"agnet": "x"}\n}', 'config-invalid', ':2:16', 'did you mean agent'],
    ['{\n "allowedRoots": ["relative"]}', 'config-invalid', ':2:19', 'absolute path'],
    ['{"redact": {"patterns": ["("]}}', 'config-invalid', ':1:26', 'regular expression'],
    ['{"redact": {"env": ["A B"]}}', 'config-invalid', ':1:21', 'environment variable'],
    ['{"openclaw": "yes"}', 'config-invalid', ':1:2', 'openclaw'],
    ['{"agents": {"a": {"command": "x", "arg": []}}}', 'config-invalid', ':1:35', 'did you mean args'],
    ['{"agents": {"a": {}}}', 'config-invalid', ':1:13', 'agents.a.command'],
    ['{"agents": {"a": {"command": "{{brief}}"}}}', 'config-invalid', ':1:19', 'run as code'],
    [
      '{"agents": {"a": {"command": "sh", "args": ["-c", "{{brief}}"]}}}',
      'config-invalid',
      ':1:51',
      'run as code',
    ],
    [
      '{"messages": {"d": {"via": "command", "command": "sh", "args": ["-c", "say {{ text }}"]}}}',
      'config-invalid',
      ':1:71',
      'run as code',
    ],
    [
      '{"messages": {"d": {"via": "pigeon"}}}',
      'config-invalid',
      ':1:21',
      'messages.d.via does not fit: expected an object with "via": "openclaw", "command" or "desktop"',
    ],
    [
      '{"messages": {"d": {"via": "openclaw"}}}',
      'config-invalid',
      ':1:15',
      'messages.d.channel is missing: expected a text',
    ],
    ['{"keepRunFiles": "5"}', 'config-invalid', ':1:2', 'keepRunFiles does not fit: expected a number'],
    ['{"ping": "https://watch.example"}', 'config-invalid', ':1:2', 'ping does not fit: expected an object'],
    ['{"agents": {"a": {"command": ""}}}', 'config-invalid', ':1:19', 'expected a text that is not empty'],
    ['{\n  "a": \n', 'config-syntax', ':3:1', 'not JSON'],
    ['', 'config-syntax', ':1:1', 'not JSON'],
    ['[]', 'config-invalid', ':1:1', 'does not fit'],
    ['{"__proto__": 1}', 'config-invalid', ':1:', 'unknown key'],
    ['{"constructor": 1}', 'config-invalid', ':1:2', 'unknown key'],
  ])('%j is refused with its place', async (text, code, place, words) => {
    const error = (await read(text).then(
      () => null,
      (e: unknown) => e,
    )) as WfError | null;
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error?.where).toContain(`config.json${place}`);
    expect(error?.message).toContain(words);
  });

  test('a folder in its place is an I/O error', async () => {
    mkdirSync(join(dir, 'config.json'));
    await expect(readConfig(join(dir, 'config.json'))).rejects.toMatchObject({ exitCode: 74 });
  });
});

describe('blobs', () => {
  test('are kept once, privately, under their hash, and read back whole', async () => {
    const blobs = openBlobs(join(dir, 'blobs'), bulkSha256());
    const bytes = Buffer.from('long '.repeat(10_000));
    const hash = await blobs.put(bytes);
    expect(hash).toBe(bulkSha256()(bytes));
    expect(await blobs.put(bytes)).toBe(hash);
    expect(readdirSync(join(dir, 'blobs'))).toEqual([hash]);
    expect(modeOf(join(dir, 'blobs', hash))).toBe(0o600);
    expect(Buffer.from((await blobs.get(hash)) ?? [])).toEqual(bytes);
    expect(await blobs.get('0'.repeat(64))).toBeNull();
  });

  test('a blob that cannot be written is an I/O error before anything is recorded', async () => {
    writeFileSync(join(dir, 'blobs'), 'in the way');
    const blobs = openBlobs(join(dir, 'blobs'), bulkSha256());
    await expect(blobs.put(Buffer.from('x'))).rejects.toMatchObject({ code: 'blob-write', exitCode: 74 });
  });
});
