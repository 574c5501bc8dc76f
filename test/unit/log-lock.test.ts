import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogLock } from '../../src/log/lock.ts';
import { commitId, note, openTestStore, type TempDir, tempDir } from '../support/log-helpers.ts';

const child = join(import.meta.dirname, '../support/log-lock-child.ts');

describe('lock of the log', () => {
  let temp: TempDir;
  let path: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    temp = tempDir();
    path = join(temp.dir, '.lock');
  });
  afterEach(() => {
    for (const process of children.splice(0)) process.kill('SIGKILL');
    temp.remove();
  });

  const holder = async (): Promise<ChildProcess> => {
    const process_ = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(process_);
    await once(process_.stdout as NodeJS.ReadableStream, 'data');
    return process_;
  };

  it('is held by one at a time, within a process and after being given back', async () => {
    const [first, second] = [openLogLock(path, 1000), openLogLock(path, 1000)];
    expect(first.tryAcquire()).toBe(true);
    expect(second.tryAcquire()).toBe(false);
    const waiting = second.acquire();
    first.release();
    await waiting;
    expect(first.tryAcquire()).toBe(false);
    second.release();
    first.close();
    second.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('a wait that is too long ends with the pid of the holder and exit 75', async () => {
    const { pid } = await holder();
    const lock = openLogLock(path, 60);
    const error = await lock.acquire().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'lock-timeout', exitCode: 75, retryable: true, where: path });
    if (existsSync('/proc/locks')) {
      expect(error).toMatchObject({ message: expect.stringContaining(`process ${pid} `), details: { pid } });
    }
    lock.close();
  });

  it('while it is waited for, the rest of the process goes on', async () => {
    await holder();
    const lock = openLogLock(path, 60);
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await lock.acquire().catch(() => {});
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
    lock.close();
  });

  it('a holder that is killed holds nothing any more', async () => {
    const dead = await holder();
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    const lock = openLogLock(path, 2000);
    expect(lock.tryAcquire()).toBe(true);
    lock.release();
    lock.close();
  });

  it('a lock file that was replaced is not taken for the one that protects the log', () => {
    const [old, fresh] = [openLogLock(path, 100), openLogLock(path, 100)];
    expect(old.tryAcquire()).toBe(true);
    old.release();
    renameSync(path, `${path}.moved`);
    expect(fresh.tryAcquire()).toBe(true);
    // Its open file is the moved one: it must notice, and find the new one held.
    expect(old.tryAcquire()).toBe(false);
    fresh.release();
    expect(old.tryAcquire()).toBe(true);
    old.release();
    old.close();
    fresh.close();
  });

  it('a lock file that is something else says what to do', async () => {
    writeFileSync(path, 'not a database, '.repeat(64));
    const store = openTestStore(temp.dir);
    const append = store.append('run/a', 0, [note('x')], { durable: false, commitId: commitId() });
    await expect(append).rejects.toMatchObject({ code: 'lock-file-damaged', exitCode: 74, where: path });
    await store.close();
  });
});
