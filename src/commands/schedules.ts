/** `wf schedules`: what is asked for by the clock: when next, what became of the last slot, and whether anybody looks. */
import { systemClock } from '../effects/clock.ts';
import { loadState } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { pauseOf } from '../engine/pause-gate.ts';
import { ExitCode } from '../errors.ts';
import { isoTime } from '../events/iso-time.ts';
import { slotsAfter } from '../home/cron.ts';
import { type LoadedDefinition, loadDefinition } from '../home/definitions.ts';
import { homePaths } from '../home/paths.ts';
import { watchScheduled } from '../home/scheduled-definitions.ts';
import { isServerAlive, serverSeenAtMs } from '../home/server-mark.ts';
import { scheduleRow } from '../home/standing-rows.ts';
import { coldSha256 } from '../log/hash.ts';
import type { Schedule } from '../workflow/definition.ts';
import type { ScheduleState } from '../workflow/schedule/schedule-state.ts';
import { placesOf } from './definition-places.ts';
import { homeDir } from './home-dir.ts';
import { openToRead } from './home-of.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { type ScheduleItem, schedulesText } from './render/schedules-text.ts';
import { safe } from './render/text.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const nowMs = systemClock.now();
  const home = await openToRead(invocation);
  const items: ScheduleItem[] = [];
  for (const loaded of await scheduledDefinitions(invocation)) {
    const states = home === null ? null : scheduleRow(home.index, loaded.id);
    const isPaused = home !== null && (await pauseOf(home.ports, loaded.id)) !== null;
    for (const schedule of loaded.definition.schedules) {
      const state = states?.get(schedule.id) ?? null;
      items.push(await itemOf(home, loaded.id, schedule, state, isPaused, nowMs));
    }
  }
  const paths = homePaths(homeDir(invocation));
  const seenMs = serverSeenAtMs(paths);
  const server = {
    alive: await isServerAlive(paths),
    seenAt: seenMs === null ? null : isoTime(Math.floor(seenMs)),
  };
  if (invocation.json) printJson(invocation, { schema: 'wf.schedules/1', server, items });
  else invocation.io.out(schedulesText(items, server, nowMs, programName(invocation)));
  return ExitCode.ok;
}

/** Those that cannot be read are named, and the others shown. */
async function scheduledDefinitions(invocation: Invocation): Promise<readonly LoadedDefinition[]> {
  const places = placesOf(invocation);
  const load = (id: string): Promise<LoadedDefinition> =>
    loadDefinition({ ...places, id, sha256: coldSha256, isRegistered: () => false });
  const list = watchScheduled(places, load, (id, error) => {
    const why = error instanceof Error ? error.message : String(error);
    invocation.io.err(`note: workflow ${id} is left out: ${safe(why)}\n`);
  });
  return (await list()).definitions;
}

async function itemOf(
  home: OpenHome | null,
  workflowId: string,
  schedule: Schedule,
  state: ScheduleState | null,
  paused: boolean,
  nowMs: number,
): Promise<ScheduleItem> {
  const { id: scheduleId, cron, timezone, catchUp, withinMs, overlap } = schedule;
  const last = state?.last ?? null;
  const run = home === null || last === null ? null : await loadState(home.ports, last.runId);
  return {
    workflowId,
    scheduleId,
    cron,
    timezone,
    catchUp,
    withinMs,
    overlap,
    // A schedule that no server has seen, or that was changed since, counts from the server's next look.
    counts: state !== null && state.cron === cron && state.timezone === timezone,
    paused,
    next: slotsAfter(cron, timezone, isoTime(nowMs), 1)[0] ?? null,
    last: last === null ? null : { ...last, status: run === null || run.version === 0 ? null : run.status },
    skipped: state?.skipped ?? null,
  };
}
