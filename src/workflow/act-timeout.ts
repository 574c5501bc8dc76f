/**
 * How long one attempt of an act may take: its own time, else for a step of execute that of the route, else the
 * default. A route says how much work the task is; checking and delivering it is none the longer for that.
 */
import { stageOfAct } from './acts.ts';
import type { Definition, Step } from './definition.ts';

/** @returns milliseconds */
export function timeoutMsOf({ classify }: Definition, step: Step, route: string): number {
  if (step.ownTimeout === true || stageOfAct(step.id) !== 'execute') return step.timeoutMs;
  const taken = [...classify.routes, classify.fallback].find(({ name }) => name === route);
  return taken?.timeoutMs ?? step.timeoutMs;
}
