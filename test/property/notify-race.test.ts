/**
 * Processes that look at the same run at the same time, with the turn passing at every append, act and wait, and some of
 * them killed. A target hears of one cause at most once in an interval, a second one only where the first did not take
 * it, and what came of it moves no run.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { loadState } from '../../src/engine/load-run.ts';
import { notifyRun } from '../../src/engine/notify-run.ts';
import { recordAndContinue } from '../../src/engine/outside-commands.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { NotifyEvent } from '../../src/events/notify-events.ts';
import { runStream } from '../../src/events/streams.ts';
import type { EffectResult } from '../../src/workflow/effects.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';
import {
  assertInvariants,
  BROKEN,
  DONE,
  IN_DOUBT,
  NOT_PERFORMED,
  Simulation,
} from '../support/simulation.ts';

const RAW = {
  id: 'w',
  classify: { routes: [], highRiskWords: [], fallback: { name: 'g', risk: 'low' } },
  execute: { command: '/bin/x' },
  approval: [{ at: 'execute', remindAfter: '1h' }],
  notify: [
    { on: ['waiting', 'failed', 'in-doubt'], to: ['phone', 'mail'], repeat: '2h' },
    { on: ['waiting:approval', 'completed', 'failed'], to: 'mail' },
  ],
};
const DEFINITION = normaliseDefinition(RAW);
const HOUR_MS = 3_600_000;

type Move = 'look' | 'approve' | 'hour' | 'kill';

async function race(
  scheduler: fc.Scheduler,
  moves: readonly Move[],
  ends: readonly EffectResult[],
  work: EffectResult,
  kill: number,
): Promise<void> {
  let racing = false;
  let told = 0;
  const simulation = new Simulation({
    definitions: { w: RAW },
    messages: ['phone', 'mail'],
    results: [work],
    telling: () => ends[told++ % ends.length] ?? DONE,
    turn: () => (racing ? scheduler.schedule(Promise.resolve()) : Promise.resolve()),
  });
  const request = { workflowId: 'w', input: 'x', force: false, detach: false };
  if (moves.includes('kill')) simulation.killAt(kill);
  await simulation.process((ports) => startRun(ports, request));
  await simulation.process((ports) => startRun(ports, request));
  const [runId = ''] = simulation.runIds();
  const look = () =>
    simulation.process<unknown>(async (ports) => notifyRun(ports, await loadState(ports, runId), DEFINITION));
  racing = true;
  const all = moves.map((move) => {
    if (move === 'hour') return Promise.resolve(simulation.sleep(HOUR_MS));
    if (move === 'kill') simulation.killAt(kill);
    return move === 'approve'
      ? simulation.process<unknown>((ports) =>
          recordAndContinue(
            ports,
            runId,
            { type: 'Approve', approvalId: `A-${runId}`, by: 'me', isOwner: true },
            { detach: false },
          ),
        )
      : look();
  });
  await scheduler.waitFor(Promise.all(all));
  racing = false;
  simulation.killAt(null);
  // The last look finds nothing left to do for who comes after it.
  await look();
  const before = simulation.told.length;
  await look();
  if (simulation.told.length !== before) throw new Error('a second look told somebody again');
  assertInvariants(simulation);
  assertOnce(simulation);
  const versions = simulation.store.events(runStream(runId)).map(({ streamVersion }) => streamVersion);
  if (versions.length !== simulation.run(runId).version) throw new Error('a run has events it does not know');
}

function assertOnce(simulation: Simulation): void {
  const events = simulation.store
    .events()
    .filter(({ stream }) => stream.startsWith('notify/')) as unknown as readonly NotifyEvent[];
  const sent = new Set<string>();
  const tried = new Set<string>();
  const slotOf = new Map<string, string>();
  for (const event of events) {
    switch (event.type) {
      case 'NotificationIntended': {
        const { noticeId, rule, cause, interval, target } = event.data;
        const slot = `${rule} ${cause} ${interval}`;
        if (tried.has(`${slot} ${target}`)) throw new Error(`${target} was tried twice for ${slot}`);
        if (sent.has(slot)) throw new Error(`${target} was tried although somebody had taken ${slot}`);
        tried.add(`${slot} ${target}`);
        slotOf.set(noticeId, slot);
        break;
      }
      case 'NotificationSent':
        sent.add(slotOf.get(event.data.noticeId) ?? '');
        break;
      case 'NotificationFailed':
      case 'NotificationSkipped':
        break;
    }
  }
  const known = new Set(
    events.flatMap((event) => (event.type === 'NotificationIntended' ? [event.data.noticeId] : [])),
  );
  for (const { effect } of simulation.told)
    if (!known.has(effect.effectId))
      throw new Error(`${effect.effectId} went out, and no one had claimed it`);
}

const moves = fc.array(fc.constantFrom<Move>('look', 'look', 'look', 'approve', 'hour', 'kill'), {
  minLength: 2,
  maxLength: 6,
});
const ends = fc.array(fc.constantFrom(DONE, DONE, BROKEN, NOT_PERFORMED, IN_DOUBT), {
  minLength: 1,
  maxLength: 4,
});

describe('one cause, many processes that want to tell it', () => {
  it(
    'a target hears of it once in an interval, whatever the order, whoever is killed',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          moves,
          ends,
          fc.constantFrom(DONE, BROKEN, IN_DOUBT),
          fc.integer({ min: 1, max: 12 }),
          race,
        ),
        { numRuns: propertyRuns(150) },
      );
    },
    propertyTimeoutMs,
  );
});
