/** What an effect may see, touch and leave behind: environment, files, tools. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootstrapTool } from '../../src/effects/bootstrap-tool.ts';
import { checkFiles } from '../../src/effects/check-files.ts';
import { childEnvironment, type EnvironmentOptions } from '../../src/effects/environment.ts';
import { resolveWritable } from '../../src/effects/safe-path.ts';
import { WfError } from '../../src/errors.ts';
import { depsOf, makeFolder, shell } from '../support/effects-home.ts';

describe('environment', () => {
  const environmentOf = (over: Partial<EnvironmentOptions>) => ({
    ...childEnvironment({
      base: {
        PATH: '/bin',
        HOME: '/me',
        AWS_SECRET: 'x',
        WF_HOME: '/outer',
        NODE_OPTIONS: '--inspect',
        OPENCLAW_GATEWAY_TOKEN: 't',
      },
      home: '/r/workflows',
      names: [],
      extra: {},
      withOpenclaw: false,
      ...over,
    }),
  });

  test('a secret of the user’s shell does not reach a child unless the definition names it', () => {
    expect(environmentOf({})).toEqual({ PATH: '/bin', HOME: '/me', OPENCLAW_ROOT: '/r' });
    expect(environmentOf({ names: ['AWS_SECRET', 'NOT_SET'] })).toHaveProperty('AWS_SECRET', 'x');
  });

  test('only the openclaw dispatcher sees the gateway’s token', () => {
    expect(environmentOf({ withOpenclaw: true })).toHaveProperty('OPENCLAW_GATEWAY_TOKEN', 't');
  });

  test('a definition cannot pass off other WF_ variables', () => {
    expect(environmentOf({ names: ['WF_HOME'], extra: { WF_HOME: '/r/workflows' } }).WF_HOME).toBe(
      '/r/workflows',
    );
  });

  test('OPENCLAW_ROOT is the user’s own where it is set', () => {
    expect(environmentOf({ base: { OPENCLAW_ROOT: '/own' } })).toEqual({ OPENCLAW_ROOT: '/own' });
    expect(environmentOf({ base: { OPENCLAW_ROOT: '' } })).toEqual({ OPENCLAW_ROOT: '/r' });
  });

  test('names that every object has are not taken for variables', () => {
    expect(Object.keys(environmentOf({ base: {}, names: ['constructor', '__proto__', 'toString'] }))).toEqual(
      ['OPENCLAW_ROOT'],
    );
  });
});

test('required files: a file and a folder are there, a dangling link and nothing are not', () => {
  const dir = makeFolder();
  fs.writeFileSync(path.join(dir, 'a'), '');
  fs.symlinkSync('nowhere', path.join(dir, 'link'));
  expect(
    checkFiles([dir, `${dir}/a`, `${dir}/link`, `${dir}/a/b`, `${dir}/none`]).map((one) => one.exists),
  ).toEqual([true, true, false, false, false]);
});

describe('where files may be written', () => {
  const homeOf = (): string => {
    const home = path.join(makeFolder(), 'workflows');
    for (const name of ['outbox', 'logs', 'artifacts'])
      fs.mkdirSync(path.join(home, name), { recursive: true });
    return home;
  };

  test('in outbox and artifacts, relative or absolute, also in folders that are not there yet', () => {
    const home = homeOf();
    expect(resolveWritable(home, [], 'outbox/run-1.md')).toBe(`${home}/outbox/run-1.md`);
    expect(resolveWritable(home, [], `${home}/artifacts/run-1/deep/post.md`)).toBe(
      `${home}/artifacts/run-1/deep/post.md`,
    );
  });

  test('in a home that is reached through a link', () => {
    const home = homeOf();
    const link = path.join(path.dirname(home), 'link');
    fs.symlinkSync(home, link);
    expect(resolveWritable(link, [], 'outbox/a.md')).toBe(`${home}/outbox/a.md`);
    expect(resolveWritable(link, [], `${home}/outbox/a.md`)).toBe(`${home}/outbox/a.md`);
  });

  test('in a root that config allows', () => {
    const home = homeOf();
    const root = path.join(path.dirname(home), 'site');
    expect(resolveWritable(home, [root], `${root}/posts/a.md`)).toBe(`${root}/posts/a.md`);
  });

  test.each([
    'outbox/../logs/events.jsonl',
    '../outside.md',
    '/etc/passwd',
    'state/runs/x.json',
    'definitions/x.json',
    'config.json',
    'outbox',
    '',
    'outbox/a\0b',
    'outboxes/a.md',
  ])('never at %j', (given) => {
    expect(() => resolveWritable(homeOf(), [], given)).toThrow(WfError);
  });

  test.each([
    'logs/events.jsonl',
    'LOGS/events.jsonl',
    'state/index.json',
    'blobs/x',
    'config.json',
    'run/x/child.json',
  ])('never at %s, even when config allows a root around the home', (given) => {
    const home = homeOf();
    expect(() => resolveWritable(home, [path.dirname(home)], given)).toThrow(/engine alone/);
  });

  test('never through a link that leads out, into the log, or nowhere yet', () => {
    const home = homeOf();
    const outside = makeFolder();
    fs.symlinkSync(outside, path.join(home, 'outbox/out'));
    fs.symlinkSync(path.join(home, 'logs'), path.join(home, 'artifacts/log'));
    fs.symlinkSync(path.join(outside, 'new.md'), path.join(home, 'outbox/new.md'));
    expect(() => resolveWritable(home, [], 'outbox/out/a.md')).toThrow(/leads it out/);
    expect(() => resolveWritable(home, [], 'artifacts/log/events.jsonl')).toThrow(WfError);
    expect(() => resolveWritable(home, [path.dirname(home)], 'artifacts/log/events.jsonl')).toThrow(
      /engine alone/,
    );
    expect(() => resolveWritable(home, [], 'outbox/new.md')).toThrow(/leads nowhere/);
  });

  test('never in an outbox that is itself a link out of the home', () => {
    const home = homeOf();
    fs.rmdirSync(path.join(home, 'outbox'));
    fs.symlinkSync(makeFolder(), path.join(home, 'outbox'));
    expect(() => resolveWritable(home, [], 'outbox/a.md')).toThrow(/leads it out/);
  });
});

describe('bootstrapping a tool', () => {
  const toolOf = (script: string, timeoutMs = 20_000) => {
    const [command = '', ...args] = shell(script);
    return { name: 'publish', command, args, timeoutMs };
  };

  test('works as the seed’s definition does it, and leaves no scratch', async () => {
    const home = path.join(makeFolder(), 'workflows');
    fs.mkdirSync(home);
    const tool = toolOf('mkdir -p "$OPENCLAW_ROOT/publish/latest" && echo made');
    const environment = { PATH: process.env.PATH };
    expect(await bootstrapTool(tool, depsOf(home, { environment }))).toEqual({ ok: true, output: 'made' });
    expect(fs.existsSync(path.join(home, '../publish/latest'))).toBe(true);
    expect(fs.readdirSync(path.join(home, 'run'))).toEqual([]);
  });

  test.each([
    ['fails', toolOf('echo nope >&2; exit 3'), 'exit-code', '/bin/sh exited with 3: nope'],
    ['hangs', toolOf('sleep 600', 200), 'timed-out', '/bin/sh did not end within 0.2 s'],
    ['is not there', { ...toolOf(''), command: '/no/tool' }, 'command-not-found', '/no/tool is not there'],
  ])('one that %s is reported with its reason', async (_name, tool, code, message) => {
    expect(await bootstrapTool(tool, depsOf(makeFolder()))).toMatchObject({
      ok: false,
      error: { code, message: expect.stringContaining(message) },
    });
  });
});
