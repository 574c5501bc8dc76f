/**
 * Failpoint after failpoint: each scenario is traced once and then killed at every place that it came by, one hit
 * after the other; the same command is asked again, and at the end everything is checked. No chance, no clock.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './checks.ts';
import { diedAt, linesOf, makePlace, type Workshop } from './place.ts';
import { bringToRest } from './quiet.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Scenario, type Stage, stageOf } from './stage.ts';

export type SweepOptions = {
  /** Every hit of every failpoint in every scenario; else each failpoint once, in the first scenario that has it. */
  readonly all: boolean;
  /** Kills the next command too, in the middle of what it does about the first kill. */
  readonly twice: boolean;
  readonly scenarios: readonly Scenario[];
  /** Of the folders that are made; of one sweep alone. */
  readonly name: string;
};
export type Swept = {
  readonly killsAt: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
  /** Aims at places that the command did not come by this time. */
  readonly missed: readonly string[];
};

/** How often a command is asked again before it has to have got through. */
const TRIES = 4;
/** A home for so many kills: histories stay short, and a finding is near its cause. */
const KILLS_A_HOME = 60;

export async function sweep(workshop: Workshop, options: SweepOptions): Promise<Swept> {
  const killsAt = new Map<string, number>();
  const problems: string[] = [];
  const missed: string[] = [];
  const count = (name: string | null): void => {
    if (name !== null) killsAt.set(name, (killsAt.get(name) ?? 0) + 1);
  };
  let places = 0;
  const newStage = (): Stage => stageOf(makePlace(workshop, `${options.name}-${places++}`));
  let shared = await used(newStage());
  let done: Done[] = [];
  for (const [n, scenario] of options.scenarios.entries()) {
    const tracedKey = `s${n}-traced`;
    const traced = scenario.fresh ? newStage() : shared;
    const hits = await hitsOf(scenario, traced, tracedKey);
    if (scenario.fresh) problems.push(...(await finish(traced, [])));
    else done.push({ scenario, key: tracedKey });
    const aims = options.all ? hits : hits.filter(({ name, hit }) => hit === 1 && !killsAt.has(name));
    for (const [i, { name, hit }] of aims.entries()) {
      const stage = scenario.fresh ? newStage() : shared;
      const key = `s${n}-${name.replaceAll('.', '-')}-${hit}`;
      const args = await scenario.ready(stage, key);
      const died = diedAt(await stage.ask(args, { WF_FAILPOINT: `${name}:${hit}` }));
      count(died);
      if (died === null) missed.push(`${scenario.name}: ${name}:${hit}`);
      if (options.twice) count(diedAt(await stage.ask(args, { WF_FAILPOINT: `any:${1 + (i % 30)}` })));
      await getThrough(stage, args);
      if (scenario.fresh) problems.push(...(await finish(stage, [{ scenario, key }])));
      else done.push({ scenario, key });
      if (done.length < KILLS_A_HOME) continue;
      problems.push(...(await finish(shared, done)));
      shared = await used(newStage());
      done = [];
    }
  }
  problems.push(...(await finish(shared, done)));
  return { killsAt, problems, missed };
}

/** All there is, scenario after scenario; so many side by side, each on homes of its own. */
export async function sweepAll(
  workshop: Workshop,
  lanes: number,
  onScenario: (name: string, swept: Swept) => void,
): Promise<readonly Swept[]> {
  const all: Swept[] = [];
  const left = [...SCENARIOS.entries()];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [n, scenario] = next;
      const name = `points-${n}`;
      const swept = await sweep(workshop, { all: true, twice: true, scenarios: [scenario], name });
      all.push(swept);
      onScenario(scenario.name, swept);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return all;
}

type Done = { readonly scenario: Scenario; readonly key: string };

/** What only the first command of a home does is a scenario of its own. */
async function used(stage: Stage): Promise<Stage> {
  await stage.ask([
    'feedback',
    'submit',
    '--workflow-id',
    'once',
    '--score',
    '5',
    '--feedback',
    'a beginning',
  ]);
  return stage;
}

/** The failpoints that the command comes by, each with its number among those of its name. */
async function hitsOf(
  scenario: Scenario,
  stage: Stage,
  key: string,
): Promise<readonly { readonly name: string; readonly hit: number }[]> {
  const trace = join(stage.place.dir, 'trace');
  rmSync(trace, { force: true });
  await stage.ask(await scenario.ready(stage, key), { WF_FAILPOINT_TRACE: trace });
  const hits = new Map<string, number>();
  return linesOf(trace).map((name) => {
    const hit = (hits.get(name) ?? 0) + 1;
    hits.set(name, hit);
    return { name, hit };
  });
}

/** What the child of the killed process still does is waited for, as a person would: by asking again. */
async function getThrough(stage: Stage, args: readonly string[]): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const { json } = await stage.ask(args);
    if (json?.error?.code !== 'still-working') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Findings name what was done in that home. */
async function finish(stage: Stage, done: readonly Done[]): Promise<readonly string[]> {
  const { place, told } = stage;
  const quiet = await bringToRest(place);
  const { problems } = await check(place, [...told, ...quiet.told]);
  const own: string[] = [];
  for (const { scenario, key } of done)
    for (const problem of (await scenario.after?.(stage, key)) ?? [])
      own.push(`${scenario.name}, ${key}: ${problem}`);
  const all = [...quiet.problems, ...problems, ...stage.missing, ...own];
  if (all.length === 0) place.remove();
  else all.push(`${place.home}: ${done.map(({ scenario, key }) => `${scenario.name}, ${key}`).join('; ')}`);
  return all;
}
