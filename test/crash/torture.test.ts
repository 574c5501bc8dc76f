/**
 * A short torture: what `npm run torture` does for as long as you like, often enough here that a broken recovery does
 * not get past the tests. The checks are tested first, on logs that are wrong on purpose.
 */
import { rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { effectsHold } from '../torture/check-effects.ts';
import { acknowledged } from '../torture/check-told.ts';
import { onceAKey } from '../torture/checks.ts';
import { type History, historyOf, type Line } from '../torture/history.ts';
import { makePlace, type Told } from '../torture/place.ts';
import { race } from '../torture/race.ts';
import { torture } from '../torture/torture.ts';

const away = (dir: string): void =>
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

test('processes killed at random lose nothing they told, and do nothing twice', async () => {
  const result = await torture({ seconds: 10, seed: 7, processes: 4 });
  onTestFinished(() => away(result.place.dir));
  expect(result.problems).toEqual([]);
  expect(result.kills).toBeGreaterThan(0);
  expect(result.runs).toBeGreaterThan(0);
  expect(result.answers).toBeGreaterThan(0);
}, 120_000);

test('processes that race for the same keys execute each once and lose no entry', async () => {
  const place = makePlace();
  onTestFinished(() => away(place.dir));
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
