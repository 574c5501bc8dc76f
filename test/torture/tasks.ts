/**
 * The work that a storm has in hand: a few requests at a time, each asked for again and again by all, until it is at
 * rest and another takes its place. So nearly every process finds something to do, and dies in the middle of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKFLOWS } from './definitions.ts';
import { performed } from './history.ts';
import type { Place, Told } from './place.ts';
import type { Random } from './random.ts';

type Task = {
  readonly workflow: string;
  readonly key: string;
  run: { readonly runId: string; status: string } | null;
  asked: number;
};
export type Command = {
  readonly args: readonly string[];
  readonly task: Task;
  /** Likely to be answered from the log. */
  readonly isShort: boolean;
};

const TASKS_AT_ONCE = 6;
/** Then another takes its place, whatever became of it. */
const MOST_ASKED = 60;
const AT_REST = new Set(['completed', 'failed', 'cancelled', 'handed_off']);
const LONG = 'long words '.repeat(4000);

export class Tasks {
  readonly #random: Random;
  readonly #place: Place;
  readonly #open: Task[] = [];
  #made = 0;
  #commands = 0;

  constructor(place: Place, random: Random) {
    this.#place = place;
    this.#random = random;
    for (let i = 0; i < TASKS_AT_ONCE; i++) this.#open.push(this.#fresh());
  }

  next(): Command {
    const random = this.#random;
    const task = random.pick(this.#open);
    task.asked++;
    this.#commands++;
    const isShort = task.run !== null && AT_REST.has(task.run.status);
    const request = ['run', task.workflow, '--input', inputOf(task), '--idempotency-key', task.key];
    const dice = random.below(1000);
    if (dice < 30) return { task, isShort, args: feedback(task.workflow, this.#commands) };
    if (dice < 36) return { task, isShort: true, args: ['doctor'] };
    if (dice < 50) return { task, isShort: false, args: ['rebuild-projections'] };
    if (dice < 60) return { task, isShort: true, args: ['tools', 'reset', 'press'] };
    if (dice < 110) return { task, isShort: false, args: [...request, '--force'] };
    if (dice < 140) return { task, isShort, args: [...request, '--detach'] };
    const more = task.run === null ? null : this.#about(task.run, dice);
    // One answer to a doubt is enough, until somebody hears of the next.
    if (more?.[0] === 'resolve' && task.run !== null) task.run.status = 'running';
    return more === null ? { task, isShort, args: request } : { task, isShort: false, args: more };
  }

  /** What a process told about its task; one that is at rest soon gives way to another. */
  told({ task }: Command, { json }: Told): void {
    if (json?.run !== undefined) task.run = { runId: json.run.runId, status: json.run.status };
    const isAtRest = task.run !== null && AT_REST.has(task.run.status);
    if (!(isAtRest && this.#random.chance(0.8)) && task.asked < MOST_ASKED) return;
    const at = this.#open.indexOf(task);
    if (at !== -1) this.#open[at] = this.#fresh();
  }

  #about({ runId, status }: { runId: string; status: string }, dice: number): readonly string[] | null {
    const report = ['report', runId, '--text', `report ${dice % 2} of ${runId}`];
    switch (status) {
      case 'waiting':
        return dice < 600 ? ['resolve', runId, verdict(this.#place, runId)] : null;
      case 'handed_off':
        if (dice < 600) return report;
        return dice < 700 ? ['cancel', runId] : null;
      case 'failed':
        return dice < 500 ? ['resume', runId] : null;
      default:
        if (dice < 400) return ['resume', runId];
        return dice < 430 ? ['cancel', runId] : null;
    }
  }

  #fresh(): Task {
    return { workflow: this.#random.pick(WORKFLOWS), key: `task-${this.#made++}`, run: null, asked: 0 };
  }
}

/** The same for the same key; one workflow's does not fit on a line of the log. */
export const inputOf = ({ workflow, key }: { readonly workflow: string; readonly key: string }): string =>
  workflow === 'long' ? `${key} ${LONG}` : key;

const feedback = (workflow: string, n: number): readonly string[] => [
  ...['feedback', 'submit', '--workflow-id', workflow],
  ...['--score', '3', '--feedback', `note ${n}`],
];

/** What an honest person says: whether the newest attempt of the run's newest step was seen in the world. */
export function verdict(place: Place, runId: string): '--sent' | '--not-sent' {
  const seen = performed(place.lines('effects'));
  const intended = readFileSync(join(place.home, 'logs/events.jsonl'), 'utf8').split('\n');
  const last = intended.findLast(
    (line) => line.includes(`"stream":"run/${runId}"`) && line.includes('"type":"EffectIntended"'),
  );
  const key = last === undefined ? undefined : /"key":"(wf:[^"]+)"/.exec(last)?.[1];
  return key !== undefined && seen.has(key) ? '--sent' : '--not-sent';
}
