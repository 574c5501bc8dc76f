/** A home of the script engine that came before: left byte for byte as it was; its definition runs elsewhere. */
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const FIXTURE = join(root, 'test/fixtures/legacy-home');
const RUN = '0b3b4251-2798-4dcd-b527-e9ac512b1836';

const legacyHome = (): WfRunner => {
  const runner = wfRunner();
  cpSync(FIXTURE, runner.home, { recursive: true });
  return runner;
};

const WRITING: readonly (readonly string[])[] = [
  ['run', 'autonomous-e2e', '--input', 'write a blog'],
  ['run', 'autonomous-e2e', '--input', 'write a blog', '--dry-run'],
  ['run', 'autonomous-e2e', '--input', 'x', '--force'],
  ['run', 'autonomous-e2e', '--resume', RUN],
  ['resume', RUN],
  ['resume', 'last'],
  ['cancel', RUN],
  ['approve', RUN],
  ['reject', RUN],
  ['report', RUN, '--text', 'done'],
  ['resolve', RUN, '--sent'],
];

describe('a legacy home', () => {
  test('is refused by every verb that writes, which names a way out, and stays byte for byte the same', async () => {
    const runner = legacyHome();
    const before = treeOf(runner.home);
    const times = (path: string) => statSync(join(runner.home, path)).mtimeMs;
    const stamps = ['.', 'logs', 'state', 'state/runs', 'logs/events.jsonl'].map(times);
    for (const args of WRITING) {
      const refused = await runner.json(args);
      expect(refused, args.join(' ')).toMatchObject({ code: 2, error: { code: 'legacy-home' } });
      expect(refused.error.hint).toContain(`wf import-legacy ${runner.home}`);
      expect(refused.error.hint).toContain('--home');
      expect(refused.error.hint).toContain('WF_HOME');
    }
    expect(treeOf(runner.home)).toEqual(before);
    expect(['.', 'logs', 'state', 'state/runs', 'logs/events.jsonl'].map(times)).toEqual(stamps);
  });

  test('is recognised by its run records alone, when its log is gone', async () => {
    const runner = wfRunner();
    cpSync(join(FIXTURE, 'state'), join(runner.home, 'state'), { recursive: true });
    const before = treeOf(runner.home);
    const refused = await runner.json(['run', 'autonomous-e2e', '--input', 'x']);
    expect(refused).toMatchObject({ code: 2, error: { code: 'legacy-home' } });
    expect(treeOf(runner.home)).toEqual(before);
  });

  test('its definition runs in a fresh home, and hands over what its script hands over', async () => {
    const runner = wfRunner();
    cpSync(join(FIXTURE, 'definitions'), join(runner.home, 'definitions'), { recursive: true });
    const env = { OPENCLAW_ROOT: runner.dir };
    const handed = await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog'], { env });
    expect(handed).toMatchObject({ code: 0, run: { status: 'handed_off', route: 'content' } });
    expect(handed.run.tasks[0]?.jobId).toBe(`job-${handed.run.runId.slice(0, 8)}`);
    const tools = runner
      .log()
      .find((event) => event.data.stage === 'configure_tools' && event.type === 'StageCompleted');
    expect(tools?.data.output).toMatchObject({
      configured: ['publish_directory'],
      skipped: [
        { tool: 'broken_tool', reason: 'command_failed' },
        { tool: 'no_command_tool', reason: 'no_command' },
      ],
    });
    const failed = await runner.json(['run', 'autonomous-e2e', '--input', 'write FAIL'], { env });
    expect(failed).toMatchObject({ code: 5, run: { status: 'failed' } });
    expect(failed.run.error?.message).toContain('dispatch refused');
  });

  test('a definition of id and execute alone runs', async () => {
    const runner = wfRunner();
    mkdirSync(join(runner.home, 'definitions'), { recursive: true });
    const file = join(runner.home, 'definitions/tiny.json');
    writeFileSync(file, '{"id":"tiny","execute":{"command":"/bin/true"}}');
    const done = await runner.json(['run', 'tiny', '--input', 'x']);
    expect(done).toMatchObject({ code: 0, run: { status: 'completed', outcome: 'done' } });
    expect(readFileSync(file, 'utf8')).toBe('{"id":"tiny","execute":{"command":"/bin/true"}}');
  });
});
