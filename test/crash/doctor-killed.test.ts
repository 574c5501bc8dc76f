/** Doctor itself killed while it mends, at any moment: whoever comes next finds the rest, and nothing is lost. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor, eventsOf, logOf } from '../support/doctor.ts';
import { expectHealthy, sh, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const KILLS = 12;

async function home(): Promise<{ runner: WfRunner; runId: string }> {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: sh('true') });
  let runId = '';
  for (const input of ['one', 'two', 'three', 'four'])
    runId = (await runner.json(['run', 'quick', '--input', input])).run.runId;
  return { runner, runId };
}

/** How long it takes when nobody kills it; the kills are spread over it. */
async function timeOf(runner: WfRunner, args: readonly string[]): Promise<number> {
  const before = performance.now();
  await runner.wf(args);
  return performance.now() - before;
}

describe('wf doctor --fix', () => {
  test('killed at every stage of mending everything at once', async () => {
    const { runner, runId } = await home();
    const sound = readFileSync(logOf(runner), 'utf8');
    const events = eventsOf(runner).length;
    const break_ = async (): Promise<void> => {
      writeFileSync(
        join(runner.home, 'logs/SYNC_FAILED'),
        JSON.stringify({ offset: 0, durableSeq: events - 5 }),
      );
      appendFileSync(logOf(runner), '{"seq":99,');
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(join(runner.home, `state/index.db${suffix}`), { force: true });
      rmSync(join(runner.home, `outbox/${runId}.md`), { force: true });
      mkdirSync(join(runner.home, `run/${runId}.main.1`), { recursive: true });
      writeFileSync(join(runner.home, 'state/.index.json.999999999.tmp'), '');
      chmodSync(join(runner.home, 'state'), 0o755);
    };
    await break_();
    const wholeMs = await timeOf(runner, ['doctor', '--fix']);
    for (let n = 0; n < KILLS; n++) {
      await break_();
      const { child, ended } = runner.start(['doctor', '--fix']);
      const timer = setTimeout(() => child.kill('SIGKILL'), (wholeMs * (n + 1)) / KILLS);
      await ended;
      clearTimeout(timer);
    }
    const { code, wrong } = await doctor(runner, ['--fix']);
    expect({ code, wrong }).toEqual({ code: 0, wrong: ['torn-files'] });
    expect((await doctor(runner, ['--deep'])).wrong).toEqual(['torn-files']);
    expect(readFileSync(logOf(runner), 'utf8').startsWith(sound)).toBe(true);
    await expectHealthy(runner);
  }, 180_000);
});

describe('wf doctor --quarantine', () => {
  test('killed after it was agreed to: the log is the old one or the new one, and what went is kept', async () => {
    for (let n = 1; n <= KILLS / 2; n++) {
      const { runner } = await home();
      const lines = readFileSync(logOf(runner), 'utf8').split('\n');
      const line = eventsOf(runner).findIndex(({ type }) => type === 'RunCompleted') + 2;
      lines[line - 1] = (lines[line - 1] ?? '').replace('"seq":', '"sEq":');
      const damaged = lines.join('\n');
      writeFileSync(logOf(runner), damaged);
      await killedOnTerminal(runner, line, n * 25);

      const after = readFileSync(logOf(runner), 'utf8');
      const kept = `${lines.slice(0, line - 1).join('\n')}\n`;
      if (after !== damaged) {
        expect(after.startsWith(kept)).toBe(true);
        expect(eventsOf(runner).at(line - 1)).toMatchObject({ type: 'LogQuarantined' });
        const copies = readdirSync(join(runner.home, 'logs/quarantine')).filter((name) =>
          name.endsWith('.jsonl'),
        );
        const aside = copies.map((name) => readFileSync(join(runner.home, 'logs/quarantine', name), 'utf8'));
        expect(aside).toContain(damaged.slice(kept.length));
      }
      // Asked again where it is not done; then the home works.
      for (let tries = 0; (await doctor(runner)).find('log')?.severity === 'problem'; tries++) {
        expect(tries).toBeLessThan(2);
        const at = /ends at seq (\d+)/.exec((await doctor(runner)).find('log')?.message ?? '')?.[1];
        await killedOnTerminal(runner, at === undefined ? line : Number(at) + 1, null);
      }
      expect((await doctor(runner, ['--fix'])).code).toBe(0);
      expect((await runner.wf(['run', 'quick', '--input', 'after'])).code).toBe(0);
      await expectHealthy(runner);
    }
  }, 180_000);
});

/** Types the consent, and kills `wf` so many milliseconds later; null lets it end. */
async function killedOnTerminal(runner: WfRunner, line: number, afterMs: number | null): Promise<void> {
  const command = `echo $$ > '${runner.path('pid')}'; exec '${process.execPath}' '${WF}' doctor --quarantine`;
  const { child, ended, seen } = runner.startProgram(['script', '-qec', command, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'dumb' },
  });
  let over = false;
  const end = ended.finally(() => {
    over = true;
  });
  await until(() => over || seen().stdout.includes('to go on without it: '));
  expect(over, seen().stdout).toBe(false);
  child.stdin?.write(`quarantine ${line}\n`);
  const pid = Number(runner.lines('pid')[0]);
  if (afterMs !== null)
    setTimeout(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was faster.
      }
    }, afterMs);
  await end;
}
