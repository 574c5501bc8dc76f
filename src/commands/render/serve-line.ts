/** What a server did, a line each: time, workflow, what. Quiet where nothing happens, for it runs for months. */
import type { ServeEvent } from '../../engine/serve/serve-ports.ts';
import { nameHome } from '../program-name.ts';
import { minute, safe } from './text.ts';

/** @param wf how the next command names the program */
export const serveLine = (told: ServeEvent, nowMs: number, wf: string): string =>
  `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}  ${safe(textOf(told, wf)).replace(/\s+/g, ' ')}\n`;

function textOf(told: ServeEvent, wf: string): string {
  switch (told.kind) {
    case 'started':
      return `▸ ${told.workflowId}  ${told.scheduleId}, slot ${minute(told.slot)} UTC: run ${told.runId}`;
    case 'skipped': {
      const what =
        told.count === 1
          ? `slot ${minute(told.slot)} UTC`
          : `${told.count} slots up to ${minute(told.slot)} UTC`;
      return `– ${told.workflowId}  ${told.scheduleId}, ${what}: no run (${told.reason})${told.message === undefined ? '' : `: ${told.message}`}`;
    }
    case 'set':
      return `○ ${told.workflowId}  ${told.scheduleId} counts from now; next ${told.next === null ? 'never' : `${minute(told.next)} UTC`}`;
    case 'ended-schedule':
      return `○ ${told.workflowId}  ${told.scheduleId} is in the definition no more`;
    case 'held':
      return `! ${told.what}: ${told.message}${told.next === undefined ? '' : ` See: ${nameHome(told.next, wf)}`}`;
    case 'continued':
      return `↻ ${told.workflowId}  run ${told.runId} goes on`;
    case 'ended':
      return `● ${told.workflowId}  run ${told.runId}: ${told.status.replace('_', ' ')}`;
  }
}
