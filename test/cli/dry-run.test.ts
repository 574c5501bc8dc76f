/** `--dry-run` shows what would happen and why, from the decisions a run makes, and writes nothing at all. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sh, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const dry = async (runner: WfRunner, args: readonly string[]) => {
  const before = treeOf(runner.dir);
  const { code, stdout, stderr } = await runner.wf(['run', ...args, '--dry-run', '--json']);
  // The compile cache is elsewhere; nothing inside the user's folder may appear, vanish or change.
  expect(treeOf(runner.dir)).toEqual(before);
  return { code, stderr, ...(JSON.parse(stdout) as { steps?: readonly { message: string }[] }) };
};

describe('--dry-run', () => {
  test('on a machine without a home creates none, and shows route, plan, tools and the message', async () => {
    const runner = wfRunner();
    const shown = await dry(runner, ['autonomous-e2e', '--input', 'write a blog on BIM']);
    expect(existsSync(runner.home)).toBe(false);
    expect(shown).toMatchObject({
      code: 0,
      schema: 'wf.dry-run/1',
      classify: { route: 'content', risk: 'low', words: ['blog', 'write'] },
      tools: [{ tool: 'publish_directory', required: false }],
      steps: [{ step: 'main', dispatcher: 'manual' }],
      approval: 'not needed',
      wouldBe: { answer: 'start' },
    });
    const [step] = shown.steps ?? [];
    expect(step?.message).toContain('write a blog on BIM');
    expect(step?.message).toContain('Outline first.');
    const text = await runner.wf(['run', 'autonomous-e2e', '--input', 'write a blog on BIM', '--dry-run']);
    expect(text.stdout).toContain('nothing was written');
    expect(text.stdout).toContain('because of "blog", "write"');
  });

  test('of high risk says that it would be asked first, and why', async () => {
    const runner = wfRunner();
    const shown = await dry(runner, ['autonomous-e2e', '--input', 'write a post, then restart the server']);
    expect(shown).toMatchObject({
      code: 0,
      classify: { route: 'content', risk: 'high', highRiskWords: ['restart'] },
      approval: 'asked before execute',
    });
  });

  test('shows exactly what is dispatched afterwards, the run id apart', async () => {
    const runner = wfRunner();
    runner.define({ id: 'say', execute: { command: '/bin/echo', args: ['--', '{{runId}}', '{{task}}'] } });
    const shown = await dry(runner, ['say', '--input', 'two words']);
    const [step] = shown.steps ?? [];
    const { run } = await runner.json(['run', 'say', '--input', 'two words']);
    const intended = runner.log().find((event) => event.type === 'EffectIntended');
    expect(step?.message.replace('RUN', run.runId)).toBe(intended?.data.preview);
  });

  test('says which run would answer, and whether another input would be refused', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo x >> "$HOME/count"') });
    const { run } = await runner.json(['run', 'count', '--input', 'a', '--idempotency-key', 'k']);
    const { runId } = run;
    const key = ['--idempotency-key', 'k'];
    expect(await dry(runner, ['count', '--input', 'a', ...key])).toMatchObject({
      idempotencyKey: 'k',
      wouldBe: { answer: 'reuse', runId, sameInput: true },
    });
    expect(await dry(runner, ['count', '--input', 'b', ...key])).toMatchObject({
      wouldBe: { answer: 'reuse', runId, sameInput: false },
    });
    expect(await dry(runner, ['count', '--input', 'a', ...key, '--force'])).toMatchObject({
      wouldBe: { answer: 'start' },
    });
    expect(runner.lines('count')).toEqual(['x']);
  });

  test('of a run that waits says that it would be shown, and what it waits for', async () => {
    const runner = wfRunner();
    const line = ['autonomous-e2e', '--input', 'restart the server'];
    const { run } = await runner.json(['run', ...line]);
    expect(await dry(runner, line)).toMatchObject({
      wouldBe: { answer: 'follow', runId: run.runId, status: 'waiting', waitingFor: 'approval' },
    });
    const text = await runner.wf(['run', ...line, '--dry-run']);
    expect(text.stdout).toContain(`run ${run.runId} waits (approval) and would be shown`);
  });

  test('of a run that was claimed and killed before it began says that it would be adopted', async () => {
    const runner = wfRunner();
    runner.define({ id: 'count', execute: sh('echo x >> "$HOME/count"') });
    await runner.json(['run', 'count', '--input', 'a']);
    const log = join(runner.home, 'logs/events.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    const claimed = lines.findIndex((line) => line.includes('"type":"KeyClaimed"'));
    rmSync(join(runner.home, 'state'), { recursive: true });
    writeFileSync(log, `${lines.slice(0, claimed + 1).join('\n')}\n`);
    const text = await runner.wf(['run', 'count', '--input', 'a', '--dry-run']);
    expect(text.stdout).toContain('it would be adopted');
  });

  test('shows neither secrets nor what would not be dispatched', async () => {
    const runner = wfRunner();
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const shown = await dry(runner, ['autonomous-e2e', '--input', `write a blog with ${secret}`]);
    expect(shown).toMatchObject({ redactions: 1 });
    expect(JSON.stringify(shown)).not.toContain(secret);
  });

  test('refuses what a run would refuse, with the same exit code, and writes nothing either', async () => {
    const runner = wfRunner();
    expect(await dry(runner, ['nope', '--input', 'x'])).toMatchObject({ code: 3 });
    expect(await dry(runner, ['autonomous-e2e', '--input', '  '])).toMatchObject({ code: 2 });
    expect(await dry(runner, ['autonomous-e2e', '--input', 'x', '--route', 'nope'])).toMatchObject({
      code: 2,
    });
    writeFileSync(runner.path('bad.txt'), Buffer.from([0x61, 0xff]));
    expect(await dry(runner, ['autonomous-e2e', '--input-file', runner.path('bad.txt')])).toMatchObject({
      code: 2,
    });
    expect(existsSync(runner.home)).toBe(false);
  });
});
