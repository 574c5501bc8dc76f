/** Child processes: whatever a command does, its end is known or said to be unknown, and nothing of it is left over. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ChildOptions, runChild } from '../../src/effects/child.ts';
import { endGroup, livingChild } from '../../src/effects/child-alive.ts';
import { livingGroupMember, readProcess } from '../../src/effects/process-table.ts';
import { effectOf, makeFolder, shell, until } from '../support/effects-home.ts';

function optionsOf(script: string, over: Partial<ChildOptions> = {}): ChildOptions {
  const dir = makeFolder();
  return {
    argv: shell(script),
    cwd: dir,
    env: { PATH: process.env.PATH ?? '/bin:/usr/bin' },
    scratchDir: path.join(dir, 'scratch'),
    timeoutMs: 20_000,
    killGraceMs: 300,
    ...over,
  };
}

const childPid = (scratchDir: string): number => {
  try {
    return JSON.parse(fs.readFileSync(path.join(scratchDir, 'child.json'), 'utf8')).pid as number;
  } catch {
    return 0;
  }
};

describe('how a command ended', () => {
  test('its exit code and both outputs reach the user', async () => {
    const end = await runChild(optionsOf('echo out; echo err >&2; exit 3'));
    expect(end).toMatchObject({
      end: 'exited',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
    });
  });

  test('a command that reads the terminal gets an empty one instead of waiting for ever', async () => {
    expect(await runChild(optionsOf('cat; echo done'))).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });

  test('a crash is not taken for an exit', async () => {
    expect(await runChild(optionsOf('kill -SEGV $$'))).toMatchObject({ end: 'signalled', signal: 'SIGSEGV' });
  });

  test('the working folder and only the given environment are the child’s', async () => {
    const options = optionsOf('pwd; env | grep -c ^HOME=; echo "$ONE"', {
      env: { PATH: '/bin:/usr/bin', ONE: '1' },
    });
    expect((await runChild(options)).stdout).toBe(`${options.cwd}\n0\n1\n`);
  });

  test.each([
    ['a program that is not there', ['/no/such/program'], 'ENOENT'],
    ['a folder', ['/tmp'], 'EACCES'],
    ['an argument above 128 KiB', ['/bin/echo', 'x'.repeat(200_000)], 'E2BIG'],
    ['an argument with NUL', ['/bin/echo', 'a\0b'], 'ERR_INVALID_ARG_VALUE'],
  ])('%s is known not to have started', async (_name, argv, code) => {
    expect(await runChild(optionsOf('', { argv }))).toMatchObject({ end: 'not-started', code });
  });

  test('an interrupt before the start starts nothing', async () => {
    const options = optionsOf('touch started', { signal: AbortSignal.abort() });
    expect(await runChild(options)).toMatchObject({ end: 'not-started', code: 'ABORTED' });
    expect(fs.existsSync(path.join(options.cwd, 'started'))).toBe(false);
  });
});

describe('a command that does not end', () => {
  test('is ended after its timeout, its grandchildren too', async () => {
    const options = optionsOf('sleep 600 & echo $! > grandchild; wait', { timeoutMs: 300 });
    expect(await runChild(options)).toMatchObject({ end: 'timed-out' });
    const grandchild = Number(fs.readFileSync(path.join(options.cwd, 'grandchild'), 'utf8'));
    expect(grandchild).toBeGreaterThan(1);
    expect([null, true]).toContain(readProcess(grandchild)?.zombie ?? null);
  });

  test('is killed when it does not listen', async () => {
    const options = optionsOf("trap '' TERM; echo ready; while :; do sleep 0.05; done", { timeoutMs: 300 });
    expect(await runChild(options)).toMatchObject({ end: 'timed-out', stdout: 'ready\n' });
    expect(livingGroupMember(childPid(options.scratchDir))).toBeNull();
  });

  test('is ended when the run is interrupted', async () => {
    const abort = new AbortController();
    const options = optionsOf('sleep 600', { signal: abort.signal });
    const running = runChild(options);
    await until(() => childPid(options.scratchDir) > 0);
    abort.abort();
    expect(await running).toMatchObject({ end: 'aborted' });
  });
});

test('what a command leaves in the background is left alone, and how it ended stays known', async () => {
  const options = optionsOf('sleep 600 & exit 4');
  expect(await runChild(options)).toMatchObject({ end: 'exited', exitCode: 4 });
  const group = childPid(options.scratchDir);
  expect(livingGroupMember(group)).not.toBeNull();
  expect(livingChild(options.scratchDir, 'wf:any')).not.toBeNull();
  expect(await endGroup(group, 300)).toBe(true);
  expect(livingChild(options.scratchDir, 'wf:any')).toBeNull();
});

describe('output', () => {
  test('50 MB of it are survived: beginning and end are kept, the middle is said to be missing', async () => {
    const script = 'echo first; head -c 50000000 /dev/zero | tr "\\0" x; echo; echo last';
    const end = await runChild(optionsOf(script, { outputCapBytes: 4000 }));
    expect(end).toMatchObject({ end: 'exited', exitCode: 0, truncated: true });
    expect(end.stdout).toMatch(/^first\nx+\n\[… \d+ bytes left out …\]\nx+\nlast\n$/);
    expect(end.stdout.length).toBeLessThan(4100);
  });

  test('a command that would fill the disk is ended', async () => {
    const end = await runChild(optionsOf('yes', { outputLimitBytes: 100_000, outputCapBytes: 1000 }));
    expect(end).toMatchObject({ end: 'output-limit', truncated: true });
  });

  test('bytes that are no text become U+FFFD and nothing else is harmed', async () => {
    expect((await runChild(optionsOf("printf 'a\\377b\\360\\237\\230\\200'"))).stdout).toBe('a\uFFFDb😀');
  });

  test('the cut never splits a character', async () => {
    const end = await runChild(optionsOf("printf '€%.0s' $(seq 100)", { outputCapBytes: 50 }));
    expect(end.stdout).toMatch(/^€+\n\[… 250 bytes left out …\]\n€+$/);
  });

  test('nobody else on the machine can read it', async () => {
    const options = optionsOf('echo private');
    await runChild(options);
    for (const name of ['stdout', 'stderr', 'child.json']) {
      expect(fs.statSync(path.join(options.scratchDir, name)).mode & 0o777).toBe(0o600);
    }
    expect(fs.statSync(options.scratchDir).mode & 0o777).toBe(0o700);
  });
});

describe('after the engine was killed', () => {
  test('a child that still works is found, also when only its environment tells', async () => {
    const { key } = effectOf();
    const abort = new AbortController();
    const options = optionsOf('sleep 600', {
      env: { PATH: '/bin:/usr/bin', WF_EFFECT_KEY: key },
      signal: abort.signal,
    });
    const running = runChild(options);
    await until(() => childPid(options.scratchDir) > 0);
    const pid = childPid(options.scratchDir);
    expect(livingChild(options.scratchDir, key)).toEqual({ pid, groupId: pid });
    fs.writeFileSync(path.join(options.scratchDir, 'child.json'), '{"pid":');
    expect(livingChild(options.scratchDir, key)).not.toBeNull();
    expect(livingChild(options.scratchDir, `${key}0`)).toBeNull();
    abort.abort();
    await running;
    expect(livingChild(options.scratchDir, key)).toBeNull();
  });

  test('what a child left at work in its group is found and ended with it', async () => {
    const { key } = effectOf();
    const options = optionsOf('sleep 600 & echo $!', { env: { PATH: '/bin:/usr/bin', WF_EFFECT_KEY: key } });
    const end = await runChild(options);
    const member = Number(end.stdout);
    const left = livingChild(options.scratchDir, key);
    expect(left).toEqual({ pid: member, groupId: childPid(options.scratchDir) });
    expect(await endGroup(left?.groupId ?? 0, 2000)).toBe(true);
    expect(livingChild(options.scratchDir, key)).toBeNull();
  });

  test('another process with the same number is not taken for the child', async () => {
    const options = optionsOf('exit 0');
    await runChild(options);
    const file = path.join(options.scratchDir, 'child.json');
    const record = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, JSON.stringify({ ...record, pid: process.pid, pidStart: '1' }));
    expect(livingChild(options.scratchDir, 'wf:none')).toBeNull();
  });

  test('a child of before the last reboot is not waited for', async () => {
    const options = optionsOf('exit 0');
    await runChild(options);
    const file = path.join(options.scratchDir, 'child.json');
    const record = JSON.parse(fs.readFileSync(file, 'utf8'));
    const pidStart = readProcess(process.pid)?.start;
    fs.writeFileSync(file, JSON.stringify({ ...record, pid: process.pid, pidStart, bootId: 'another' }));
    expect(livingChild(options.scratchDir, 'wf:none')).toBeNull();
  });
});
