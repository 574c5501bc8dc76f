/** `wf runs --watch`: what changes is seen, and the terminal is as it was afterwards, however it ends. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { quoted, startOnPty } from '../support/pty.ts';
import { screenOf } from '../support/screen.ts';
import { sh, treeOf, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

const UNTIL_GO = 'while [ ! -e "$HOME/go" ]; do sleep 0.05; done';
const slow = (): WfRunner => {
  const runner = wfRunner();
  runner.define({ id: 'slow', execute: { ...sh(UNTIL_GO), env: ['HOME'] } });
  return runner;
};
/** What the picture was when the watching ended: before the other screen was left. */
const picture = (sent: string): string => screenOf(sent.slice(0, sent.lastIndexOf('\u001b[?25h')), 80).text;

describe('on a terminal', () => {
  test('is one picture that follows what happens, until q', async () => {
    const runner = slow();
    const { child, ended, seen } = startOnPty(runner, ['runs', '--watch']);
    await until(() => seen().stdout.includes('Nothing has run here yet'));
    const work = runner.start(['run', 'slow', '--input', 'the first']);
    await until(() => seen().stdout.includes('running'));
    writeFileSync(runner.path('go'), '');
    expect((await work.ended).code).toBe(0);
    await until(() => seen().stdout.includes('✓ completed'));
    child.stdin?.write('q');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(picture(stdout)).toContain('1 completed');
    expect(picture(stdout).match(/the first/g)).toHaveLength(1);
    expect(screenOf(stdout)).toEqual({ text: '', restored: true });
    // Drawn over what was there: it is never emptied first.
    expect(stdout).not.toContain('\u001b[2J');
  });

  test('fits the terminal, and fits it again when that changes', async () => {
    const runner = wfRunner();
    for (let i = 0; i < 6; i++)
      await runner.wf(['run', 'autonomous-e2e', '--input', `write ${'many words '.repeat(8)} ${i}`]);
    const wf = [process.execPath, WF, 'runs', '--watch'].map(quoted).join(' ');
    const { child, ended, seen } = runner.startProgram(
      // A second program on that terminal makes it smaller while the first one watches.
      [
        'script',
        '-qec',
        `stty rows 20 cols 100; (sleep 2; stty rows 7 cols 40 < /dev/tty) & exec ${wf}`,
        '/dev/null',
      ],
      { input: { open: true }, env: { TERM: 'xterm', LANG: 'C.UTF-8' } },
    );
    const frames = () => seen().stdout.split('\u001b[H').slice(1);
    const height = (frame: string): number => frame.split('\r\n').length;
    const width = (frame: string): number =>
      Math.max(...frame.split('\r\n').map((line) => (line.split('\u001b')[0] ?? '').length));
    // Rows and columns change one after the other.
    await until(() => frames().some((frame) => height(frame) === 7 && width(frame) < 40));
    child.stdin?.write('q');
    expect((await ended).code).toBe(0);
    const [large = ''] = frames();
    expect(height(large)).toBe(10);
    expect(width(large)).toBeGreaterThan(60);
    expect(width(large)).toBeLessThan(100);
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s ends it and restores the terminal', async (_key, key) => {
    const runner = slow();
    const { child, ended, seen } = startOnPty(runner, ['runs', '--watch']);
    await until(() => seen().stdout.includes('q quits'));
    child.stdin?.write(key);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(screenOf(stdout).restored).toBe(true);
  });

  test('a signal restores the terminal too, its line mode included', async () => {
    const runner = slow();
    const pid = runner.path('pid');
    const wf = [process.execPath, WF, 'runs', '--watch'].map(quoted).join(' ');
    const { ended, seen } = runner.startProgram(
      ['script', '-qec', `(echo $BASHPID > ${quoted(pid)}; exec ${wf}); stty -a`, '/dev/null'],
      { input: { open: true }, env: { TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/bash' } },
    );
    await until(() => seen().stdout.includes('q quits'));
    process.kill(Number(runner.lines('pid')[0]), 'SIGTERM');
    const { stdout } = await ended;
    expect(stdout).toMatch(/ icanon\b/);
    expect(stdout).toMatch(/ echo\b/);
    expect(screenOf(stdout).restored).toBe(true);
  });
});

describe('elsewhere', () => {
  test('is a line for each run that begins, stops or ends, and nothing of a terminal', async () => {
    const runner = slow();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write the old one']);
    const { child, ended, seen } = runner.start(['runs', '--watch']);
    await until(() => seen().stdout.includes('write the old one'));
    const work = runner.start(['run', 'slow', '--input', 'the new one']);
    await until(() => /running {2}slow {2}the new one/.test(seen().stdout));
    writeFileSync(runner.path('go'), '');
    await work.ended;
    await until(() => /completed {2}slow/.test(seen().stdout));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}\w{26} {2}◐ handed off {2}autonomous-e2e {2}write/,
      ),
      expect.stringMatching(/ ▸ running {2}slow {2}the new one$/),
      expect.stringMatching(/ ✓ completed {2}slow {2}the new one$/),
    ]);
    expect(stdout).not.toContain('\u001b');
  });

  test('shows only what fits a filter, ends when its reader goes, and writes nothing', async () => {
    const runner = wfRunner();
    await runner.wf(['run', 'autonomous-e2e', '--input', 'restart the server']);
    await runner.wf(['run', 'autonomous-e2e', '--input', 'write it']);
    const log = () => treeOf(`${runner.home}/logs`).filter((entry) => entry.includes('events.jsonl'));
    const before = log();
    const wf = [process.execPath, WF, 'runs', '--watch', '--status', 'waiting'].map(quoted).join(' ');
    const { ended, seen } = runner.startProgram(['bash', '-c', `${wf} | head -1`]);
    await until(() => seen().stdout.includes('restart the server'));
    expect(log()).toEqual(before);
    // That its reader has gone it finds out when it has more to say.
    await runner.wf(['run', 'autonomous-e2e', '--input', 'restart the other server']);
    expect((await ended).stdout.split('\n')).toHaveLength(2);
  });

  test('--json is refused: a list that never ends is not one value', async () => {
    expect(await wfRunner().json(['runs', '--watch'])).toMatchObject({
      code: 2,
      error: { hint: expect.stringContaining('wf events --follow --json') },
    });
  });
});
