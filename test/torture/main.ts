/**
 * `npm run torture -- [--seconds N] [--kills N] [--seed S] [--processes P] [--lanes L] [--report FILE]`, or `--race
 * [--runs N] [--processes P] [--keys K]`, or `--points` (every failpoint in turn), or `--sum FILE` (of reports).
 * Exit 1 keeps the home and names the seed.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { linesOf, makePlace, makeWorkshop, removeFolder } from './place.ts';
import { sweepAll } from './points.ts';
import { race } from './race.ts';
import { jsonLine, summaryOf, sumOf, tableOf } from './summary.ts';
import { rounds } from './torture.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: '8' },
    lanes: { type: 'string', default: '2' },
    'kills-a-round': { type: 'string', default: '1000' },
    report: { type: 'string' },
    sum: { type: 'string' },
    race: { type: 'boolean', default: false },
    points: { type: 'boolean', default: false },
    runs: { type: 'string', default: '200' },
    keys: { type: 'string', default: '10' },
  },
});
const number = (name: keyof typeof values, otherwise: number): number => {
  const given = values[name];
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} ${given}: a whole number is wanted`);
  process.exit(2);
};

const tell = (problems: readonly string[], home: string, again: string): void => {
  for (const problem of problems.slice(0, 50)) console.log(`✗ ${problem}`);
  console.log(`${problems.length} findings; the home is kept: ${home}\nagain: npm run torture -- ${again}`);
  process.exitCode = 1;
};

async function raceOnce(): Promise<void> {
  const options = { processes: number('processes', 8), runs: number('runs', 200), keys: number('keys', 10) };
  const workshop = makeWorkshop();
  const place = makePlace(workshop);
  const { problems, asked, executed, events } = await race(place, options);
  const { processes, runs, keys } = options;
  console.log(`${processes} processes x ${runs} runs, ${keys} keys raced by all:`);
  console.log(`${asked} requests, ${executed} executions, ${events} events`);
  if (problems.length > 0)
    return tell(problems, place.home, `--race --processes ${processes} --runs ${runs} --keys ${keys}`);
  removeFolder(workshop.dir);
  console.log('nothing lost, nothing doubled');
}

async function everyPoint(): Promise<void> {
  const workshop = makeWorkshop();
  const all = await sweepAll(workshop, number('lanes', 2), (name, { killsAt, problems }) =>
    console.log(`${name}: ${sumOf(killsAt)} killed, ${problems.length} findings`),
  );
  const killsAt = new Map<string, number>();
  for (const swept of all)
    for (const [name, times] of swept.killsAt) killsAt.set(name, (killsAt.get(name) ?? 0) + times);
  console.log(`${all.length} scenarios, ${sumOf(killsAt)} killed at\n${tableOf(killsAt)}`);
  for (const aim of all.flatMap(({ missed }) => missed)) console.log(`not met this time: ${aim}`);
  const problems = all.flatMap((swept) => swept.problems);
  if (problems.length > 0) return tell(problems, workshop.dir, '--points');
  removeFolder(workshop.dir);
  console.log('nothing lost, nothing doubled');
}

async function stormOn(): Promise<void> {
  const workshop = makeWorkshop();
  const lines: string[] = [];
  const seed = number('seed', 0);
  const kills = number('kills', Number.POSITIVE_INFINITY);
  const processes = number('processes', 8);
  await rounds(workshop, {
    seed,
    processes,
    lanes: number('lanes', 2),
    seconds: number('seconds', Number.isFinite(kills) ? Number.POSITIVE_INFINITY : 30),
    kills,
    killsARound: number('kills-a-round', 1000),
    onRound: (round) => {
      const line = jsonLine(round);
      lines.push(line);
      if (values.report !== undefined) appendFileSync(values.report, `${line}\n`);
      else console.log(`round ${round.seed}: ${round.kills} killed in ${round.seconds} s`);
      const again = `--seed ${seed} --processes ${processes}`;
      if (round.problems.length > 0) tell(round.problems, round.place.home, again);
    },
  });
  console.log(summaryOf(lines));
  if (process.exitCode === 1) return;
  removeFolder(workshop.dir);
  console.log('nothing lost, nothing doubled');
}

if (values.sum !== undefined) console.log(summaryOf(linesOf(values.sum)));
else if (values.race) await raceOnce();
else if (values.points) await everyPoint();
else await stormOn();
