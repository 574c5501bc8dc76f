/** What an effect may see, touch and leave behind: environment, files, tools. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootstrapTool } from '../../src/effects/bootstrap-tool.ts';
import { checkFiles } from '../../src/effects/check-files.ts';
import { childEnvironment, type EnvironmentOptions } from '../../src/effects/environment.ts';
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
    checkFiles([dir, `${dir}/a`, `${dir}/link`, `${dir}/a/b`, `${dir}/none`].map((file) => ({ file }))).map(
      (one) => one.exists,
    ),
  ).toEqual([true, true, false, false, false]);
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
