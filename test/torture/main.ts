/**
 * `npm run torture -- --seconds N --seed S [--processes P]`, or `--race [--runs N] [--processes P] [--keys K]`.
 * Exit 1 keeps the home and names the seed; a clean one is removed.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makePlace, type Place } from './place.ts';
import { race } from './race.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: '8' },
    race: { type: 'boolean', default: false },
    runs: { type: 'string', default: '200' },
    keys: { type: 'string', default: '10' },
  },
});
const number = (name: 'seconds' | 'seed' | 'processes' | 'runs' | 'keys'): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} ${values[name]}: a whole number is wanted`);
  process.exit(2);
};

function end(place: Place, problems: readonly string[], again: string): void {
  if (problems.length === 0) {
    rmSync(place.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    console.log('nothing lost, nothing doubled');
    return;
  }
  for (const problem of problems.slice(0, 50)) console.log(`✗ ${problem}`);
  console.log(
    `${problems.length} findings; the home is kept: ${place.home}\nagain: npm run torture -- ${again}`,
  );
  process.exitCode = 1;
}

if (values.race) {
  const options = { processes: number('processes'), runs: number('runs'), keys: number('keys') };
  const place = makePlace();
  const { problems, asked, executed, events } = await race(place, options);
  console.log(`${options.processes} processes x ${options.runs} runs, ${options.keys} keys raced by all:`);
  console.log(`${asked} requests, ${executed} executions, ${events} events`);
  end(
    place,
    problems,
    `--race --processes ${options.processes} --runs ${options.runs} --keys ${options.keys}`,
  );
} else {
  const options = { seconds: number('seconds'), seed: number('seed'), processes: number('processes') };
  const result = await torture(options);
  console.log(`seed ${options.seed}, ${options.processes} processes, ${options.seconds} s:`);
  console.log(
    `${result.commands} commands, ${result.kills} killed, ${result.stops} stopped and continued, ${result.childrenKilled} children killed`,
  );
  console.log(
    `checked: ${result.events} events, ${result.runs} runs, ${result.effects} acts in the world, ${result.answers} answers`,
  );
  console.log(
    `recovered: ${result.takeovers} runs taken over, ${result.doubts} effects in doubt, ${result.torn} torn ends set aside`,
  );
  end(
    result.place,
    result.problems,
    `--seconds ${options.seconds} --seed ${options.seed} --processes ${options.processes}`,
  );
}
