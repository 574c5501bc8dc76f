/** A home at work is in order: doctor does not take for a fault what processes are just doing. */
import { expect, test } from 'vitest';
import { doctor } from '../support/doctor.ts';
import { expectHealthy, sh, wfRunner } from '../support/wf.ts';

const WORKERS = 8;
const RUNS = 6;
const LOOKS = 6;

test('eight processes at work, and doctor looks again and again: nothing is found', async () => {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: sh('true') });
  runner.define({ id: 'asked', execute: { dispatcher: 'manual' } });
  let looks = 0;
  let hasFailed = false;
  const worker = async (n: number): Promise<void> => {
    // However slow a look is beside eight processes: all of them happen while there is work.
    for (let i = 0; i < RUNS || (looks < LOOKS && !hasFailed); i++) {
      const input = ['--input', `${n}/${i}`];
      expect((await runner.wf(['run', i % 2 === 0 ? 'quick' : 'asked', ...input])).code).toBe(0);
      // A key that all of them want, and one that is taken again and again.
      expect((await runner.wf(['run', 'quick', '--input', `shared ${i}`])).code).toBe(0);
      expect((await runner.wf(['run', 'quick', '--force', ...input])).code).toBe(0);
    }
  };
  let working = true;
  const work = Promise.all(Array.from({ length: WORKERS }, (_, n) => worker(n))).finally(() => {
    working = false;
  });
  const look = async (args: readonly string[]): Promise<void> => {
    const { code, findings } = await doctor(runner, args);
    const wrong = findings.filter(({ severity, fixed }) => severity !== 'ok' || fixed !== undefined);
    expect({ wrong, code }).toEqual({ wrong: [], code: 0 });
    looks += 1;
  };
  try {
    while (working) {
      await look([]);
      await look(['--fix']);
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    await work;
  }
  expect(looks).toBeGreaterThanOrEqual(LOOKS);
  await look([]);
  await expectHealthy(runner);
}, 180_000);
