/** What the run of a slot is given: the schedule's input with the day filled in, as a person would have typed it. */
import type { Schedule } from '../definition.ts';
import { expand } from '../template.ts';

/** @param date `YYYY-MM-DD` of the slot in the schedule's timezone */
export function scheduledInput(workflowId: string, { input }: Schedule, date: string): string {
  const values = new Map([
    ['workflowId', workflowId],
    ['date', date],
  ]);
  const filled = fill(input, values);
  return typeof filled === 'string' ? filled : JSON.stringify(filled);
}

function fill(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return expand(value, values);
  if (Array.isArray(value)) return value.map((one) => fill(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, values)]));
}
