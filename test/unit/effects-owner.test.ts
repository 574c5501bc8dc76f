/** Who holds a lease: a living holder is never called gone, a killed one is found out at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/effects/clock.ts';
import { ownerState, thisOwner } from '../../src/effects/owner.ts';
import { readProcess } from '../../src/effects/process-table.ts';
import { randomBytes } from '../../src/effects/random.ts';

describe('owner', () => {
  test('this process is alive to itself, and always the same owner', () => {
    expect(ownerState(thisOwner())).toBe('alive');
    expect(thisOwner()).toBe(thisOwner());
    expect(thisOwner().host).toMatch(/^[0-9a-f]{16}$/);
    expect(thisOwner().bootId).not.toBe('unknown');
    expect(thisOwner().pidStart).toMatch(/^\d+$|\d{4}$/);
  });

  test('a killed process is gone, also while nobody has collected its exit status', async () => {
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const owner = { ...thisOwner(), pid, pidStart: readProcess(pid)?.start ?? '' };
    expect(ownerState(owner)).toBe('alive');
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    // Blocks this thread, so that the exit status cannot be collected: the child stays a zombie.
    for (let i = 0; i < 200 && ownerState(owner) === 'alive'; i++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
    expect(ownerState(owner)).toBe('gone');
    await exited;
    expect(ownerState(owner)).toBe('gone');
  });

  test('a process that got the number of a dead owner is not the owner', () => {
    expect(ownerState({ ...thisOwner(), pidStart: '1' })).toBe('gone');
  });

  test('a reboot ends every ownership', () => {
    expect(ownerState({ ...thisOwner(), bootId: 'another' })).toBe('gone');
  });

  test('the lease of another machine is never judged from here', () => {
    expect(ownerState({ ...thisOwner(), host: '0'.repeat(16), bootId: 'x', pid: 1 })).toBe('other-host');
  });
});

describe('clock and randomness', () => {
  test('a wait ends when the run is interrupted, not at its end', async () => {
    const abort = new AbortController();
    const slept = systemClock.sleep(2 ** 40, abort.signal).then(() => 'ended');
    abort.abort();
    expect(await slept).toBe('ended');
    expect(await systemClock.sleep(5, abort.signal)).toBeUndefined();
  });

  test('ids do not repeat: every draw is new, of every size', () => {
    const drawn = new Set<string>();
    for (let i = 0; i < 300; i++) drawn.add(Buffer.from(randomBytes(16)).toString('hex'));
    expect(drawn.size).toBe(300);
    for (const length of [0, 1, 255, 256, 257, 5000]) expect(randomBytes(length)).toHaveLength(length);
    expect(new Set(randomBytes(5000)).size).toBe(256);
  });
});
