/**
 * The histories that benches measure on are real ones: made by copying, they pass every check that a user's own home
 * would, and hold what it would hold. A bench on an invalid log would measure something else.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeHistory } from '../../bench/make-history.ts';
import { WF, type WfRunner, wfRunner } from '../support/wf.ts';

const RUNS = 204;
const answerOf = async (runner: WfRunner, ...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await runner.wf([...args, '--json']);
  // Piped, nobody watches how far it has come.
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return JSON.parse(stdout);
};

it('a made history verifies, rebuilds, and can be worked on', async () => {
  const runner = wfRunner();
  const made = makeHistory(runner.home, RUNS, WF);
  const events = runner.log();
  expect(made).toEqual({ runs: RUNS, events: events.length, bytes: expect.any(Number) });
  expect(await answerOf(runner, 'log', 'verify')).toMatchObject({ ok: true, events: made.events });
  expect(await answerOf(runner, 'rebuild-projections')).toMatchObject({ runs: RUNS, foreign: [] });
  expect(await answerOf(runner, 'rebuild-projections', '--check')).toMatchObject({ ok: true });

  const ended = (type: string): number => events.filter((event) => event.type === type).length;
  expect({ failed: ended('RunFailed'), reported: ended('OutcomeReported') }).toEqual({
    failed: 3,
    reported: 4,
  });
  expect(ended('FeedbackSubmitted')).toBe(2);
  const again = await runner.json(['run', 'bench', '--input', 'history 000000200']);
  expect([again.answer, again.run.status]).toEqual(['reused', 'completed']);
  const fresh = await runner.json(['run', 'bench', '--input', 'something new']);
  expect([fresh.answer, fresh.run.status]).toEqual(['ended', 'completed']);
});

it('a log long enough for threads is verified by the built program, and damage in it is found', async () => {
  const runner = wfRunner();
  const log = `${runner.home}/logs/events.jsonl`;
  // The 64 MiB from which threads read, and a little more.
  const made = makeHistory(runner.home, 6_000, WF);
  expect(made.bytes).toBeGreaterThan(64 * 1024 * 1024);
  expect(await answerOf(runner, 'log', 'verify')).toMatchObject({ ok: true, events: made.events });

  const file = openSync(log, 'r+');
  writeSync(file, '#', made.bytes - 1_000_000);
  closeSync(file);
  const { code, stdout } = await runner.wf(['log', 'verify', '--json']);
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 65, ok: false });
});
