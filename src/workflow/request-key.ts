/** What a request is recognised by. Its sha256 is the key: the text may hold what no log should. */
import type { Definition } from './definition.ts';
import type { RunInput } from './stages/intake.ts';
import { expand } from './template.ts';

/**
 * @param input as it came from the user, nothing replaced
 * @param today `YYYY-MM-DD` of the request, UTC
 */
export function requestKey(definition: Definition, input: RunInput, today: string): string {
  const values = new Map<string, string>();
  for (const [name, value] of input.fields) values.set(`input.${name}`, value);
  values.set('workflowId', definition.id);
  values.set('task', input.task);
  values.set('input', input.text);
  values.set('date', today);
  return expand(definition.idempotency.key, values);
}
