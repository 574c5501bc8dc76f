/** Where scenarios are played: a place and all that was told in it, and the moves that several scenarios begin with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Aim, Place, Told } from './place.ts';
import { inputOf } from './tasks.ts';

/** A place, and everything that was told in it. */
export type Stage = {
  readonly place: Place;
  readonly told: Told[];
  /** Files that an answer named and that were not there. */
  readonly missing: string[];
  ask(args: readonly string[], aim?: Aim): Promise<Told>;
};
export type Scenario = {
  readonly name: string;
  /** Needs a home that nobody has used: one for every kill. */
  readonly fresh?: true;
  /** @param key another one each time. @returns the command that is to be killed, and asked again after it */
  ready(stage: Stage, key: string): Promise<readonly string[]>;
  /** What must be true at the end, beside all that is checked anyway. */
  after?(stage: Stage, key: string): readonly string[] | Promise<readonly string[]>;
};

export const request = (workflow: string, key: string): readonly string[] => [
  ...['run', workflow, '--input', inputOf({ workflow, key }), '--idempotency-key', key],
];
export const plain = (workflow: string): Scenario => ({
  name: workflow,
  ready: async (_, key) => request(workflow, key),
});

/** The run that the log has for a key. */
export function runOf({ place }: Stage, key: string): string {
  const lines = readFileSync(join(place.home, 'logs/events.jsonl'), 'utf8').split('\n');
  const started = lines.find(
    (line) => line.includes('"type":"RunStarted"') && line.includes(`"key":"${key}"`),
  );
  const runId = /"stream":"run\/([^"]+)"/.exec(started ?? '')?.[1];
  if (runId === undefined) throw new Error(`no run of ${key}`);
  return runId;
}

/** A run whose process died at a failpoint. */
export async function abandoned(
  stage: Stage,
  workflow: string,
  key: string,
  failpoint: string,
): Promise<void> {
  const { signal } = await stage.ask(request(workflow, key), { WF_FAILPOINT: failpoint });
  if (signal !== 'SIGKILL') throw new Error(`${workflow} does not come by ${failpoint}`);
}

/** Its act is in doubt, and everybody has been told so. */
export async function inDoubt(stage: Stage, key: string, failpoint: string): Promise<string> {
  await abandoned(stage, 'once', key, failpoint);
  while ((await stage.ask(request('once', key))).json?.run?.status !== 'waiting');
  return runOf(stage, key);
}

export function stageOf(place: Place): Stage {
  const told: Stage['told'] = [];
  const missing: string[] = [];
  const ask: Stage['ask'] = async (args, aim) => {
    const end = await place.wf(args, aim);
    told.push(end);
    // Nobody else is at work here: what an answer names has to be there when it is given.
    const file = end.json?.run?.summaryFile ?? null;
    if (end.code !== null && file !== null && !existsSync(file))
      missing.push(`wf ${args.join(' ')} told of ${file}, which is not there`);
    return end;
  };
  return { place, told, missing, ask };
}
