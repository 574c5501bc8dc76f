/**
 * A short torture: what `npm run torture` does for as long as you like, often enough here that a broken recovery does
 * not get past the tests. The checks are tested first, on logs that are wrong on purpose.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { effectsHold } from '../torture/check-effects.ts';
import { acknowledged } from '../torture/check-told.ts';
import { onceAKey } from '../torture/checks.ts';
import { type History, historyOf, type Line } from '../torture/history.ts';
import { makePlace, makeWorkshop, removeFolder, type Told, type Workshop } from '../torture/place.ts';
import { pendingRequests } from '../torture/quiet.ts';
import { race } from '../torture/race.ts';
import { jsonLine, summaryOf } from '../torture/summary.ts';
import { torture } from '../torture/torture.ts';

const workshop = (): Workshop => {
  const made = makeWorkshop();
  onTestFinished(() => removeFolder(made.dir));
  return made;
};

test('processes killed wherever it hurts lose nothing they told, and do nothing twice', async () => {
  const limits = { kills: 60, until: Number.POSITIVE_INFINITY };
  const result = await torture(workshop(), { seed: 7, processes: 4, ...limits });
  expect(result.problems).toEqual([]);
  expect(result.kills).toBeGreaterThanOrEqual(60);
  expect(result.killsAt.size).toBeGreaterThan(5);
  expect(result.runs).toBeGreaterThan(0);
  expect(result.answers).toBeGreaterThan(0);
  const summary = summaryOf([jsonLine(result), jsonLine(result)]);
  expect(summary).toContain(`${2 * result.kills} killed`);
}, 180_000);

test('processes that race for the same keys execute each once and lose no entry', async () => {
  const place = makePlace(workshop());
  const { problems, executed } = await race(place, { processes: 4, runs: 6, keys: 3 });
  expect(problems).toEqual([]);
  expect(executed).toBe(3 + 4 * 3);
});

describe('the checks of the torture see', () => {
  const KEY = 'wf:r1:execute.main:1';
  const intended = (attempt = 1) => ({
    type: 'EffectIntended',
    data: {
      effectId: `r1.main.${attempt}`,
      key: `wf:r1:execute.main:${attempt}`,
      step: 'main',
      attempt,
      dispatcher: 'command',
    },
  });
  const confirmed = {
    type: 'EffectConfirmed',
    data: { effectId: 'r1.main.1', receipt: { by: 'process', exitCode: 0 } },
  };
  const started = { type: 'RunStarted', data: { runId: 'r1', workflowId: 'w', key: 'k', forced: false } };
  const of = (runs: Readonly<Record<string, readonly Pick<Line, 'type' | 'data'>[]>>): History =>
    historyOf(
      Object.entries(runs)
        .flatMap(([runId, lines]) =>
          lines.map((line, i) => ({ ...line, stream: `run/${runId}`, streamVersion: i + 1 })),
        )
        .map((line, i) => ({ ...line, seq: i + 1 })),
    );

  test('an act that was performed twice', () => {
    const history = of({ r1: [started, intended(), confirmed] });
    expect(effectsHold(history, new Map([[KEY, 2]])).join('\n')).toContain('2 times');
    expect(effectsHold(history, new Map([[KEY, 1]]))).toEqual([]);
  });

  test('an act whose end nobody recorded or doubts', () => {
    expect(effectsHold(of({ r1: [started, intended()] }), new Map([[KEY, 1]]))).toHaveLength(1);
  });

  test('an act that is told as done and never happened', () => {
    expect(effectsHold(of({ r1: [started, intended(), confirmed] }), new Map())).toHaveLength(1);
  });

  test('an act that the log knows nothing of', () => {
    expect(effectsHold(of({ r1: [started] }), new Map([[KEY, 1]]))).toHaveLength(1);
  });

  test('a second attempt after one that nobody judged', () => {
    const unknown = { type: 'EffectUnknown', data: { effectId: 'r1.main.1' } };
    const judged = { type: 'EffectResolved', data: { effectId: 'r1.main.1', verdict: 'not-sent' } };
    expect(effectsHold(of({ r1: [started, intended(), unknown, intended(2)] }), new Map())).toHaveLength(1);
    expect(effectsHold(of({ r1: [started, intended(), unknown, judged, intended(2)] }), new Map())).toEqual(
      [],
    );
  });

  test('two finished runs of one key', () => {
    const done = { type: 'RunCompleted', data: {} };
    expect(onceAKey(of({ r1: [started, done], r2: [started, done] }))).toHaveLength(1);
    expect(onceAKey(of({ r1: [started, done], r2: [started] }))).toEqual([]);
  });

  test('a promised run that nobody has started, but not where the key has a finished run', () => {
    const claim = {
      type: 'KeyClaimed',
      data: { workflowId: 'w', key: 'k', runId: 'r9' },
      stream: 'key/1',
      streamVersion: 1,
      seq: 9,
    };
    const thenClaimed = (lines: readonly Pick<Line, 'type' | 'data'>[]): History =>
      historyOf([...of({ r1: lines }).lines, claim]);
    expect(pendingRequests(thenClaimed([started]))).toMatchObject([{ workflowId: 'w', key: 'k' }]);
    expect(pendingRequests(thenClaimed([started, { type: 'RunCompleted', data: {} }]))).toEqual([]);
  });

  test('a verdict on a run that was cancelled meanwhile: it stays cancelled, and nobody has to go on with it', () => {
    const lines = [
      started,
      intended(),
      { type: 'EffectUnknown', data: { effectId: 'r1.main.1' } },
      { type: 'RunCancelled', data: {} },
      { type: 'EffectResolved', data: { effectId: 'r1.main.1', verdict: 'not-sent' } },
    ];
    expect(of({ r1: lines }).runs.get('r1')?.status).toBe('cancelled');
  });

  test('a doubt that arose after the cancelling: it wants a verdict, and nobody has to go on afterwards', () => {
    const lines = [
      started,
      intended(),
      { type: 'RunCancelled', data: {} },
      { type: 'EffectUnknown', data: { effectId: 'r1.main.1' } },
    ];
    const judged = { type: 'EffectResolved', data: { effectId: 'r1.main.1', verdict: 'sent' } };
    expect(of({ r1: lines }).runs.get('r1')?.status).toBe('in-doubt');
    expect(of({ r1: [...lines, judged] }).runs.get('r1')?.status).toBe('cancelled');
  });

  test('an answer that the log does not bear out, also one of a killed process', () => {
    const told: Told = {
      args: ['run', 'w'],
      code: null,
      signal: 'SIGKILL',
      json: { run: { runId: 'r1', status: 'completed' } },
      stdout: '',
      stderr: '',
    };
    expect(acknowledged(of({ r1: [started] }), [told]).problems).toHaveLength(1);
    expect(acknowledged(of({}), [told]).problems).toHaveLength(1);
    expect(acknowledged(of({ r1: [started, { type: 'RunCompleted', data: {} }] }), [told]).problems).toEqual(
      [],
    );
  });
});
