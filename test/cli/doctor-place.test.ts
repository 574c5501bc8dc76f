/** Where the home lies: file systems and folders that break promises, room on the disk, and who may do what there. */
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor } from '../support/doctor.ts';
import { root, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const finished = async (homeName = 'home'): Promise<WfRunner> => {
  const runner = wfRunner({ homeName });
  runner.define({ id: 'quick', execute: { command: '/bin/true' } });
  expect((await runner.wf(['run', 'quick', '--input', 'x'])).code).toBe(0);
  return runner;
};

/** With the fake statfs in front of the real program. */
const saying = (runner: WfRunner, answer: object) =>
  doctor(runner, [], {
    env: {
      NODE_OPTIONS: `--require ${join(root, 'test/support/fake-statfs.cjs')}`,
      FAKE_STATFS: JSON.stringify(answer),
    },
  });

describe.runIf(process.platform === 'linux')('a network file system (fake)', () => {
  test.each([
    ['nfs', 0x6969],
    ['cifs', 0xff534d42],
    ['9p', 0x01021997],
  ])('%s is told, and why a log cannot be kept there', async (name, type) => {
    const runner = await finished();
    const { code, find } = await saying(runner, { type });
    expect(code).toBe(1);
    expect(find('home-network')?.message).toBe(`the home is on a network file system (${name})`);
    expect(find('home-network')?.why).toContain('Locks');
    expect(find('home-network')?.fix).toContain('a disk of this machine');
    expect((await doctor(runner)).wrong).toEqual([]);
  });
});

describe('a disk (fake)', () => {
  test.each([
    ['warning', 100 * 1024 * 1024, 0],
    ['problem', 1024 * 1024, 1],
  ])('that is nearly full is a %s', async (severity, free, exit) => {
    const runner = await finished();
    const { code, find } = await saying(runner, { bavail: free / 4096, bsize: 4096 });
    expect(code).toBe(exit);
    expect(find('disk-space')).toMatchObject({ severity, message: expect.stringContaining('MiB are left') });
  });
});

describe('a synchronised folder', () => {
  test.each([
    ['Dropbox/flows', 'Dropbox'],
    ['Library/Mobile Documents/com~apple~CloudDocs/flows', 'iCloud'],
    ['OneDrive - Firm/flows', 'OneDrive'],
    ['Google Drive/flows', 'Google Drive'],
  ])('is known by its name: %s', async (homeName, client) => {
    const runner = wfRunner({ homeName });
    mkdirSync(runner.home, { recursive: true, mode: 0o700 });
    const { code, find } = await doctor(runner);
    expect(code).toBe(0);
    expect(find('home-synced')?.message).toContain(`that ${client} synchronises`);
  });

  test('is known by what its client leaves in it, until it is moved out', async () => {
    const runner = await finished('shared/flows');
    mkdirSync(runner.path('shared/.stfolder'));
    expect((await doctor(runner)).find('home-synced')?.message).toContain('Syncthing');
    rmSync(runner.path('shared/.stfolder'), { recursive: true });
    expect((await doctor(runner)).wrong).toEqual([]);
  });
});

test('a home of somebody else is told, and left as it is', async () => {
  const runner = await finished();
  const isRoot = process.getuid?.() === 0;
  const command = [process.execPath, WF, 'doctor', '--fix', '--json'];
  if (isRoot) {
    // Everybody may look, and only root may write: asked as somebody else.
    chmodSync(runner.dir, 0o755);
    for (const dir of ['.', 'logs', 'state', 'definitions']) chmodSync(join(runner.home, dir), 0o755);
    for (const file of ['logs/events.jsonl', 'state/index.db']) chmodSync(join(runner.home, file), 0o644);
    chownSync(runner.dir, 0, 0);
  } else chmodSync(runner.home, 0o500);
  const { ended } = runner.startProgram(isRoot ? ['setpriv', '--reuid=65534', ...command] : command);
  const { stdout } = await ended;
  const { ok, findings } = JSON.parse(stdout);
  if (!isRoot) chmodSync(runner.home, 0o700);
  expect(ok).toBe(false);
  const found = findings.find(({ id }: { id: string }) => id === 'home-unwritable');
  expect(found).toMatchObject({ severity: 'problem', fix: expect.stringContaining('chown') });
  expect(existsSync(join(runner.home, 'logs/torn'))).toBe(false);
});

test('an invalid config.json keeps the rest of the look from nothing but the runs', async () => {
  const runner = await finished();
  writeFileSync(join(runner.home, 'config.json'), '{ "redact": 3 }', { mode: 0o600 });
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('config')).toMatchObject({ severity: 'problem' });
  expect(find('log')?.severity).toBe('ok');
  writeFileSync(join(runner.home, 'config.json'), '{}', { mode: 0o600 });
  expect((await doctor(runner)).wrong).toEqual([]);
  expect(statSync(join(runner.home, 'config.json')).size).toBe(2);
});
