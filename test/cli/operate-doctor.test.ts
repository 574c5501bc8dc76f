/** `wf doctor`: finds what is wrong, says what to do, mends what is safe, and works when little else does. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const BLOG = 'write a blog on BIM Automation in Autodesk';
const main = (runner: WfRunner) => runner.json(['run', 'autonomous-e2e', '--input', BLOG]);

type Finding = {
  id: string;
  severity: string;
  message: string;
  where?: string;
  fix?: string;
  fixed?: string;
};
const doctor = async (runner: WfRunner, ...args: string[]) => {
  const { code, stdout } = await runner.wf(['doctor', ...args, '--json']);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  const find = (id: string): Finding | undefined => findings.find((finding) => finding.id === id);
  return { code, ok, findings, find };
};

test('a home in order is said to be so, with the hash to keep elsewhere', async () => {
  const runner = wfRunner();
  await main(runner);
  const { code, stdout } = await runner.wf(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/events, every hash follows; head \d+ [0-9a-f]{64}/);
  expect(stdout).toContain('Everything is in order.');
});

test('doors that stand open are found and, with --fix, closed', async () => {
  const runner = wfRunner();
  const { run } = await main(runner);
  const record = join(runner.home, `state/runs/${run.runId}.json`);
  chmodSync(record, 0o644);
  expect(await doctor(runner)).toMatchObject({ code: 0, ok: true });
  chmodSync(runner.home, 0o755);
  const found = await doctor(runner);
  expect(found.code).toBe(1);
  expect(found.find('permissions')).toMatchObject({ severity: 'problem', where: runner.home });
  expect((await doctor(runner, '--fix')).find('permissions')?.fixed).toContain('closed 2');
  expect([statSync(runner.home).mode & 0o777, statSync(record).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(await doctor(runner)).toMatchObject({ code: 0 });
});

describe('the log', () => {
  test('damage is located, and --fix keeps its hands off it', async () => {
    const runner = wfRunner();
    await main(runner);
    const log = join(runner.home, 'logs/events.jsonl');
    const changed = readFileSync(log, 'utf8').replace('"type":"RunStarted"', '"type":"RunStartet"');
    writeFileSync(log, changed);
    for (const args of [[], ['--fix']]) {
      const { code, find } = await doctor(runner, ...args);
      expect(code).toBe(1);
      expect(find('log')).toMatchObject({ severity: 'problem' });
      expect(find('log')?.message).toMatch(/line 3, byte \d+: its hash does not follow/);
      expect(find('log')?.fix).toContain('backup');
    }
    expect(readFileSync(log, 'utf8')).toBe(changed);
  });

  test('an unfinished end is a warning, and what was set aside is named afterwards', async () => {
    const runner = wfRunner();
    await main(runner);
    appendFileSync(join(runner.home, 'logs/events.jsonl'), '{"seq":');
    expect((await doctor(runner)).find('torn-tail')).toMatchObject({ severity: 'warning' });
    await runner.json(['run', 'autonomous-e2e', '--input', 'write another']);
    const after = await doctor(runner);
    expect(after.find('torn-tail')).toBeUndefined();
    expect(after.find('torn-files')).toMatchObject({ severity: 'warning' });
    expect(after.code).toBe(0);
  });

  test('after a failed sync writers refuse until --fix has written the log anew; nothing readable is lost', async () => {
    const runner = wfRunner();
    const { run } = await main(runner);
    const before = readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8');
    const mark = join(runner.home, 'logs/SYNC_FAILED');
    writeFileSync(mark, JSON.stringify({ offset: before.length, durableSeq: 20 }));
    const refused = await runner.json(['run', 'autonomous-e2e', '--input', 'write more']);
    expect(refused.error).toMatchObject({ code: 'sync-failed', exitCode: 74 });

    const found = await doctor(runner);
    expect(found.code).toBe(1);
    expect(found.find('sync-failed')?.fix).toContain('wf doctor --fix');
    expect(existsSync(mark)).toBe(true);

    const mended = await doctor(runner, '--fix');
    expect(mended.find('sync-failed')?.fixed).toContain('events after seq 20 were kept');
    expect(mended.code).toBe(0);
    expect(existsSync(mark)).toBe(false);
    expect(readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8').startsWith(before)).toBe(true);
    expect(runner.log().at(-1)).toMatchObject({
      stream: 'system',
      type: 'LogRepaired',
      data: { reason: 'sync-failed', durableSeq: 20 },
    });
    expect((await runner.json(['show', run.runId])).run.status).toBe('handed_off');
    expect((await runner.json(['run', 'autonomous-e2e', '--input', 'write more'])).code).toBe(0);
  });
});

test('a changed projection is found, and made anew', async () => {
  const runner = wfRunner();
  const { run } = await main(runner);
  const record = join(runner.home, `state/runs/${run.runId}.json`);
  const before = readFileSync(record, 'utf8');
  writeFileSync(record, before.replace('handed_off', 'completed'));
  const found = await doctor(runner);
  expect(found).toMatchObject({ code: 1, ok: false });
  expect(found.find('projections')?.message).toContain(`state/runs/${run.runId}.json is different`);
  expect(await doctor(runner, '--fix')).toMatchObject({ code: 0 });
  expect(readFileSync(record, 'utf8')).toBe(before);
});

test('what people wrote is checked: config.json and definitions, by line', async () => {
  const runner = wfRunner();
  await main(runner);
  runner.define({ id: 'broken', execute: { command: '/bin/true', timeout: 3 } });
  writeFileSync(join(runner.home, 'config.json'), '{\n  "openclav": {}\n}\n', { mode: 0o600 });
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('config')).toMatchObject({ severity: 'problem', where: `${runner.home}/config.json:2:3` });
  expect(find('config')?.message).toContain('did you mean openclaw?');
  expect(find('definition')?.where).toMatch(/definitions\/broken\.json:\d+:\d+$/);
  expect(find('log')?.severity).toBe('ok');
});

test('a warning about a definition is no word that it cannot be started', async () => {
  const runner = wfRunner();
  await main(runner);
  runner.define({ id: 'told', execute: { command: '/bin/true' }, notify: [{ on: ['failed'] }] });
  const { code, find } = await doctor(runner);
  expect(code).toBe(0);
  expect(find('definition')).toBeUndefined();
  expect(find('definition-warning')).toMatchObject({ severity: 'warning' });
});

test('a run whose process was killed is named with the command that goes on', async () => {
  const runner = wfRunner();
  runner.define({
    id: 'slow',
    execute: { ...sh('echo go >> "$HOME/began"; exec sleep 30'), idempotent: true },
  });
  const started = runner.start(['run', 'slow', '--input', 'x']);
  await until(() => runner.lines('began').length > 0);
  const scratch = readdirSync(join(runner.home, 'run'));
  expect((await doctor(runner)).find('run-orphaned')).toBeUndefined();
  started.child.kill('SIGKILL');
  await started.ended;
  const { code, find } = await doctor(runner);
  expect(code).toBe(1);
  expect(find('run-orphaned')?.message).toContain('the process that worked on it is gone');
  const command = /wf (resume \S+)/.exec(find('run-orphaned')?.fix ?? '')?.[1]?.split(' ') ?? [];
  // Evidence of an open effect is no litter.
  expect((await doctor(runner, '--fix')).find('scratch')).toBeUndefined();
  expect(readdirSync(join(runner.home, 'run'))).toEqual(scratch);
  expect((await runner.wf(['cancel', command[1] ?? ''])).code).toBe(0);
});

test('litter of work that is over is removed; what is not ours stays', async () => {
  const runner = wfRunner();
  const { run } = await main(runner);
  const over = join(runner.home, `run/${run.runId}.main.1`);
  const foreign = join(runner.home, 'run/notes');
  mkdirSync(over, { recursive: true, mode: 0o700 });
  mkdirSync(foreign, { mode: 0o700 });
  expect((await doctor(runner)).find('scratch')).toMatchObject({ severity: 'warning' });
  expect(existsSync(over)).toBe(true);
  expect((await doctor(runner, '--fix')).find('scratch')?.fixed).toContain('removed 1');
  expect([existsSync(over), existsSync(foreign)]).toEqual([false, true]);
});

test('something else in the place of the home is a finding, not a crash', async () => {
  const runner = wfRunner();
  writeFileSync(runner.path('home2'), '');
  const { code, stdout } = await runner.wf(['doctor', '--json', '--home', runner.path('home2')]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'wf.doctor/1', ok: false });
});
