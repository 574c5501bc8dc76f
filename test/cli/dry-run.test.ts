/** `--dry-run` shows what would happen and why, from the decisions a run makes, and writes nothing at all. */
import { existsSync, writeFileSync } from 'node:fs';
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
