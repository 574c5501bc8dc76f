/**
 * Where `wf serve` meets notifications, limits and the library, as real processes. The targets are small scripts; a
 * schedule's first look is written into the log as if a server had made it some minutes ago.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MINUTELY, seenMinutesAgo } from '../support/seen-schedule.ts';
import { expectHealthy, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const low = { routes: [], highRiskWords: [], fallback: { name: 'g', risk: 'low' } };

/** Targets that hang while a file is there, and append what they are told to a file of their name. */
function targets(runner: WfRunner, names: readonly string[]): void {
  const body = (name: string) =>
    `echo . >> "${runner.path(`${name}.asked`)}"; while [ -e "${runner.path('hang')}" ]; do sleep 0.05; done; cat >> "${runner.path(name)}"; echo >> "${runner.path(name)}"`;
  const messages = Object.fromEntries(
    names.map((name) => [name, { via: 'command', command: '/bin/sh', args: ['-c', body(name)] }]),
  );
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  writeFileSync(`${runner.home}/config.json`, JSON.stringify({ messages }), { mode: 0o600 });
}
/** What it was due for in the last minutes is too late now. */
const missing = (id: string, to: readonly string[] = ['phone', 'mail']) => ({
  ...{ id, classify: low, execute: sh('exit 0') },
  schedules: [{ ...MINUTELY, catchUp: 'all', within: '1m' }],
  notify: [{ on: ['missed'], to }],
});
const of = (runner: WfRunner, type: string) => runner.log().filter((event) => event.type === type);

describe('a server that is told to stop while it tells people', () => {
  test('begins nothing more, and the next one tells the rest', async () => {
    const runner = wfRunner();
    targets(runner, ['phone', 'mail']);
    for (const id of ['one', 'two']) {
      runner.define(missing(id));
      await seenMinutesAgo(runner.home, id, 10);
    }
    writeFileSync(runner.path('hang'), '');
    const server = runner.start(['serve', '--no-web']);
    await until(() => runner.lines('phone.asked').length > 0);
    server.child.kill('SIGTERM');
    await until(() => server.seen().stderr.includes('stopping'));
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
    // The one that was cut short may have arrived; no other was begun only to be cut short as well.
    expect(of(runner, 'NotificationIntended')).toHaveLength(1);
    rmSync(runner.path('hang'));
    expect((await runner.wf(['serve', '--once'])).code).toBe(0);
    // In doubt at the first target: the next one is told of that slot, and the first of the other.
    const told = (file: string) => runner.lines(file).filter((line) => line.includes('did not run'));
    expect([...told('mail'), ...told('phone')].map((line) => line.split(' ')[0]).sort()).toEqual([
      'one',
      'two',
    ]);
    expect(told('mail')).toHaveLength(1);
    await expectHealthy(runner);
  });
});

describe('a missed slot', () => {
  test('is told once, by whichever of several servers comes by', async () => {
    const runner = wfRunner();
    targets(runner, ['phone']);
    runner.define(missing('work', ['phone']));
    await seenMinutesAgo(runner.home, 'work', 10);
    const ended = await Promise.all(Array.from({ length: 3 }, () => runner.wf(['serve', '--once'])));
    for (const { code, stderr } of ended) expect(code, stderr).toBe(0);
    await runner.wf(['serve', '--once']);
    const late = of(runner, 'ScheduleSlotSkipped').filter(({ data }) => data.reason === 'late');
    expect(late.length).toBeGreaterThan(0);
    expect(runner.lines('phone').filter((line) => line.includes('did not run'))).toHaveLength(late.length);
    await expectHealthy(runner);
  });
});
