/** Schedules as a table for people, and below it whether anybody carries them out. */
import type { RunStatus } from '../../workflow/state.ts';
import { ago, duration, minute, table } from './text.ts';

export type ScheduleItem = {
  readonly workflowId: string;
  readonly scheduleId: string;
  readonly cron: string;
  readonly timezone: string;
  readonly catchUp: 'none' | 'latest' | 'all';
  readonly withinMs: number;
  readonly overlap: 'skip' | 'queue';
  readonly counts: boolean;
  readonly paused: boolean;
  readonly next: string | null;
  readonly last: { readonly slot: string; readonly runId: string; readonly status: RunStatus | null } | null;
  readonly skipped: { readonly slot: string; readonly reason: string; readonly message?: string } | null;
};

export function schedulesText(
  items: readonly ScheduleItem[],
  server: { readonly alive: boolean; readonly seenAt: string | null },
  nowMs: number,
  wf: string,
): string {
  if (items.length === 0)
    return 'No definition has a schedule. One looks like this:\n  "schedules": [{ "id": "nightly", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "input": "nightly backup" }]\n';
  const rows = items.map((item) => [
    item.workflowId,
    item.scheduleId,
    `${item.cron}  ${item.timezone}`,
    nextOf(item, nowMs),
    lastOf(item),
  ]);
  return `${table(rows)}\n${serverLine(server, nowMs, wf)}\n`;
}

function nextOf({ next, paused, counts }: ScheduleItem, nowMs: number): string {
  const held = `${paused ? ', paused' : ''}${counts ? '' : ', no server has seen it yet'}`;
  if (next === null) return `never again${held}`;
  return `next ${minute(next)} UTC (in ${duration(Date.parse(next) - nowMs)}${held})`;
}

/** The newer of the slot that got a run and the one that did not. */
function lastOf({ last, skipped }: ScheduleItem): string {
  if (skipped !== null && (last === null || skipped.slot > last.slot))
    return `${minute(skipped.slot)}: no run (${skipped.reason})`;
  if (last === null) return '';
  return `${minute(last.slot)}: run ${last.runId.slice(0, 12)}, ${last.status === null ? 'about to begin' : last.status.replace('_', ' ')}`;
}

function serverLine(
  { alive, seenAt }: { readonly alive: boolean; readonly seenAt: string | null },
  nowMs: number,
  wf: string,
): string {
  if (alive) return 'A server carries them out.';
  const seen = seenAt === null ? 'none has ever looked here' : `the last looked ${ago(seenAt, nowMs)}`;
  return `No server is alive (${seen}): ${wf} serve --no-web, or ${wf} serve --once from a line of cron.`;
}
