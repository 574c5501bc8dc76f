/**
 * Doctor itself killed while it mends, at the named places of src/failpoint.ts: whoever comes next finds the rest,
 * and nothing is lost.
 */
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
import { expect, test } from 'vitest';
import { doctor, eventsOf, logOf } from '../support/doctor.ts';
import { expectHealthy, root, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

/** The same program with its failpoints. */
const WITH_FAILPOINTS = join(root, 'dist-torture/wf.cjs');
/** Every so many places of all that doctor comes by. */
const FIX_STRIDE = 5;
const QUARANTINE_STRIDE = 6;

async function home(): Promise<{ runner: WfRunner; runId: string }> {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: sh('true') });
  let runId = '';
  for (const input of ['one', 'two', 'three'])
    runId = (await runner.json(['run', 'quick', '--input', input])).run.runId;
  return { runner, runId };
}

test('doctor --fix, killed wherever it mends anything, is gone on with by the next', async () => {
  const { runner, runId } = await home();
  const sound = readFileSync(logOf(runner), 'utf8');
  const events = eventsOf(runner).length;
  const breakAll = (): void => {
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
  const died = new Set<string>();
  for (let hit = 1; ; hit += FIX_STRIDE) {
    breakAll();
    const fix = [process.execPath, WITH_FAILPOINTS, 'doctor', '--fix'];
    const { signal, stderr } = await runner.startProgram(fix, { env: { WF_FAILPOINT: `any:${hit}` } }).ended;
    if (signal !== 'SIGKILL') break;
    died.add(/failpoint (\S+)/.exec(stderr)?.[1] ?? '');
  }
  expect(died.size).toBeGreaterThan(5);
  const { code, wrong } = await doctor(runner, ['--fix']);
  expect({ code, wrong }).toEqual({ code: 0, wrong: ['torn-files'] });
  expect((await doctor(runner, ['--deep'])).wrong).toEqual(['torn-files']);
  expect(readFileSync(logOf(runner), 'utf8').startsWith(sound)).toBe(true);
  await expectHealthy(runner);
}, 180_000);

test('doctor --quarantine, killed after it was agreed to: the log is the old or the new one, and what went is kept', async () => {
  for (let hit = 1; ; hit += QUARANTINE_STRIDE) {
    const { runner } = await home();
    const lines = readFileSync(logOf(runner), 'utf8').split('\n');
    const line = eventsOf(runner).findIndex(({ type }) => type === 'RunCompleted') + 2;
    lines[line - 1] = (lines[line - 1] ?? '').replace('"seq":', '"sEq":');
    const damaged = lines.join('\n');
    writeFileSync(logOf(runner), damaged);
    const isKilled = (await quarantine(runner, line, `any:${hit}`)).includes('failpoint ');

    const kept = `${lines.slice(0, line - 1).join('\n')}\n`;
    if (readFileSync(logOf(runner), 'utf8') !== damaged) {
      expect(eventsOf(runner)[line - 1]).toMatchObject({ type: 'LogQuarantined' });
      expect(readFileSync(logOf(runner), 'utf8').startsWith(kept)).toBe(true);
      const dir = join(runner.home, 'logs/quarantine');
      const copies = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
      expect(copies.map((name) => readFileSync(join(dir, name), 'utf8'))).toContain(
        damaged.slice(kept.length),
      );
    }
    // Asked again where it is not done: about the same damage, or about a log that the index remembers longer.
    const left = (await doctor(runner)).find('log');
    if (left?.severity === 'problem') {
      const end = /ends at seq (\d+)/.exec(left.message)?.[1];
      await quarantine(runner, end === undefined ? line : Number(end) + 1, '');
    }
    expect((await doctor(runner, ['--fix'])).code).toBe(0);
    expect((await runner.wf(['run', 'quick', '--input', 'after'])).code).toBe(0);
    await expectHealthy(runner);
    if (!isKilled) break;
  }
}, 240_000);

/** On a terminal of its own, the consent typed; answers what was shown. */
async function quarantine(runner: WfRunner, line: number, failpoint: string): Promise<string> {
  const command = `'${process.execPath}' '${WITH_FAILPOINTS}' doctor --quarantine`;
  const { child, ended, seen } = runner.startProgram(['script', '-qec', command, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'dumb', WF_FAILPOINT: failpoint },
  });
  let over = false;
  const end = ended.finally(() => {
    over = true;
  });
  await until(() => over || seen().stdout.includes('to go on without it: '));
  expect(over, seen().stdout).toBe(false);
  child.stdin?.write(`quarantine ${line}\n`);
  return (await end).stdout;
}
