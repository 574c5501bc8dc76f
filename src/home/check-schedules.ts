/**
 * What can only be said of schedules with the timezone data at hand, and of their input with the fields it is for: a
 * mistake here would otherwise show at the first slot, at night.
 */
import { isRefusal } from '../errors.ts';
import { error, type Finding } from '../workflow/finding.ts';
import { inputFor } from '../workflow/input-fields.ts';
import { normaliseDefinition } from '../workflow/normalise.ts';
import { scheduledInput } from '../workflow/schedule/scheduled-input.ts';
import { usedFields } from '../workflow/used-fields.ts';
import { cronProblem } from './cron.ts';

/** @param raw content of a definition without an error so far */
export function checkSchedules(raw: unknown): readonly Finding[] {
  const definition = normaliseDefinition(raw);
  return definition.schedules.flatMap((schedule, index): Finding[] => {
    const path = ['schedules', index];
    const problem = cronProblem(schedule.cron, schedule.timezone);
    if (problem !== null) return [error('schedule', [...path, problem.field], problem.message)];
    const input = inputFor(definition, scheduledInput(definition.id, schedule, '2026-01-01'));
    if (isRefusal(input)) return [error('schedule', [...path, 'input'], input.message, input.hint)];
    const missing = usedFields(definition).filter((field) => !input.fields.has(field));
    if (missing.length === 0) return [];
    const message = `the workflow uses input fields that are not given here: ${missing.join(', ')}`;
    return [error('schedule', [...path, 'input'], message)];
  });
}
