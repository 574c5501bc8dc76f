/** `notify`: what somebody is told of a run, whom, how often, and what a notification never does to the run. */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import { loadState } from '../../src/engine/load-run.ts';
import { notifyRun } from '../../src/engine/notify-run.ts';
import { cancelRun, recordAndContinue } from '../../src/engine/outside-commands.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { OutsideCommand } from '../../src/workflow/command.ts';
import type { EffectResult } from '../../src/workflow/effects.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { BROKEN, DONE, IN_DOUBT, JOB, Simulation, type SimulationOptions } from '../support/simulation.ts';

const HOUR_MS = 3_600_000;
const low = { routes: [], highRiskWords: [], fallback: { name: 'g', risk: 'low' } };
const definition = (more: object) => ({ id: 'w', classify: low, execute: { command: '/bin/x' }, ...more });
const ALL = ['failed', 'completed', 'handed-off', 'cancelled', 'waiting', 'in-doubt', 'expired'];

class World {
  readonly simulation: Simulation;
  readonly raw: object;
  constructor(more: object, options: Partial<SimulationOptions> = {}) {
    this.raw = definition(more);
    this.simulation = new Simulation({
      definitions: { w: this.raw },
      messages: ['default'],
      ...options,
    });
  }
  run = async (input = 'x'): Promise<Answer> => {
    const request = { workflowId: 'w', input, force: false, detach: false };
    const answer = await this.simulation.process((ports) => startRun(ports, request));
    if (answer instanceof Error) throw answer;
    return answer;
  };
  say = (runId: string, command: OutsideCommand) =>
    this.simulation.process<unknown>((ports) => recordAndContinue(ports, runId, command, { detach: false }));
  /** As a server does it. */
  look = async (runId: string): Promise<number> => {
    const told = await this.simulation.process(async (ports) =>
      notifyRun(ports, await loadState(ports, runId), normaliseDefinition(this.raw)),
    );
    if (told instanceof Error) throw told;
    return told.length;
  };
  get told() {
    return this.simulation.told.map(({ effect }) => effect.target);
  }
  get texts() {
    return this.simulation.told.map(({ effect }) => effect.message);
  }
  get events() {
    return this.simulation.store
      .events()
      .filter(({ stream }) => stream.startsWith('notify/'))
      .map(({ type }) => type);
  }
}

const notify = (on: readonly string[], more: object = {}) => ({ notify: [{ on, ...more }] });

describe('what somebody is told', () => {
  test('a failure, by the process that met it, once', async () => {
    const world = new World(notify(['failed']), { results: [BROKEN] });
    const { run, told } = await world.run();
    expect(told).toEqual([{ on: 'failed', targets: ['default'], status: 'sent' }]);
    expect(world.texts[0]).toContain('w failed at execute\ntask: x\nwhy: exited with 1');
    expect(world.texts[0]).toContain(`again: wf resume ${run.runId}`);
    expect(await world.look(run.runId)).toBe(0);
    expect(world.events).toEqual(['NotificationIntended', 'NotificationSent']);
  });

  test.each([
    ['completed', [DONE], {}],
    ['handed-off', [JOB], { execute: { command: '/bin/x', await: 'dispatch' } }],
    ['waiting:outcome', [JOB], { execute: { command: '/bin/x', await: 'outcome' } }],
    ['in-doubt', [IN_DOUBT], {}],
    ['waiting:approval', [DONE], { approval: [{ at: 'execute' }] }],
  ] as const)('%s, and nothing else', async (on, results, more) => {
    const world = new World({ ...notify(ALL), ...more }, { results });
    const { run } = await world.run();
    const named = world.simulation.store
      .events()
      .flatMap(({ type, data }) => (type === 'NotificationIntended' ? [(data as { on: string }).on] : []));
    expect(named).toEqual([on]);
    expect(await world.look(run.runId)).toBe(0);
  });

  test('not what no rule asks for', async () => {
    const world = new World(notify(['in-doubt', 'missed']), { results: [BROKEN] });
    await world.run();
    expect(world.events).toEqual([]);
  });

  test('a question is asked with its yes and its no; expired or rejected, that is told by who noted it', async () => {
    const approval = [{ at: 'execute', expiresIn: '2h' }];
    const world = new World({ ...notify(['waiting', 'expired', 'cancelled']), approval });
    const { run } = await world.run();
    expect(world.texts[0]).toContain(`yes: wf approve A-${run.runId}\nno: wf reject A-${run.runId}`);
    expect(world.texts[0]).toContain('then the run is cancelled');
    await world.say(run.runId, { type: 'Reject', approvalId: `A-${run.runId}`, by: 'me' });
    expect(world.texts[1]).toContain('w was cancelled');
    const second = (await world.run()).run.runId;
    world.simulation.sleep(3 * HOUR_MS);
    await world.say(second, { type: 'Expire', approvalId: `A-${second}` });
    expect(world.texts.slice(3).map((text) => text.split('\n')[0])).toEqual([
      'w was not approved in time',
      'w was cancelled',
    ]);
  });

  test('a run that is taken up again and fails again is another failure', async () => {
    const world = new World(notify(['failed', 'cancelled']), { results: [IN_DOUBT, BROKEN] });
    const { run } = await world.run();
    expect(world.told).toEqual([]);
    await world.say(run.runId, { type: 'Resolve', verdict: 'not-sent', by: 'me' });
    expect(world.told).toHaveLength(1);
    expect(world.simulation.run(run.runId).status).toBe('failed');
    await world.simulation.process((ports) => cancelRun(ports, run.runId, 'me'));
    expect(world.told).toHaveLength(1);
  });
});

describe('whom', () => {
  const failing = (...names: readonly string[]): Partial<SimulationOptions> => ({
    results: [BROKEN],
    messages: ['phone', 'mail', 'pager'],
    telling: (target): EffectResult => (names.includes(target) ? BROKEN : DONE),
  });
  const to = ['phone', 'mail', 'pager'];

  test('the first that takes it; the next one where one fails; nobody after that', async () => {
    const world = new World(notify(['failed'], { to }), failing('phone'));
    const { run, told } = await world.run();
    expect(world.told).toEqual(['phone', 'mail']);
    expect(told).toEqual([
      { on: 'failed', targets: ['phone'], status: 'failed', error: 'its program exited with 1' },
      { on: 'failed', targets: ['mail'], status: 'sent' },
    ]);
    expect(await world.look(run.runId)).toBe(0);
  });

  test('none of them takes it: each is tried once, and the run is what it was', async () => {
    const world = new World(notify(['completed'], { to }), { ...failing(...to), results: [DONE] });
    const { run } = await world.run();
    expect(world.told).toEqual(to);
    expect(run.status).toBe('completed');
    expect(await world.look(run.runId)).toBe(0);
  });

  test('one that is not configured is passed over; where none is, that is recorded once and nothing is started', async () => {
    const some = new World(notify(['failed'], { to: ['gone', 'mail'] }), failing());
    await some.run();
    expect(some.told).toEqual(['mail']);
    const none = new World(notify(['failed'], { to: ['gone'] }), failing());
    const { run, told } = await none.run();
    expect(told).toEqual([{ on: 'failed', targets: ['gone'], status: 'skipped' }]);
    expect(none.events).toEqual(['NotificationSkipped']);
    expect(await none.look(run.runId)).toBe(0);
  });

  test('what a target prints is not recorded, for it may be the text', async () => {
    const said: EffectResult = {
      result: 'failed',
      performed: true,
      retryable: false,
      error: { code: 'exit-code', message: 'notify exited with 3: cannot send "the secret task"' },
      exitCode: 3,
      stderr: 'cannot send "the secret task"',
    };
    const world = new World(notify(['failed'], { to: 'mail' }), { ...failing(), telling: () => said });
    await world.run();
    const lines = world.simulation.store.lines().filter((line) => line.includes('"notify/'));
    expect(lines.join()).not.toContain('secret task');
    expect(lines.join()).toContain('its program exited with 3');
  });
});

describe('how often', () => {
  test('a cause that lasts is told again at each interval, also after a long sleep once', async () => {
    const world = new World(notify(['in-doubt'], { repeat: '4h' }), { results: [IN_DOUBT, DONE] });
    const { run } = await world.run();
    world.simulation.sleep(3 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(0);
    world.simulation.sleep(HOUR_MS);
    expect(await world.look(run.runId)).toBe(1);
    expect(world.texts[1]?.startsWith('still: w is in doubt')).toBe(true);
    world.simulation.sleep(17 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(1);
    expect(await world.look(run.runId)).toBe(0);
    await world.say(run.runId, { type: 'Resolve', verdict: 'sent', by: 'me' });
    world.simulation.sleep(100 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(0);
    expect(world.told).toHaveLength(3);
  });

  test('remindAfter asks again until it is answered, of "default" where no rule says whom', async () => {
    const approval = [{ at: 'execute', remindAfter: '4h' }];
    const world = new World({ approval });
    const { run } = await world.run();
    expect(world.told).toEqual(['default']);
    world.simulation.sleep(5 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(1);
    expect(world.texts[1]).toContain('still: w waits for your approval');
    await world.say(run.runId, { type: 'Approve', approvalId: `A-${run.runId}`, by: 'me', isOwner: true });
    world.simulation.sleep(5 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(0);
  });

  test('without repeat it is told once, however long it lasts', async () => {
    const world = new World(notify(['failed']), { results: [BROKEN] });
    const { run } = await world.run();
    world.simulation.sleep(1000 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(0);
  });

  test('a clock that was set back tells nothing twice', async () => {
    const world = new World(notify(['in-doubt'], { repeat: '1h' }), { results: [IN_DOUBT] });
    const { run } = await world.run();
    world.simulation.sleep(5 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(1);
    world.simulation.sleep(-4 * HOUR_MS);
    expect(await world.look(run.runId)).toBe(0);
  });
});

describe('a process that is killed at it', () => {
  const options = { results: [IN_DOUBT], messages: ['phone', 'mail'] };
  const rule = (to: readonly string[]) => notify(['in-doubt'], { to, repeat: '4h' });

  /** Killed right after the target had it, before that is recorded. */
  async function killedTelling(to: readonly string[]): Promise<{ world: World; runId: string }> {
    const world = new World(rule(to), options);
    const request = { workflowId: 'w', input: 'x', force: false, detach: false };
    for (let point = 1; world.told.length === 0; point++) {
      const before = world.simulation.store.events().length;
      world.simulation.killAt(point);
      await world.simulation.process((ports) =>
        startRun(ports, { ...request, input: `x${before}-${point}` }),
      );
      const [last = ''] = world.simulation.runIds().slice(-1);
      if (world.told.length > 0) return { world, runId: last };
    }
    throw new Error('nobody was told before the kill');
  }

  test('it may have arrived: the same target is not told again in that interval, the next one is', async () => {
    const { world, runId } = await killedTelling(['phone', 'mail']);
    expect(world.told).toEqual(['phone']);
    expect(await world.look(runId)).toBe(1);
    expect(world.told).toEqual(['phone', 'mail']);
    expect(await world.look(runId)).toBe(0);
    expect(world.events.filter((type) => type === 'NotificationFailed')).toHaveLength(1);
  });

  test('without another target it stays in doubt until the next interval', async () => {
    const { world, runId } = await killedTelling(['phone']);
    expect(await world.look(runId)).toBe(0);
    world.simulation.sleep(4 * HOUR_MS);
    expect(await world.look(runId)).toBe(1);
    expect(world.told).toEqual(['phone', 'phone']);
  });
});
