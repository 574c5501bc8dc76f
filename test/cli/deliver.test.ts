/** The work checked, shown, approved to the byte, and delivered: the definition's own gates, with real processes. */
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

/** Stands for an assistant's CLI: it writes the draft, and what it was told. */
const DRAFT = 'printf "%s\\n" "a post about plants" > post.md; printf "%s\\n" "$1" >> "$HOME/told"';
const brand = (runner: WfRunner, more: object = {}): void =>
  runner.define({
    id: 'brand',
    classify: { routes: [], fallback: { name: 'content', risk: 'high' } },
    execute: { steps: [{ id: 'draft', ...sh(DRAFT), args: ['-c', DRAFT, 'sh', '{{brief}}'] }] },
    verify: {
      requiredFiles: [],
      files: [{ path: '{{artifacts}}/post.md', fresh: true, minBytes: 10, notContains: ['TODO'] }],
    },
    approval: [
      { at: 'deliver', show: ['{{artifacts}}/post.md'], by: ['owner'], onReject: 'redo', maxRedo: 1 },
    ],
    deliver: {
      actions: [
        {
          id: 'blog',
          ...sh('cat "$1" >> "$HOME/blog"'),
          args: ['-c', 'cat "$1" >> "$HOME/blog"', 'sh', '{{artifacts}}/post.md'],
        },
      ],
    },
    ...more,
  });

const blog = (runner: WfRunner): string =>
  existsSync(runner.path('blog')) ? readFileSync(runner.path('blog'), 'utf8') : '';

async function asked(runner: WfRunner) {
  const { code, run } = await runner.json(['run', 'brand', '--input', 'today']);
  expect({ code, waiting: run.waiting?.for }).toEqual({ code: 6, waiting: 'approval' });
  return {
    run,
    approvalId: run.waiting?.id ?? '',
    draft: join(runner.home, 'artifacts', run.runId, 'post.md'),
  };
}

describe('an approval after the work', () => {
  test('shows the draft, and what was approved is what is published', async () => {
    const runner = wfRunner();
    brand(runner);
    const { approvalId } = await asked(runner);
    expect(blog(runner)).toBe('');
    const end = await onTerminal(runner, ['approve', 'last'], `${approvalId}\n`);
    expect(end.stdout).toContain('a post about plants');
    expect(end.code).toBe(0);
    expect(blog(runner)).toBe('a post about plants\n');
    expect((await runner.json(['show', 'last'])).run.status).toBe('completed');
  });

  test('a byte that changed after the question asks again, and nothing is published', async () => {
    const runner = wfRunner();
    brand(runner);
    const { approvalId, draft } = await asked(runner);
    writeFileSync(draft, 'a post about something else\n');
    const end = await onTerminal(runner, ['approve', 'last'], `${approvalId}\n`);
    expect(end.code).toBe(6);
    expect(blog(runner)).toBe('');
    expect(runner.types().filter((type) => type === 'ApprovalRequested')).toHaveLength(2);
  });

  test('a no sends the work back with its reason, and only so often', async () => {
    const runner = wfRunner();
    brand(runner);
    await asked(runner);
    expect(readFileSync(runner.path('told'), 'utf8')).not.toContain('Sent back');
    const back = await runner.wf(['reject', 'last', '--reason', 'make it shorter']);
    expect(back.code).toBe(6);
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(2);
    expect(readFileSync(runner.path('told'), 'utf8')).toMatch(/## Sent back\n- make it shorter/);
    const second = await runner.wf(['reject', 'last', '--reason', 'no']);
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(2);
    expect(second.stdout).toContain('cancelled');
    expect(blog(runner)).toBe('');
  });
});

describe('verify', () => {
  test("yesterday's file does not pass for today's work", async () => {
    const runner = wfRunner();
    const old = new Date(Date.now() - 86_400_000);
    const stale = runner.path('stale.md');
    writeFileSync(stale, 'a post about plants');
    utimesSync(stale, old, old);
    brand(runner, {
      execute: { steps: [{ id: 'draft', ...sh('true') }] },
      verify: { requiredFiles: [], files: [{ path: stale, fresh: true }] },
      approval: undefined,
      deliver: undefined,
      classify: undefined,
    });
    const { code, run } = await runner.json(['run', 'brand', '--input', 'today']);
    expect(code).toBe(5);
    expect(run.error?.message).toMatch(/stale\.md is not fresh: it was last changed/);
  });

  test('an answer that says it was unable to is a failure, whatever its exit code', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'brand',
      execute: sh('echo "Sorry. I was unable to reach the site."'),
      verify: { outcome: { notEmpty: true, failOn: ['I was unable to'] } },
    });
    const { code, run } = await runner.json(['run', 'brand', '--input', 'today']);
    expect(code).toBe(5);
    expect(run.error?.message).toBe('the answer says "I was unable to"');
  });

  test('a check that fails, fails the run; a resume makes the check again and not the work', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'brand',
      execute: sh('echo done >> "$HOME/work"'),
      verify: { command: sh('test -e "$HOME/fine"') },
    });
    const first = await runner.json(['run', 'brand', '--input', 'today']);
    expect({ code: first.code, stage: first.run.error?.stage }).toEqual({ code: 5, stage: 'verify' });
    writeFileSync(runner.path('fine'), '');
    const second = await runner.json(['resume', 'last']);
    expect({ code: second.code, status: second.run.status }).toEqual({ code: 0, status: 'completed' });
    expect(readFileSync(runner.path('work'), 'utf8')).toBe('done\n');
  });
});

test('an approval that nobody gave in time: the run goes on without the step, told by the next command', async () => {
  const runner = wfRunner();
  runner.define({
    id: 'brand',
    execute: {
      steps: [
        { id: 'backup', ...sh('echo backup >> "$HOME/work"') },
        { id: 'prune', ...sh('echo prune >> "$HOME/work"') },
      ],
    },
    approval: [{ at: 'execute.prune', expiresIn: '1ms', onExpire: 'skip' }],
  });
  await runner.json(['run', 'brand', '--input', 'today']);
  const { code, run } = await runner.json(['resume', 'last']);
  expect({ code, status: run.status }).toEqual({ code: 0, status: 'completed' });
  expect(readFileSync(runner.path('work'), 'utf8')).toBe('backup\n');
  expect(runner.types()).toContain('ApprovalExpired');
});
