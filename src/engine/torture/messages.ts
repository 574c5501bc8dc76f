/**
 * Requests to torture a definition with: the user's own, or one for each route, made from the words that lead there,
 * and one with a high-risk word where there is a gate to be met.
 */
import { isRefusal } from '../../errors.ts';
import type { Risk } from '../../events/run-events.ts';
import type { Definition } from '../../workflow/definition.ts';
import { classify } from '../../workflow/stages/classify.ts';
import { readInput } from '../../workflow/stages/intake.ts';
import { usedFields } from '../../workflow/used-fields.ts';

export type Message = {
  readonly input: string;
  readonly route: string;
  readonly risk: Risk;
  /** Set when the route has to be asked for (`--route`): no word leads there. */
  readonly requested?: string;
};

/** Beyond these the routes differ in words only. */
const MAX_MESSAGES = 6;
const PLAIN_TASK = 'An example task';

export function messagesFor(definition: Definition): {
  readonly messages: readonly Message[];
  /** Routes that were left out. */
  readonly leftOut: readonly string[];
} {
  const { routes, fallback, highRiskWords } = definition.classify;
  const inOrder = [fallback.name, ...routes.map(({ name }) => name)];
  const all = [...new Set(inOrder)].map((name) => messageForRoute(definition, name));
  const low = all.find(({ risk }) => risk === 'low');
  const [word] = highRiskWords;
  const messages = all.slice(0, MAX_MESSAGES);
  if (low !== undefined && word !== undefined && messages.every(({ risk }) => risk === 'low')) {
    const task = `${taskOf(definition, low.route)}: ${word}`;
    messages.push(classified(definition, task, low.requested === undefined ? undefined : low.route));
  }
  return { messages, leftOut: all.slice(MAX_MESSAGES).map(({ route }) => route) };
}

/** @param name of a route; one that does not exist gets a plain task, and is refused where it is asked for */
export function messageForRoute(definition: Definition, name: string): Message {
  const natural = classified(definition, taskOf(definition, name));
  if (natural.route === name || !isRoute(definition, name)) return natural;
  return classified(definition, PLAIN_TASK, name);
}

const isRoute = ({ classify: { routes, fallback } }: Definition, name: string): boolean =>
  fallback.name === name || routes.some((route) => route.name === name);

/** As few of its words as lead to the route. */
function taskOf(definition: Definition, name: string): string {
  const words = definition.classify.routes.find((route) => route.name === name)?.match ?? [];
  const candidates = [PLAIN_TASK, ...words.map((word) => `${PLAIN_TASK}: ${word}`)];
  const leads = (task: string): boolean => classified(definition, task).route === name;
  return candidates.find(leads) ?? `${PLAIN_TASK}: ${words.join(' ')}`;
}

function classified(definition: Definition, task: string, requested?: string): Message {
  const input = inputFor(definition, task);
  const read = readInput(input);
  const found = isRefusal(read) ? read : classify(definition, read, requested);
  // Made here of a valid definition's own words: neither the input nor one of its routes can be refused.
  if (isRefusal(found)) throw new Error(found.message);
  const { route, risk } = found;
  return { input, route, risk, ...(requested === undefined ? {} : { requested }) };
}

/** A definition that uses fields of a structured input is given each of them. */
function inputFor(definition: Definition, task: string): string {
  const fields = usedFields(definition);
  if (fields.length === 0) return task;
  return JSON.stringify({ task, ...Object.fromEntries(fields.map((field) => [field, 'example'])) });
}
