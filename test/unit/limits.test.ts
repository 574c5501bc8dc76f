/** `limits`: what counts against them, what is said when one is reached, and what an unknown cost means. */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { exitCodeOf } from '../../src/engine/answer.ts';
import { dayOf } from '../../src/engine/calendar-day.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { WfError } from '../../src/errors.ts';
import { costText } from '../../src/workflow/cost.ts';
import type { EffectResult } from '../../src/workflow/effects.ts';
import { limitForGoingOn, limitForStart, type Usage } from '../../src/workflow/limits.ts';
import { DONE, JOB, Simulation } from '../support/simulation.ts';

const free: Usage = {
  atWork: [],
  startedToday: 0,
  costToday: { usd: 0, unknown: 0 },
  dayEndsAt: '2026-11-24T00:00:00.000Z',
};
const run = (runId: string, ownerGone = false) => ({ runId, ownerGone });

describe('what is in the way', () => {
  test('nothing below a limit, and the limit itself at it', () => {
    const limits = { concurrency: 2, runsPerDay: 3, costUsdPerDay: 5 };
    const below = { ...free, atWork: [run('A')], startedToday: 2, costToday: { usd: 4.99, unknown: 3 } };
    expect(limitForStart('w', limits, below)).toBeNull();
    expect(limitForStart('w', limits, { ...below, atWork: [run('A'), run('B')] })).toMatchObject({
      limit: 'concurrency',
      value: 2,
      message: 'limits.concurrency of w is 2, and 2 runs are at work: A, B',
      runIds: ['A', 'B'],
    });
    expect(limitForStart('w', limits, { ...below, startedToday: 3 })).toMatchObject({
      limit: 'runsPerDay',
      message: 'limits.runsPerDay of w is 3, and 3 runs were started today',
      freesAt: '2026-11-24T00:00:00.000Z',
    });
    expect(limitForStart('w', limits, { ...below, costToday: { usd: 5, unknown: 1 } })).toMatchObject({
      limit: 'costUsdPerDay',
      message:
        'limits.costUsdPerDay of w is 5, and its runs have cost at least 5 USD (the cost of 1 turn is not known) today',
    });
  });

  test('a run that goes on needs a place, and is no new run of the day', () => {
    const used = { ...free, startedToday: 9, costToday: { usd: 9, unknown: 0 } };
    const limits = { concurrency: 1, runsPerDay: 1, costUsdPerDay: 1 };
    expect(limitForGoingOn('w', limits, used)).toBeNull();
    expect(limitForGoingOn('w', limits, { ...used, atWork: [run('A')] })?.limit).toBe('concurrency');
  });

  test('a run whose process has ended holds its place, and it is said how to free it', () => {
    const reached = limitForStart('w', { concurrency: 1 }, { ...free, atWork: [run('A', true)] });
    expect(reached?.hint).toContain('wf resume A');
    expect(reached?.hint).toContain('wf cancel A');
  });

  test('a sum with an unknown part is "at least"', () => {
    expect(costText({ usd: 0.1 + 0.2, unknown: 0 })).toBe('0.3 USD');
    expect(costText({ usd: 0.3, unknown: 2 })).toBe('at least 0.3 USD (the cost of 2 turns is not known)');
    expect(costText({ usd: 0, unknown: 1 })).toBe('not known (1 turn)');
  });

  test('a day is the one of the calendar here', () => {
    const { since, until } = dayOf(Date.UTC(2026, 10, 23, 12));
    expect(new Date(since).getHours()).toBe(0);
    expect(new Date(until).getHours()).toBe(0);
    expect(new Date(since).getDate()).toBe(new Date(Date.UTC(2026, 10, 23, 12)).getDate());
  });
});

const paid = (costUsd?: number): EffectResult => ({
  result: 'confirmed',
  outcome: 'done',
  receipt: { by: 'process', exitCode: 0, ...(costUsd === undefined ? {} : { costUsd }) },
});
const turns = [
  { id: 'draft', dispatcher: 'openclaw', await: 'dispatch' },
  { id: 'polish', dispatcher: 'openclaw', await: 'dispatch' },
];
const low = { routes: [], fallback: { name: 'g', risk: 'low' } };
const workflow = (limits: object, more: object = {}) => ({
  definitions: { w: { id: 'w', classify: low, execute: { steps: turns }, limits, ...more } },
});
const start = (simulation: Simulation, input: string) =>
  simulation.process((ports) => startRun(ports, { workflowId: 'w', input, force: false, detach: false }));
const runOf = (answer: unknown) => (answer as Answer).run;

describe('costUsdPerRun', () => {
  test('at the limit no further turn is begun; what was done stays done, and it is exit 7', async () => {
    const simulation = new Simulation({ ...workflow({ costUsdPerRun: 1 }), results: [paid(1.25)] });
    const answer = (await start(simulation, 'x')) as Answer;
    expect(answer.run).toMatchObject({
      status: 'failed',
      error: {
        code: 'limit-cost-per-run',
        step: 'polish',
        message: 'limits.costUsdPerRun is 1, and this run has cost 1.25 USD: polish was not begun',
      },
    });
    expect(exitCodeOf(answer)).toBe(7);
    expect(simulation.acts).toHaveLength(1);
    const again = await simulation.process((ports) =>
      resumeRun(ports, { runId: answer.run.runId, takeOver: false, withCurrentDefinition: false }),
    );
    expect(runOf(again).error?.code).toBe('limit-cost-per-run');
    expect(simulation.acts).toHaveLength(1);
  });

  test('what nobody states is unknown: it does not stop the run, and is not taken for nothing', async () => {
    const simulation = new Simulation({ ...workflow({ costUsdPerRun: 1 }), results: [paid(), paid(0.5)] });
    const { status, effects } = runOf(await start(simulation, 'x'));
    expect(status).toBe('completed');
    expect(effects.map(({ receipt }) => receipt?.costUsd)).toEqual([undefined, 0.5]);
  });

  test('what costs nothing is still done: the work is paid for and gets delivered', async () => {
    const deliver = { actions: [{ id: 'send', command: '/bin/send' }] };
    const simulation = new Simulation({
      ...workflow({ costUsdPerRun: 1 }, { execute: { dispatcher: 'openclaw', await: 'dispatch' }, deliver }),
      results: [paid(3), DONE],
    });
    expect(runOf(await start(simulation, 'x')).status).toBe('completed');
    expect(simulation.acts.map(({ effect }) => effect.step)).toEqual(['main', 'deliver.send']);
  });
});

describe('a day', () => {
  test('has so many runs and no more, and the next one begins anew', async () => {
    const simulation = new Simulation(workflow({ runsPerDay: 2 }));
    await start(simulation, 'a');
    await start(simulation, 'b');
    const refused = (await start(simulation, 'c')) as WfError;
    expect(refused).toBeInstanceOf(WfError);
    expect(refused).toMatchObject({ code: 'limit-reached', exitCode: 7, retryable: true });
    expect(refused.message).toContain('limits.runsPerDay of w is 2');
    // The same work again is answered and not counted.
    expect(await start(simulation, 'a')).toMatchObject({ kind: 'reused' });
    const noted = simulation.store.events().filter(({ type }) => type === 'RunRefused');
    expect(noted.map(({ data }) => data)).toMatchObject([{ reason: 'limit', message: refused.message }]);
    simulation.sleep(24 * 3_600_000);
    expect(await start(simulation, 'c')).toMatchObject({ kind: 'ended' });
  });

  test('costs so much and no more; costs of yesterday are not of today', async () => {
    const simulation = new Simulation({ ...workflow({ costUsdPerDay: 2 }), results: [paid(1.5)] });
    await start(simulation, 'a');
    expect(await start(simulation, 'b')).toMatchObject({ code: 'limit-reached' });
    expect(((await start(simulation, 'b')) as WfError).message).toContain('have cost 3 USD today');
    simulation.sleep(24 * 3_600_000);
    expect(await start(simulation, 'b')).toMatchObject({ kind: 'ended' });
  });
});

describe('concurrency', () => {
  test('a run that waits for somebody is not at work, and needs a place to go on', async () => {
    const simulation = new Simulation({
      ...workflow({ concurrency: 1 }, { execute: { dispatcher: 'openclaw', await: 'outcome' } }),
      results: [JOB],
    });
    expect(runOf(await start(simulation, 'a')).waiting?.for).toBe('outcome');
    expect(runOf(await start(simulation, 'b')).waiting?.for).toBe('outcome');
  });

  test('a killed run holds its place until somebody goes on with it or gives it up', async () => {
    const simulation = new Simulation(workflow({ concurrency: 1 }));
    // Within its first act.
    simulation.killAt(8);
    await start(simulation, 'a');
    const [killed = ''] = simulation.runIds();
    expect(simulation.run(killed).lease).not.toBeNull();
    const refused = (await start(simulation, 'b')) as WfError;
    expect(refused.hint).toContain(`wf resume ${killed}`);
  });
});
