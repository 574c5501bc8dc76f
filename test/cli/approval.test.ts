/** The hard gate: high risk is dispatched only after a person typed the approval's id on a terminal. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { sh, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const COUNT = 'echo "$WF_TASK" >> "$HOME/count"';
const gated = (runner: WfRunner, more: object = {}): void =>
  runner.define({ id: 'ops', execute: { ...sh(COUNT), ...more } });
const ask = async (runner: WfRunner, input = 'restart the server') => {
  const asked = await runner.json(['run', 'ops', '--input', input]);
  expect(asked).toMatchObject({ code: 6, run: { status: 'waiting', waiting: { for: 'approval' } } });
  return { runId: asked.run.runId, approvalId: asked.run.waiting?.id ?? '', run: asked.run };
};

describe('high risk', () => {
  test('stops before anything is dispatched, and shows what would be', async () => {
    const runner = wfRunner();
    gated(runner);
    const { run, approvalId } = await ask(runner);
    expect(existsSync(runner.path('count'))).toBe(false);
    expect(runner.types()).not.toContain('EffectIntended');
    expect(readFileSync(run.summaryFile ?? '', 'utf8')).toContain('waiting');
    const again = await runner.wf(['run', 'ops', '--input', 'restart the server']);
    expect(again.code).toBe(6);
    expect(again.stdout).toContain('waits for your approval');
    expect(again.stdout).toContain('Nothing was dispatched');
    expect(again.stdout).toContain('restart the server');
    expect(again.stdout).toContain(`wf approve ${approvalId.slice(0, 14)}`);
    expect(runner.types().filter((type) => type === 'ApprovalRequested')).toHaveLength(1);
    const inbox = await runner.wf(['inbox']);
    expect(inbox.stdout).toContain(approvalId.slice(0, 14));
  });

  test('is dispatched once the id was typed on the terminal', async () => {
    const runner = wfRunner();
    gated(runner);
    const { runId, approvalId } = await ask(runner);
    const approved = await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`);
    expect(approved.stdout).toContain('restart the server');
    expect(approved.code).toBe(0);
    expect(runner.lines('count')).toEqual(['OPS: restart the server']);
    expect(runner.types(runId)).toEqual(expect.arrayContaining(['ApprovalGranted', 'RunCompleted']));
    const again = await runner.json(['run', 'ops', '--input', 'restart the server']);
    expect(again).toMatchObject({ code: 0, answer: 'reused' });
    const twice = await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`);
    expect(twice.code).toBe(4);
    expect(runner.lines('count')).toHaveLength(1);
  });

  test('the short id that the screen shows is enough, and `last` names the newest', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId } = await ask(runner);
    const short = approvalId.slice(0, 14);
    expect((await onTerminal(runner, ['approve', 'last'], `${short}\n`)).code).toBe(0);
    expect(runner.lines('count')).toHaveLength(1);
  });

  test.each([['yes'], [''], ['A-01AAAAAAAAAA']])(
    'typing %j instead of the id dispatches nothing',
    async (typed) => {
      const runner = wfRunner();
      gated(runner);
      const { approvalId, runId } = await ask(runner);
      const refused = await onTerminal(runner, ['approve', approvalId], `${typed}\n`);
      expect(refused.code).toBe(2);
      expect(refused.stdout).toContain('nothing was approved');
      expect(existsSync(runner.path('count'))).toBe(false);
      expect(runner.types(runId)).not.toContain('ApprovalGranted');
    },
  );

  test('what was typed before the question does not answer it', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId, runId } = await ask(runner);
    const refused = await onTerminal(runner, ['approve', approvalId], 'no\n', `${approvalId}\n`);
    expect(refused.code).toBe(2);
    expect(refused.stdout).toContain('nothing was approved');
    expect(runner.types(runId)).not.toContain('ApprovalGranted');
    const approved = await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`, 'no\n');
    expect(approved.code).toBe(0);
    expect(runner.lines('count')).toHaveLength(1);
  });

  test('characters that hide or turn text round are shown by number before the question', async () => {
    const runner = wfRunner();
    gated(runner);
    await ask(runner, 'restart \u202etxt.gpj\u200b now\u001b[8m');
    const shown = await onTerminal(runner, ['approve', 'last'], 'no\n');
    expect(shown.stdout).toContain('restart \\u{202e}txt.gpj\\u{200b} now\\u{1b}[8m');
    expect(shown.stdout).not.toMatch(/[\u202e\u200b]/);
  });

  test('without a terminal nobody can approve, whatever is piped in', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId } = await ask(runner);
    // A session of its own has no controlling terminal, as under cron or an agent.
    const piped = await runner.startProgram(['setsid', process.execPath, WF, 'approve', approvalId], {
      input: `${approvalId}\n`,
    }).ended;
    expect(piped.code).toBe(2);
    expect(piped.stderr).toContain('terminal');
    const flag = await runner.json(['approve', approvalId, '--yes']);
    expect(flag).toMatchObject({ code: 2, error: { code: 'usage' } });
    expect(existsSync(runner.path('count'))).toBe(false);
  });

  test('however long it is, all of it is shown before the question; elsewhere a cut is said', async () => {
    const runner = wfRunner();
    runner.define({
      id: 'ops',
      execute: { command: '/bin/sh', args: ['-c', 'exit 0', 'sh', '{{task}}'] },
    });
    const input = `restart ${'x'.repeat(50_000)} and then THE END`;
    const asked = await runner.wf(['run', 'ops', '--input', '-'], { input });
    expect(asked.code).toBe(6);
    expect(asked.stdout).toContain('cut here; wf approve shows all of it');
    const refused = await onTerminal(runner, ['approve', 'last'], 'no\n');
    expect(refused.stdout.match(/THE END/g)).toHaveLength(2);
    expect(refused.stdout).not.toContain('cut here');
    expect(refused.code).toBe(2);
  });

  test('Ctrl-C at the question ends the command and approves nothing', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId, runId } = await ask(runner);
    const ended = await onTerminal(runner, ['approve', approvalId], '\u0003');
    expect(ended.code).toBe(130);
    expect(runner.types(runId)).not.toContain('ApprovalGranted');
    expect(existsSync(runner.path('count'))).toBe(false);
  });

  test('rejected, it is cancelled and never dispatched', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId, runId } = await ask(runner);
    const rejected = await runner.json(['reject', approvalId, '--reason', 'not today']);
    expect(rejected).toMatchObject({ code: 0, run: { runId, status: 'cancelled' } });
    expect(await runner.json(['reject', approvalId])).toMatchObject({ code: 4 });
    expect((await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`)).code).toBe(4);
    expect(existsSync(runner.path('count'))).toBe(false);
    expect(readFileSync(rejected.run.summaryFile ?? '', 'utf8')).toContain('cancelled');
    // Going on after all asks again.
    const resumed = await runner.json(['resume', runId]);
    expect(resumed).toMatchObject({ code: 6, run: { waiting: { for: 'approval' } } });
    expect(resumed.run.waiting?.id).not.toBe(approvalId);
  });

  test('an approval id that does not exist is exit 3', async () => {
    const runner = wfRunner();
    gated(runner);
    await ask(runner);
    expect(await runner.json(['reject', 'A-01AAAAAAAAAAAAAAAAAAAAAAAA'])).toMatchObject({ code: 3 });
    expect(await runner.json(['approve', '__proto__'])).toMatchObject({ code: 2 });
  });

  test('--detach records the yes and returns; the next command carries it out once', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId, runId } = await ask(runner);
    const yes = await onTerminal(runner, ['approve', approvalId, '--detach'], `${approvalId}\n`);
    expect(yes.code).toBe(0);
    expect(await runner.json(['resume', runId])).toMatchObject({ code: 0 });
    expect(runner.lines('count')).toHaveLength(1);
  });
});

describe('what a yes covers', () => {
  test('a changed definition makes it lapse: the person is asked again', async () => {
    const runner = wfRunner();
    gated(runner, { ...sh('echo never >> "$HOME/count"; exit 75'), notPerformedExitCodes: [75] });
    const { approvalId, runId } = await ask(runner);
    const failed = await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`);
    expect(failed.code).toBe(5);
    gated(runner);
    const resumed = await runner.json(['resume', runId, '--with-current-definition']);
    expect(resumed).toMatchObject({ code: 6, run: { waiting: { for: 'approval' } } });
    expect(resumed.run.waiting?.id).toBe(`${approvalId}.2`);
    expect(runner.lines('count')).toEqual(['never']);
    const second = await onTerminal(runner, ['approve', `${approvalId}.2`], `${approvalId}.2\n`);
    expect(second.code).toBe(0);
    expect(runner.lines('count')).toEqual(['never', 'OPS: restart the server']);
  });

  test('it holds while the step was certainly not performed, and is spent by the first act', async () => {
    const runner = wfRunner();
    gated(runner, {
      ...sh('echo try >> "$HOME/count"; test -e "$HOME/ok" || exit 75; exit 1'),
      notPerformedExitCodes: [75],
      retry: { maxAttempts: 2, backoff: '10ms' },
    });
    const { approvalId, runId } = await ask(runner);
    expect((await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`)).code).toBe(5);
    expect(runner.lines('count')).toEqual(['try', 'try']);
    writeFileSync(runner.path('ok'), '');
    // Not performed so far: the yes still stands, and this attempt is performed and fails.
    expect(await runner.json(['resume', runId])).toMatchObject({ code: 5 });
    expect(runner.lines('count')).toHaveLength(3);
    const again = await runner.json(['resume', runId]);
    expect(again).toMatchObject({ code: 6, run: { waiting: { for: 'approval', id: `${approvalId}.2` } } });
    expect(runner.lines('count')).toHaveLength(3);
  });

  test('a changed file alone changes nothing: what was approved is what runs', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId } = await ask(runner);
    gated(runner, sh('echo other >> "$HOME/count"'));
    expect((await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`)).code).toBe(0);
    expect(runner.lines('count')).toEqual(['OPS: restart the server']);
  });

  test('it does not cover another run of the same task', async () => {
    const runner = wfRunner();
    gated(runner);
    const { approvalId } = await ask(runner);
    expect((await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`)).code).toBe(0);
    const forced = await runner.json(['run', 'ops', '--input', 'restart the server', '--force']);
    expect(forced).toMatchObject({ code: 6, run: { waiting: { for: 'approval' } } });
    expect(runner.lines('count')).toHaveLength(1);
  });
});

describe('risk and the OPS: prefix', () => {
  test('a route may raise the risk and never lower it', async () => {
    const runner = wfRunner();
    gated(runner);
    const raised = await runner.json(['run', 'ops', '--input', 'water the plants', '--route', 'ops']);
    expect(raised).toMatchObject({ code: 6, run: { route: 'ops', risk: 'high' } });
    const lowered = await runner.json(['run', 'ops', '--input', 'restart the server', '--route', 'content']);
    expect(lowered).toMatchObject({ code: 6, run: { route: 'content', risk: 'high' } });
    expect(existsSync(runner.path('count'))).toBe(false);
  });

  test('a prefix of the user passes no gate: it is taken off what is dispatched elsewhere', async () => {
    const runner = wfRunner();
    gated(runner);
    const low = await runner.json(['run', 'ops', '--input', 'OPS: water the plants']);
    expect(low).toMatchObject({ code: 0, run: { risk: 'low' } });
    expect(runner.lines('count')).toEqual(['water the plants']);
    const queued = await runner.json(['run', 'autonomous-e2e', '--input', 'ops:  OPS: write a blog']);
    const brief = readFileSync(queued.run.tasks[0]?.brief ?? '', 'utf8');
    expect(brief).toContain('write a blog');
    expect(brief).not.toContain('OPS');
  });

  test('the tools of a risky run are made ready before the yes, its step only after', async () => {
    const runner = wfRunner();
    gated(runner);
    runner.define({
      id: 'ops',
      autoConfigure: { allowlist: ['t'], toolCommands: { t: sh('echo tool >> "$HOME/tool"') } },
      execute: sh(COUNT),
    });
    const { approvalId } = await ask(runner);
    expect(existsSync(runner.path('count'))).toBe(false);
    expect(runner.lines('tool')).toEqual(['tool']);
    await onTerminal(runner, ['approve', approvalId], `${approvalId}\n`);
    await until(() => runner.lines('count').length === 1);
    expect(runner.lines('tool')).toEqual(['tool']);
  });
});
