/**
 * Tells what is due and nobody was told: what a killed process did not get to, questions that are asked again, slots
 * that were missed. Called again and again by a server; any number of them do no harm, for a claim in the log is what
 * tells. What is new in the log is read once, from where the last look ended.
 */
import { seq } from '../events/envelope.ts';
import { runIdOf } from '../events/streams.ts';
import {
  isNewestRun,
  openNotices,
  readNotifyCursor,
  remindersDue,
  writeNotifyCursor,
} from '../home/notify-rows.ts';
import { readCheckpoint } from '../home/stream-index.ts';
import { contextOf, loadState } from './load-run.ts';
import { type Missed, missedSlotAgain, missedSlotOf, notifyMissed } from './notify-missed.ts';
import { notifyRun } from './notify-run.ts';
import type { OpenHome } from './open-home.ts';
import type { EnginePorts, Told } from './ports.ts';

/** Where no look is remembered: the end of the log, for what a crash left untold is new. */
const FIRST_LOOK_EVENTS = 20_000;

type Engine = Pick<OpenHome, 'ports' | 'index'>;

/** @param nowMs milliseconds since 1970 @returns how many notifications were sent */
export async function notifyDue(engine: Engine, nowMs: number): Promise<number> {
  const { ports, index } = engine;
  const head = (await ports.store.head())?.seq ?? 0;
  if (head === 0) return 0;
  // Who is told again stands in the rows, and nobody else may fold what was told last.
  if ((readCheckpoint(index)?.seq ?? 0) < head) await ports.projections.project();
  const cursor = readNotifyCursor(index);
  const fresh = await since(ports, cursor ?? Math.max(0, head - FIRST_LOOK_EVENTS));
  const again = remindersDue(index, new Date(nowMs).toISOString());
  const open = openNotices(index);
  let sent = 0;
  const runIds = new Set([...fresh.runIds, ...again, ...open.flatMap(({ runId }) => runId ?? [])]);
  const { stop } = ports.interrupts;
  for (const runId of runIds) {
    if (stop.aborted) return sent;
    sent += await quietly(ports, `run ${runId}`, () => ofRun(engine, runId, nowMs));
  }
  const slots = [
    ...fresh.missed,
    ...open.flatMap(({ workflowId, runId, cause }) =>
      runId === null ? (missedSlotAgain(workflowId, cause) ?? []) : [],
    ),
  ];
  for (const slot of slots) {
    if (stop.aborted) return sent;
    sent += await quietly(ports, `a slot of ${slot.workflowId}`, () => notifyMissed(ports, slot, nowMs));
  }
  // Only now: who is killed before this, or told to stop, is followed by somebody who looks at the same again.
  if (!stop.aborted && (cursor === null || cursor < head)) writeNotifyCursor(index, head);
  return sent;
}

type Fresh = { readonly runIds: Iterable<string>; readonly missed: readonly Missed[] };

async function since({ store }: EnginePorts, cursor: number): Promise<Fresh> {
  const runIds = new Set<string>();
  const missed: Missed[] = [];
  for await (const event of store.readAll(cursor === 0 ? null : { seq: seq(cursor) })) {
    const runId = runIdOf(event.stream);
    if (runId !== undefined) runIds.add(runId);
    else {
      const slot = missedSlotOf(event);
      if (slot !== null) missed.push(slot);
    }
  }
  return { runIds, missed };
}

async function ofRun({ ports, index }: Engine, runId: string, nowMs: number): Promise<readonly Told[]> {
  const run = await loadState(ports, runId);
  if (run.lease !== null || run.version === 0 || run.imported !== undefined || run.erased !== null) return [];
  const { definition } = await contextOf(ports, run);
  const isSuperseded = !isNewestRun(index, run.workflowId, runId);
  return notifyRun(ports, run, definition, { nowMs, isSuperseded });
}

/** One that cannot be told about holds up no other one; it is looked at again when something happens to it. */
async function quietly(
  ports: EnginePorts,
  what: string,
  told: () => Promise<readonly Told[]>,
): Promise<number> {
  try {
    return (await told()).filter(({ status }) => status === 'sent').length;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    ports.onNotice?.(`nobody could be told about ${what}: ${why}`);
    return 0;
  }
}
