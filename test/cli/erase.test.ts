/**
 * `wf erase`: afterwards no byte of the home says what the run was about, however it was recorded, and whatever
 * killed the erasure on the way; and the home is as whole as before.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectHealthy, root, sh, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const WORD = 'Xylophonkonzert';
const TASK = `plan the ${WORD} for Äpfel & co`;

/** Files below a folder, databases and hidden ones too, that hold the word in UTF-8 or as JSON writes it. */
function filesWith(dir: string, word = WORD): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(word))
    .map((path) => path.slice(dir.length + 1));
}

/** A run with everything a run can leave: long values, a copy of its summary, artifacts, a failed attempt. */
async function fullRun(runner: WfRunner, task = TASK): Promise<string> {
  mkdirSync(join(runner.home), { recursive: true, mode: 0o700 });
  mkdirSync(runner.path('shared'), { recursive: true });
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify({ allowedRoots: [runner.path('shared')] }), {
    mode: 0o600,
  });
  runner.define({
    id: 'full',
    execute: {
      ...sh('echo "$WF_TASK" > "$WF_ARTIFACTS/note"; yes "$WF_TASK" | head -c 50000; echo "$WF_TASK" >&2'),
    },
    deliver: { summaryFile: `${runner.path('shared')}/{{runId}}.md` },
  });
  const { run } = await runner.json(['run', 'full', '--input', task]);
  expect(run.status).toBe('completed');
  return run.runId;
}

describe('erasing', () => {
  test('leaves no byte of the text anywhere, and a home that is whole', async () => {
    const runner = wfRunner();
    const other = await fullRun(runner, 'something else');
    const runId = await fullRun(runner);
    const feedback = ['feedback', 'submit', '--run-id', runId, '--score', '3', '--feedback', 'fine'];
    expect((await runner.wf(feedback)).code).toBe(0);
    // What a rebuild set aside, what a crash left, and an end of the log that was cut off.
    const record = readFileSync(join(runner.home, `state/runs/${runId}.json`));
    const leftovers: Record<string, string | Buffer> = {
      [`state/foreign/outbox/${runId}.md.2`]: TASK,
      [`state/.rebuild-1-1/old/state/runs/${runId}.json`]: record,
      [`outbox/.${runId}.md.77.tmp`]: TASK,
      [`run/${runId}.main.1/stdout`]: TASK,
      'logs/torn/a.jsonl': `{"seq":9,"id":"x","ts":"y","stream":"run/${runId}","data":{"input":"${TASK}`,
      'logs/torn/b.jsonl': `\0\0\0\0 ${TASK}`,
      'logs/torn/c.jsonl': '{"seq":9,"id":"x","ts":"y","stream":"run/other","data":{"inp',
      'logs/quarantine/.01ABC/events.jsonl': `{"seq":9,"id":"x","ts":"y","stream":"run/other","data":{}}\n${TASK}`,
      'logs/events.jsonl.erasing': TASK,
    };
    for (const [path, text] of Object.entries(leftovers)) {
      const file = join(runner.home, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
    }
    expect(filesWith(runner.home).length).toBeGreaterThan(10);
    expect(filesWith(runner.path('shared'))).toHaveLength(1);

    const erased = await runner.wf(['erase', runId, '--yes', '--artifacts', '--json']);
    expect(erased, erased.stderr).toMatchObject({ code: 0 });
    const view = JSON.parse(erased.stdout) as { stays: string[]; blobs: object; events: number };
    expect(view.blobs).toEqual({ removed: 1, shared: 0 });
    expect(view.events).toBeGreaterThan(15);
    expect(view.stays.join('\n')).toMatch(/1 piece of feedback/);

    expect(filesWith(runner.home)).toEqual([]);
    expect(filesWith(runner.path('shared'))).toEqual([]);
    expect(existsSync(join(runner.home, 'artifacts', runId))).toBe(false);
    expect(existsSync(join(runner.home, 'logs/torn/c.jsonl'))).toBe(true);
    expect(filesWith(runner.home, 'something else').length).toBeGreaterThan(4);
    await expectHealthy(runner);
    const verified = await runner.wf(['log', 'verify', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, erased: view.events });
    expect((await runner.wf(['show', other])).stdout).toContain('something else');
  });

  test('keeps the work done once: the same request is answered with the erased run', async () => {
    const runner = wfRunner();
    const runId = await fullRun(runner);
    expect((await runner.wf(['erase', runId.slice(0, 14), '--yes'])).code).toBe(0);
    const again = await runner.json(['run', 'full', '--input', TASK]);
    expect(again).toMatchObject({ code: 0, answer: 'reused' });
    expect(again.run).toMatchObject({ runId, status: 'completed' });
    for (const verb of [['resume'], ['cancel'], ['resolve', '--sent'], ['report', '--text', 'x']]) {
      const refused = await runner.json([verb[0] as string, runId, ...verb.slice(1)]);
      expect({ verb, ...refused.error }).toMatchObject({ code: 'run-erased', exitCode: 4 });
    }
    const shown = await runner.wf(['show', 'last']);
    expect(shown.stdout).toMatch(/erased {5}\d{4}-/);
    expect((await runner.wf(['runs'])).stdout).toContain('[erased]');
    expect((await runner.wf(['replay', 'last'])).code).toBe(0);
    expect((await runner.wf(['events', '--run', 'last'])).code).toBe(0);
    expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
    await expectHealthy(runner);
  });

  test('is refused while the run is under way, and asks a person first', async () => {
    const runner = wfRunner();
    const waiting = await runner.json(['run', 'autonomous-e2e', '--input', 'restart the server']);
    expect(waiting.run.status).toBe('waiting');
    const refused = await runner.json(['erase', 'last', '--yes']);
    expect(refused.error).toMatchObject({ code: 'run-live', exitCode: 4 });
    expect((await runner.wf(['cancel', 'last'])).code).toBe(0);
    const unasked = await runner.json(['erase', 'last']);
    expect(unasked.error).toMatchObject({ code: 'no-terminal', exitCode: 2 });
    expect(unasked.error.hint).toContain('--yes');
    expect(runner.types()).not.toContain('RunErased');

    const ask = async (answer: string): Promise<string> => {
      const command = `${process.execPath} ${WF} erase last`;
      const { child, ended, seen } = runner.startProgram(['script', '-qec', command, '/dev/null'], {
        input: { open: true },
        env: { TERM: 'dumb' },
      });
      await until(() => child.exitCode !== null || seen().stdout.includes("Type the run's id"));
      child.stdin?.write(`${answer}\n`);
      return (await ended).stdout;
    };
    expect(await ask('yes')).toContain('nothing was erased');
    expect(runner.types()).not.toContain('RunErased');
    expect(await ask(waiting.run.runId.slice(0, 12))).toContain('is erased');
    expect(runner.types()).toContain('RunErased');
  });

  test('a queued task goes with its brief and can no longer be reported', async () => {
    const runner = wfRunner();
    const { run } = await runner.json(['run', 'autonomous-e2e', '--input', `write about the ${WORD}`]);
    expect(run.status).toBe('handed_off');
    expect((await runner.wf(['erase', 'last', '--yes'])).code).toBe(0);
    expect(filesWith(runner.home)).toEqual([]);
    expect(JSON.parse((await runner.wf(['inbox', '--json'])).stdout)).toMatchObject({ items: [] });
    const report = await runner.json(['report', run.runId, '--text', 'late']);
    expect(report.error.code).toBe('run-erased');
    await expectHealthy(runner);
  });

  test('a long value that another run has too stays for that one', async () => {
    const runner = wfRunner();
    const runId = await fullRun(runner);
    const twin = await runner.json(['run', 'full', '--input', TASK, '--force']);
    const erased = JSON.parse((await runner.wf(['erase', runId, '--yes', '--json'])).stdout);
    expect(erased.blobs).toEqual({ removed: 0, shared: 1 });
    await expectHealthy(runner);
    const last = JSON.parse((await runner.wf(['erase', twin.run.runId, '--yes', '--json'])).stdout);
    expect(last.blobs).toEqual({ removed: 1, shared: 0 });
    expect(filesWith(join(runner.home, 'blobs'))).toEqual([]);
  });

  test('killed before any of its writes, the log is whole and the next erase finishes', async () => {
    const template = wfRunner();
    const runId = await fullRun(template);
    mkdirSync(join(template.home, 'logs/torn'), { recursive: true });
    writeFileSync(join(template.home, 'logs/torn/a.jsonl'), `torn ${TASK}`);
    const preload = join(root, 'test/support/kill-at.cjs');
    let survived = false;
    let steps = 0;
    let mended = 0;
    // Every second one, which tries every kind of call and takes half the time.
    for (let at = 1; !survived; at += 2) {
      const runner = wfRunner();
      cpSync(template.home, runner.home, { recursive: true });
      const argv = [process.execPath, '--require', preload, WF, 'erase', runId, '--yes'];
      const { signal, code, stderr } = await runner.startProgram(argv, { env: { WF_KILL_AT: String(at) } })
        .ended;
      survived = signal === null;
      if (survived) expect({ code, stderr }).toMatchObject({ code: 0 });
      else steps += 1;
      const verified = await runner.wf(['log', 'verify']);
      expect(verified.code, verified.stdout).toBe(0);
      // By whom it is finished makes no difference, once it was recorded.
      const byDoctor =
        runner.types(runId).includes('RunErased') &&
        (await runner.wf(['doctor'])).stdout.includes('erase-unfinished');
      const finish = byDoctor ? ['doctor', '--fix'] : ['erase', runId, '--yes'];
      const finished = await runner.wf(finish);
      expect(finished.code, finished.stdout + finished.stderr).toBe(0);
      mended += byDoctor ? 1 : 0;
      expect(filesWith(runner.home).filter((path) => !path.startsWith('artifacts/'))).toEqual([]);
      await expectHealthy(runner);
    }
    expect(steps).toBeGreaterThan(8);
    expect(mended).toBeGreaterThan(2);
  }, 300_000);

  test('loses nothing that others record meanwhile', async () => {
    const runner = wfRunner();
    runner.define({ id: 'quick', execute: sh('true') });
    const victims: string[] = [];
    for (const n of [1, 2, 3]) {
      const { run } = await runner.json(['run', 'quick', '--input', `${WORD} ${n}`]);
      victims.push(run.runId);
    }
    const told: string[] = [];
    const worker = async (name: number): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const { code, run } = await runner.json(['run', 'quick', '--input', `worker ${name} ${i}`]);
        expect(code).toBe(0);
        told.push(run.runId);
      }
    };
    const eraser = async (): Promise<void> => {
      for (const runId of victims) {
        const ended = await runner.wf(['erase', runId, '--yes']);
        expect(ended.code, ended.stderr).toBe(0);
      }
    };
    await Promise.all([worker(1), worker(2), worker(3), worker(4), eraser()]);
    const completed = runner.log().filter(({ type }) => type === 'RunCompleted');
    for (const runId of told) expect(completed.map(({ stream }) => stream)).toContain(`run/${runId}`);
    expect(filesWith(runner.home)).toEqual([]);
    await expectHealthy(runner);
  });
});
