/**
 * Keeps the promise of a slot: starts the very run that was promised, by the key that contains schedule and slot. Safe
 * to be tried by any number of servers; the key lets one of them in.
 */
import { ExitCode, WfError } from '../../errors.ts';
import type { Schedule } from '../../workflow/definition.ts';
import type { Blocked } from '../../workflow/schedule/decide-slots.ts';
import { scheduledInput } from '../../workflow/schedule/scheduled-input.ts';
import { pauseOf } from '../pause-gate.ts';
import { pauseText } from '../paused-error.ts';
import type { LoadedDefinition } from '../ports.ts';
import { prepareRequest, type RunRequest } from '../prepare-request.ts';
import { startRun } from '../start-run.ts';
import { readSchedules, recordAt } from './schedule-facts.ts';
import type { ServePorts } from './serve-ports.ts';
import type { Workers } from './workers.ts';

/** A refusal may be recorded, and what is in the way of a slot that is late already is not gone in a moment. */
const TRY_AGAIN_MIN_MS = 30_000;
const TRY_AGAIN_MAX_MS = 900_000;
const tryAgainMs = (lateMs: number): number =>
  Math.min(TRY_AGAIN_MAX_MS, Math.max(TRY_AGAIN_MIN_MS, lateMs / 10));

type Promised = { readonly slot: string; readonly runId: string };

/** What makes a slot's work be done once: its schedule and its time. */
export const slotKey = (scheduleId: string, slot: string): string => `${scheduleId}@${slot}`;

/** Why nothing of the workflow may start now, as far as that can be said before it is tried. */
export async function whyBlocked(
  ports: ServePorts,
  loaded: LoadedDefinition,
  schedule: Schedule,
): Promise<Blocked | null> {
  const pause = await pauseOf(ports.engine, loaded.id);
  if (pause !== null) return { reason: 'paused', message: pauseText(pause), since: pause.since };
  try {
    await prepareRequest(
      ports.engine,
      requestFor(ports, loaded, schedule, { slot: '2026-01-01', runId: '' }),
    );
    return null;
  } catch (error) {
    return blockedBy(error);
  }
}

function requestFor(
  { cron }: ServePorts,
  { id }: LoadedDefinition,
  schedule: Schedule,
  { slot, runId }: Promised,
): RunRequest {
  const date = cron.dateIn(schedule.timezone, slot);
  return {
    workflowId: id,
    input: scheduledInput(id, schedule, date),
    key: slotKey(schedule.id, slot),
    force: false,
    by: 'schedule',
    detach: false,
    slot: { runId, slot: { scheduleId: schedule.id, time: slot, date } },
  };
}

/** Refusals keep a slot waiting; whatever else goes wrong is no matter of the slot. */
function blockedBy(error: unknown): Blocked {
  if (!(error instanceof WfError)) throw error;
  const { exitCode, code, message } = error;
  switch (exitCode) {
    case ExitCode.paused:
      return { reason: code === 'paused' ? 'paused' : 'limit', message };
    case ExitCode.usage:
    case ExitCode.notFound:
    case ExitCode.conflict:
    case ExitCode.waits:
      return { reason: 'refused', message };
    default:
      throw error;
  }
}

export class SlotStarter {
  readonly #ports: ServePorts;
  readonly #workers: Workers;
  /** By promised run: one for each schedule at most. */
  readonly #held = new Map<string, { readonly untilMs: number; readonly blocked: Blocked }>();

  constructor(ports: ServePorts, workers: Workers) {
    this.#ports = ports;
    this.#workers = workers;
  }

  /** @returns null once the run is recorded, whoever did it; else why it could not be */
  async keep(loaded: LoadedDefinition, schedule: Schedule, promised: Promised): Promise<Blocked | null> {
    const { runId } = promised;
    const nowMs = this.#ports.engine.clock.now();
    const held = this.#held.get(runId);
    if (held !== undefined && nowMs < held.untilMs) return held.blocked;
    this.#held.delete(runId);
    try {
      const actual = await this.#start(requestFor(this.#ports, loaded, schedule, promised), runId);
      await this.#stands(loaded.id, schedule.id, { ...promised, runId: actual });
      this.#ports.tell({
        kind: 'started',
        workflowId: loaded.id,
        scheduleId: schedule.id,
        slot: promised.slot,
        runId: actual,
      });
      return null;
    } catch (error) {
      const blocked = blockedBy(error);
      this.#held.set(runId, { untilMs: nowMs + tryAgainMs(nowMs - Date.parse(promised.slot)), blocked });
      this.#ports.tell({ kind: 'held', what: `${loaded.id} ${schedule.id}`, message: blocked.message });
      return blocked;
    }
  }

  /** Why that promise could not be kept when it was tried last, by this server. */
  whyHeld(runId: string): Blocked | null {
    return this.#held.get(runId)?.blocked ?? null;
  }

  /** Nobody keeps that promise any more. */
  forget(runId: string): void {
    this.#held.delete(runId);
  }

  /** Resolves when the run is recorded; its work goes on beside. */
  #start(request: RunRequest, runId: string): Promise<string> {
    return new Promise((resolve, reject) => {
      // Until then there is no run that anything could be said of.
      let isBegun = false;
      const onStarted = (): void => {
        isBegun = true;
        resolve(runId);
      };
      const work = async () => {
        try {
          const answer = await startRun(this.#ports.engine, { ...request, onStarted });
          resolve(answer.run.runId);
          return answer;
        } catch (error) {
          reject(error);
          throw error;
        }
      };
      this.#workers.begin(runId, work, () => !isBegun);
    });
  }

  /**
   * The slot has this run, whatever was recorded of it while it was being started (somebody gave up on the promise), and
   * also when its key had a run of another id.
   */
  async #stands(workflowId: string, scheduleId: string, { slot, runId }: Promised): Promise<void> {
    for (;;) {
      const { version, schedules } = await readSchedules(this.#ports, workflowId);
      const last = schedules.get(scheduleId)?.last;
      if (last?.runId === runId || (last?.slot ?? '') > slot) return;
      const data = { workflowId, scheduleId, slot, runId };
      if (await recordAt(this.#ports, workflowId, version, [{ type: 'ScheduleSlotClaimed', data }])) return;
    }
  }
}
