/**
 * `wf log archive`: nobody notices that the log has several files, and no kill leaves it in a state that anybody
 * would.
 */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectHealthy, root, sh, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const archived = async (runner: WfRunner, keep: number): Promise<{ closed: { lastSeq: number } | null }> => {
  const ended = await runner.wf(['log', 'archive', '--keep', String(keep), '--json']);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout) as { closed: { lastSeq: number } | null };
};

const segmentsOf = (runner: WfRunner): readonly string[] => {
  const folder = join(runner.home, 'logs/segments');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

describe('an archived home', () => {
  test('runs in closed files are shown, answered, resumed, approved, rated and erased as before', async () => {
    const runner = wfRunner();
    runner.define({ id: 'flag', execute: sh('test -e "$HOME/flag" && echo "$WF_TASK"') });
    const failed = await runner.json(['run', 'flag', '--input', 'Xylophonkonzert']);
    const open = await runner.json(['run', 'autonomous-e2e', '--input', 'restart the server']);
    const queued = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const before = await runner.wf(['show', failed.run.runId, '--json']);
    expect((await archived(runner, 1)).closed).not.toBeNull();
    expect(segmentsOf(runner)).toHaveLength(1);
    await expectHealthy(runner);

    const after = await runner.wf(['show', failed.run.runId, '--json']);
    expect(JSON.parse(after.stdout)).toEqual(JSON.parse(before.stdout));
    expect(await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog'])).toMatchObject({
      answer: 'reused',
    });
    writeFileSync(runner.path('flag'), '');
    expect((await runner.json(['resume', failed.run.runId])).run.status).toBe('completed');
    expect((await runner.json(['reject', open.run.runId])).run.status).toBe('cancelled');
    expect((await runner.json(['report', queued.run.runId, '--text', 'done'])).run.status).toBe('completed');
    const rated = ['feedback', 'submit', '--run-id', queued.run.runId, '--score', '4', '--feedback', 'good'];
    expect((await runner.wf(rated)).code).toBe(0);

    expect((await archived(runner, 5)).closed).not.toBeNull();
    expect((await runner.wf(['erase', failed.run.runId, '--yes'])).code).toBe(0);
    for (const name of segmentsOf(runner))
      expect(readFileSync(join(runner.home, 'logs/segments', name), 'utf8')).not.toContain('Xylophon');
    expect((await runner.wf(['events', '--json'])).stdout.split('\n').length - 1).toBe(
      JSON.parse((await runner.wf(['log', 'verify', '--json'])).stdout).events,
    );
    expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
    await expectHealthy(runner);
    const doctor = await runner.wf(['doctor']);
    expect(doctor.code, doctor.stdout).toBe(0);
  });

  test('a backup of it is one file again, goes on where it was, and can be used', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write one']);
    const plain = JSON.parse((await runner.wf(['log', 'backup', 'backup', '--json'])).stdout) as {
      bytes: number;
    };
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write two']);
    await archived(runner, 10);
    const next = await runner.wf(['log', 'backup', 'backup', '--json']);
    const view = JSON.parse(next.stdout) as { bytes: number; written: number; rewritten: boolean };
    expect(view).toMatchObject({ rewritten: false, written: view.bytes - plain.bytes });
    expect(existsSync(runner.path('backup/logs/segments'))).toBe(false);
    const copy = ['--home', runner.path('copy')];
    cpSync(runner.path('backup'), runner.path('copy'), { recursive: true });
    expect((await runner.wf([...copy, 'log', 'verify'])).code).toBe(0);
    expect(await runner.json([...copy, 'run', 'autonomous-e2e', '--input', 'write one'])).toMatchObject({
      answer: 'reused',
    });
  });

  test('is closed again and again while four processes run, and loses nothing', async () => {
    const runner = wfRunner();
    runner.define({ id: 'quick', execute: sh('true') });
    const told: string[] = [];
    let busy = 4;
    const worker = async (name: number): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const { code, run, stderr } = await runner.json(['run', 'quick', '--input', `worker ${name} ${i}`]);
        expect(code, stderr).toBe(0);
        told.push(run.runId);
      }
      busy -= 1;
    };
    const archivist = async (): Promise<void> => {
      while (busy > 0) {
        if (told.length > 0) await archived(runner, 10);
        else await new Promise((done) => setTimeout(done, 20));
      }
    };
    await Promise.all([worker(1), worker(2), worker(3), worker(4), archivist()]);
    expect(segmentsOf(runner).length).toBeGreaterThan(2);
    const events = (await runner.wf(['events', '--type', 'RunCompleted', '--json'])).stdout;
    for (const runId of told) expect(events).toContain(`"stream":"run/${runId}"`);
    await expectHealthy(runner);
  });

  test('killed before any of its writes, the log is the same, and the next one closes it', async () => {
    const template = wfRunner();
    await template.wf(['run', 'autonomous-e2e', '--input', 'write one']);
    await archived(template, 12);
    const { run } = await template.json(['run', 'autonomous-e2e', '--input', 'write two']);
    const events = (await template.wf(['events', '--json'])).stdout;
    const preload = join(root, 'test/support/kill-at.cjs');
    let killed = 0;
    let survived = false;
    for (let at = 1; !survived; at++) {
      const runner = wfRunner();
      cpSync(template.home, runner.home, { recursive: true });
      const argv = [process.execPath, '--require', preload, WF, 'log', 'archive', '--keep', '3'];
      const ended = await runner.startProgram(argv, { env: { WF_KILL_AT: String(at) } }).ended;
      survived = ended.signal === null;
      if (survived) expect(ended, ended.stderr).toMatchObject({ code: 0 });
      else killed += 1;
      expect((await runner.wf(['events', '--json'])).stdout).toBe(events);
      // Somebody else goes on before anybody looks after it.
      const again = await runner.json(['run', 'autonomous-e2e', '--input', 'write two']);
      expect(again).toMatchObject({ answer: 'reused' });
      expect(again.run.runId).toBe(run.runId);
      await archived(runner, 2);
      expect(readdirSync(join(runner.home, 'logs')).filter((name) => name.includes('archiving'))).toEqual([]);
      expect(segmentsOf(runner).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const { closedBytes, bytes } = JSON.parse(
        (await runner.wf(['log', 'archive', '--keep', '2', '--json'])).stdout,
      ) as { closedBytes: number; bytes: number };
      expect(closedBytes).toBeLessThan(bytes);
      await expectHealthy(runner);
    }
    expect(killed).toBeGreaterThan(10);
  }, 300_000);
});
