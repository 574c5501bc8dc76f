/** `wf doctor --quarantine`: goes on without what follows damage, but only when a person has typed it. */
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor, eventsOf, logOf } from '../support/doctor.ts';
import { onTerminal } from '../support/terminal.ts';
import { expectHealthy, sh, type WfRunner, wfRunner } from '../support/wf.ts';

const ASKS = 'to go on without it: ';

/** Two finished runs, and the second's StageFailed-to-be damaged: line and byte of the damage. */
async function damagedHome(): Promise<{ runner: WfRunner; runs: string[]; line: number; damaged: string }> {
  const runner = wfRunner();
  runner.define({ id: 'acts', execute: sh('echo "$WF_TASK" >> "$HOME/acted"') });
  const runs: string[] = [];
  for (const input of ['one', 'two', 'three'])
    runs.push((await runner.json(['run', 'acts', '--input', input])).run.runId);
  await runner.wf(['feedback', 'submit', '--workflow-id', 'acts', '--score', '4', '--feedback', 'good']);
  const events = eventsOf(runner);
  const line =
    events.findIndex(({ stream, type }) => stream === `run/${runs[1]}` && type === 'EffectIntended') + 1;
  const lines = readFileSync(logOf(runner), 'utf8').split('\n');
  lines[line - 1] = (lines[line - 1] ?? '').replace('"type":"EffectIntended"', '"type":"EffectIntendet"');
  const damaged = lines.join('\n');
  writeFileSync(logOf(runner), damaged);
  return { runner, runs, line, damaged };
}

const quarantine = (runner: WfRunner, typed: string) =>
  onTerminal(runner, ['doctor', '--quarantine'], { asks: ASKS, typed });

test('says exactly what would be lost, sets it aside whole, records it, and the home works again', async () => {
  const { runner, runs, line, damaged } = await damagedHome();
  const [first = '', second = '', third = ''] = runs;
  const found = await doctor(runner);
  expect(found.code).toBe(1);
  expect(found.find('log')?.fix).toContain('wf doctor --quarantine');

  const { code, stdout } = await quarantine(runner, `quarantine ${line}\n`);
  expect(stdout).toMatch(new RegExp(`damage +line ${line}, byte \\d+: its hash does not follow`));
  expect(stdout).toMatch(new RegExp(`vanish +1 run: ${third}`));
  expect(stdout).toMatch(new RegExp(`go back +1 run to .*: ${second}`));
  expect(stdout).toMatch(new RegExp(`acts +what 2 runs did .*${second}, ${third}`));
  expect(stdout).toMatch(/also +.*1 FeedbackSubmitted/);
  expect(stdout).not.toMatch(new RegExp(`(vanish|go back) .*${first}`));

  // What went is in the copy, byte for byte, and nothing else changed.
  const dir = join(runner.home, 'logs/quarantine');
  const [copy = ''] = readdirSync(dir);
  const aside = readFileSync(join(dir, copy), 'utf8');
  expect(damaged.endsWith(aside)).toBe(true);
  const kept = damaged.slice(0, damaged.length - aside.length);
  expect(readFileSync(logOf(runner), 'utf8').startsWith(kept)).toBe(true);
  expect(readdirSync(dir)).toEqual([copy]);
  expect(eventsOf(runner).at(-1)).toMatchObject({
    stream: 'system',
    type: 'LogQuarantined',
    data: {
      line,
      file: `logs/quarantine/${copy}`,
      runsTouched: 2,
      runs: [second, third],
      bytesSetAside: aside.length,
    },
  });

  // The second run stands before its act, and its process is gone: that is told, and is what doctor ends with.
  expect(stdout).toContain('run-orphaned');
  expect(code).toBe(1);
  expect((await runner.json(['show', first])).run.status).toBe('completed');
  expect((await runner.json(['show', third])).error.code).toBe('run-unknown');
  expect((await runner.wf(['cancel', second])).code).toBe(0);
  const after = await doctor(runner);
  expect(after).toMatchObject({ code: 0, wrong: ['quarantined-files', 'foreign-files'] });
  await expectHealthy(runner);
});

describe('changes nothing', () => {
  const untouched = async (runner: WfRunner, damaged: string): Promise<void> => {
    expect(readFileSync(logOf(runner), 'utf8')).toBe(damaged);
    expect(existsSync(join(runner.home, 'logs/quarantine'))).toBe(false);
    expect((await doctor(runner, ['--fix'])).find('log')).toMatchObject({ severity: 'problem' });
    expect(readFileSync(logOf(runner), 'utf8')).toBe(damaged);
  };

  test('without a terminal, whatever else is asked for', async () => {
    const { runner, damaged, line } = await damagedHome();
    for (const args of [[], ['--fix'], ['--json']]) {
      const { code, stderr, stdout } = await runner.wf(['doctor', '--quarantine', ...args], {
        input: `quarantine ${line}\n`,
      });
      expect(code).toBe(2);
      expect(stdout + stderr).toContain('needs a person at a terminal');
    }
    await untouched(runner, damaged);
  });

  test('when something else is typed', async () => {
    const { runner, damaged } = await damagedHome();
    const { code, stdout } = await quarantine(runner, 'yes\n');
    expect(code).toBe(2);
    expect(stdout).toContain('nothing was changed');
    await untouched(runner, damaged);
  });

  test('where nothing is damaged: exit 4', async () => {
    const runner = wfRunner();
    runner.define({ id: 'quick', execute: { command: '/bin/true' } });
    await runner.wf(['run', 'quick', '--input', 'x']);
    appendFileSync(logOf(runner), '{"seq":');
    const before = readFileSync(logOf(runner), 'utf8');
    const { code, stderr } = await runner.wf(['doctor', '--quarantine']);
    expect(code).toBe(4);
    expect(stderr).toContain('the log has no damage');
    expect(readFileSync(logOf(runner), 'utf8')).toBe(before);
  });

  test('where there is no log: exit 3', async () => {
    expect((await wfRunner().wf(['doctor', '--quarantine'])).code).toBe(3);
  });
});

test('a log that was cut short is gone on with, once somebody has agreed', async () => {
  const runner = wfRunner();
  runner.define({ id: 'quick', execute: { command: '/bin/true' } });
  for (const input of ['one', 'two']) await runner.wf(['run', 'quick', '--input', input]);
  const lines = readFileSync(logOf(runner), 'utf8').split('\n');
  const cut = lines.findIndex((line) => line.includes('"type":"RunCompleted"')) + 1;
  truncateSync(logOf(runner), Buffer.byteLength(`${lines.slice(0, cut).join('\n')}\n`));
  const found = await doctor(runner);
  expect(found.find('log')?.message).toMatch(
    new RegExp(`ends at seq ${cut}, and it was on disk up to seq \\d+`),
  );
  expect((await runner.wf(['run', 'quick', '--input', 'three'])).code).toBe(65);
  const { code, stdout } = await quarantine(runner, `quarantine ${cut + 1}\n`);
  expect(stdout).toContain('0 events that can be read');
  expect(code).toBe(0);
  expect((await runner.wf(['run', 'quick', '--input', 'three'])).code).toBe(0);
  // The copies of the second run are not ours any more: a rebuild set them aside.
  expect((await doctor(runner)).wrong).toEqual(['foreign-files']);
  await expectHealthy(runner);
});
