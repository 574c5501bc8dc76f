/**
 * One command each, with what it needs to find: together they come by every failpoint there is. A scenario is made
 * ready again for every kill, on the same home under another key.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MINUTELY, seenMinutesAgo } from '../support/seen-schedule.ts';
import { act, define, sh } from './definitions.ts';
import { readHistory } from './history.ts';
import { abandoned, inDoubt, plain, request, runOf, type Scenario, type Stage } from './stage.ts';
import { verdict } from './tasks.ts';

const LEGACY = join(import.meta.dirname, '../fixtures/legacy-home');

const resolving = (name: string, failpoint: string): Scenario => ({
  name,
  ready: async (stage, key) => {
    const runId = await inDoubt(stage, key, failpoint);
    return ['resolve', runId, verdict(stage.place, runId)];
  },
});

const afterwards = (
  name: string,
  workflow: string,
  then: (runId: string) => readonly string[],
): Scenario => ({
  name,
  ready: async (stage, key) => {
    await stage.ask(request(workflow, key));
    return then(runOf(stage, key));
  },
});

const damaged = (name: string, damage: (log: string) => void): Scenario => ({
  name,
  ready: async ({ place, ask }, key) => {
    const log = join(place.home, 'logs/events.jsonl');
    if (!existsSync(log)) await ask(request('once', `before ${key}`));
    damage(log);
    return request('once', key);
  },
});

/** Every slot that a server came to has one run or one reason, and each promise was kept. */
function slotsHold({ home }: Stage['place']): readonly string[] {
  const { lines, runs } = readHistory(home);
  const seen = new Set<string>();
  let claimed = 0;
  const problems = lines.flatMap(({ type, data }) => {
    if (type !== 'ScheduleSlotClaimed' && type !== 'ScheduleSlotSkipped') return [];
    const slot = String(data.slot);
    const again = seen.has(slot) ? [`slot ${slot} was settled twice`] : [];
    seen.add(slot);
    if (type === 'ScheduleSlotSkipped') return again;
    claimed += 1;
    return runs.has(String(data.runId)) ? again : [...again, `slot ${slot} was promised run ${data.runId}`];
  });
  return claimed > 0 ? problems : [...problems, 'no slot got a run'];
}

const backupOf = ({ place }: Stage): string => join(place.dir, 'backup');

/** What the killed backups left is a home: the program finds its log whole, and it is the beginning of ours. */
async function restored(stage: Stage): Promise<readonly string[]> {
  const backup = backupOf(stage);
  const { code, stdout } = await stage.place.wf(['log', 'verify', '--home', backup]);
  if (code !== 0) return [`wf log verify of the backup: exit ${code}: ${stdout}`];
  const { lines } = readHistory(backup);
  const ours = readHistory(stage.place.home).lines.slice(0, lines.length);
  return lines.length > 0 && isDeepStrictEqual(lines, ours)
    ? []
    : ['the backup has another log than the home'];
}

/** Files below a folder that hold a text. */
const filesWith = (dir: string, text: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));

const SENTENCE = 'Give a source link for every key claim';
const improve = (id: string): readonly string[] => [
  'feedback',
  'improve',
  '--workflow-id',
  id,
  '--auto-apply',
];
async function improvable({ place, ask }: Stage, key: string): Promise<string> {
  define(place.home, { id: key, execute: { dispatcher: 'manual' } });
  await ask([
    ...['feedback', 'submit', '--workflow-id', key, '--score', '2'],
    ...['--feedback', 'Needs more source links and tighter summaries'],
  ]);
  return key;
}
const sentenceStands =
  (times: number): NonNullable<Scenario['after']> =>
  ({ place }, key) => {
    const found =
      readFileSync(join(place.home, `definitions/${key}.json`), 'utf8').split(SENTENCE).length - 1;
    return found === times ? [] : [`definitions/${key}.json has the sentence ${found} times, not ${times}`];
  };

export const SCENARIOS: readonly Scenario[] = [
  ...['once', 'steps', 'long', 'slow', 'whole', 'hand', 'fails', 'busy'].map(plain),
  {
    name: 'tooled',
    ready: async (stage, key) => {
      await stage.ask(['tools', 'reset', 'press']);
      return request('tooled', key);
    },
  },
  {
    name: 'an import in place',
    fresh: true,
    ready: async ({ place }) => {
      // What stands in the way of a fresh start is not there yet: the place has definitions and nothing else.
      for (const name of ['state', 'logs', 'feedback', 'outbox'])
        cpSync(join(LEGACY, name), join(place.home, name), { recursive: true });
      return ['import-legacy', place.home];
    },
  },
  { name: 'the first command of a home', fresh: true, ready: async (_, key) => request('once', key) },
  {
    name: 'a run that improves its own workflow',
    ready: async (stage, key) => {
      const id = await improvable(stage, key);
      const selfImprove = { enabled: true, autoApplyLowRisk: true };
      define(stage.place.home, { id, execute: sh(act('0.01')), selfImprove });
      return ['run', id, '--input', key, '--idempotency-key', key];
    },
    after: sentenceStands(1),
  },
  {
    name: 'a run that takes a bad improvement back',
    ready: async (stage, key) => {
      const id = await improvable(stage, key);
      const { ask, place } = stage;
      const run = (n: number) => ['run', id, '--input', `${key} ${n}`, '--idempotency-key', `${key} ${n}`];
      const selfImprove = { enabled: true, revert: { afterRuns: 5, whenWorse: 'revert' } };
      define(place.home, { id, execute: sh(`${act('0.01')}; test ! -e "$HOME/bad ${key}"`), selfImprove });
      for (let n = 0; n < 5; n++) await ask(run(n));
      await ask(improve(id));
      writeFileSync(join(place.dir, `bad ${key}`), '');
      for (let n = 5; n < 9; n++) await ask(run(n));
      return run(9);
    },
    after: sentenceStands(0),
  },
  afterwards('a finished key', 'once', (runId) => ['show', runId]),
  {
    name: 'a finished key, asked again',
    ready: async (stage, key) => {
      await stage.ask(request('once', key));
      return request('once', key);
    },
  },
  {
    name: 'by force',
    ready: async (stage, key) => {
      await stage.ask(request('once', key));
      return [...request('once', key), '--force'];
    },
  },
  { name: 'detached', ready: async (_, key) => [...request('once', key), '--detach'] },
  {
    name: 'taken over before its act',
    ready: async (stage, key) => {
      await abandoned(stage, 'once', key, 'effect.epoch.read');
      return request('once', key);
    },
  },
  {
    name: 'taken over at its idempotent act',
    ready: async (stage, key) => {
      await abandoned(stage, 'steps', key, 'effect.spawn.after:2');
      return request('steps', key);
    },
  },
  {
    name: 'taken over at its delivery',
    ready: async (stage, key) => {
      await abandoned(stage, 'whole', key, 'effect.spawn.after:3');
      return request('whole', key);
    },
  },
  {
    name: 'taken over after its act',
    ready: async (stage, key) => {
      await abandoned(stage, 'once', key, 'effect.end.recorded');
      return request('once', key);
    },
  },
  {
    name: 'a server that finds what was left behind',
    ready: async (stage, key) => {
      await abandoned(stage, 'once', key, 'effect.intent.durable');
      return ['serve', '--once'];
    },
  },
  {
    name: 'slots of a schedule',
    fresh: true,
    ready: async ({ place }) => {
      define(place.home, { id: 'clock', execute: sh(act('0.02')), schedules: [MINUTELY] });
      await seenMinutesAgo(place.home, 'clock', 3);
      return ['serve', '--once'];
    },
    after: ({ place }) => slotsHold(place),
  },
  {
    name: 'a pause and its end',
    ready: async (stage) => {
      await stage.ask(['pause', 'once']);
      return ['pause', '--off', 'once'];
    },
  },
  resolving('a doubt about what happened', 'effect.child.ended'),
  resolving('a doubt about what did not happen', 'effect.epoch.read'),
  afterwards('a report', 'hand', (runId) => ['report', runId, '--text', `done ${runId}`]),
  afterwards('cancelled when handed over', 'hand', (runId) => ['cancel', runId]),
  afterwards('a failed run resumed', 'fails', (runId) => ['resume', runId]),
  {
    name: 'cancelled when abandoned',
    ready: async (stage, key) => {
      await abandoned(stage, 'once', key, 'effect.intent.durable');
      return ['cancel', runOf(stage, key)];
    },
  },
  {
    name: 'an approval rejected',
    ready: async (stage, key) => {
      await stage.ask(['run', 'once', '--input', `delete ${key}`, '--idempotency-key', key]);
      return ['reject', runOf(stage, key)];
    },
  },
  {
    name: 'feedback',
    ready: async (_, key) => [
      ...['feedback', 'submit', '--workflow-id', 'once', '--score', '4', '--feedback', `about ${key}`],
    ],
  },
  {
    name: 'an improvement',
    ready: async (stage, key) => improve(await improvable(stage, key)),
    after: sentenceStands(1),
  },
  {
    name: 'an improvement taken back',
    ready: async (stage, key) => {
      await stage.ask(improve(await improvable(stage, key)));
      return ['feedback', 'revert', 'last', '--workflow', key];
    },
    after: sentenceStands(0),
  },
  {
    name: 'a tool made ready',
    ready: async (stage) => {
      await stage.ask(['tools', 'reset', 'press']);
      return ['tools', 'bootstrap', 'tooled'];
    },
  },
  {
    name: 'a tool forgotten',
    ready: async (stage) => {
      await stage.ask(['tools', 'bootstrap', 'tooled']);
      return ['tools', 'reset', 'press'];
    },
  },
  {
    name: 'a rebuild',
    ready: async ({ place }, key) => {
      mkdirSync(join(place.home, 'outbox'), { recursive: true, mode: 0o700 });
      writeFileSync(join(place.home, `outbox/note ${key}.txt`), 'not ours');
      return ['rebuild-projections'];
    },
    after: ({ place }, key) =>
      existsSync(join(place.home, `state/foreign/outbox/note ${key}.txt`)) ? [] : [`the note ${key} is lost`],
  },
  {
    name: 'a lost index',
    ready: async ({ place }, key) => {
      for (const end of ['', '-wal', '-shm'])
        rmSync(join(place.home, `state/index.db${end}`), { force: true });
      return request('once', key);
    },
  },
  {
    name: 'an older part of the log closed',
    ready: async (stage, key) => {
      await stage.ask(request('once', key));
      return ['log', 'archive', '--keep', '5'];
    },
  },
  {
    name: 'a backup',
    ready: async (stage, key) => {
      await stage.ask(request('long', key));
      return ['log', 'backup', backupOf(stage)];
    },
    after: (stage) => restored(stage),
  },
  {
    name: 'an erasure',
    // Nothing else of the home has these words.
    fresh: true,
    ready: async (stage, key) => {
      await stage.ask(request('long', key));
      return ['erase', runOf(stage, key), '--artifacts', '--yes'];
    },
    after: ({ place }) =>
      filesWith(place.home, 'long words').map((file) => `${file} still has the erased text`),
  },
  {
    name: 'a run that gives up the files of another',
    fresh: true,
    ready: async (stage, key) => {
      const execute = sh(`mkdir -p "$WF_ARTIFACTS"; echo ${key} > "$WF_ARTIFACTS/note"; ${act('0.01')}`);
      define(stage.place.home, { id: 'tidy', execute, retention: { artifacts: 1 } });
      await stage.ask(request('tidy', `before-${key}`));
      return request('tidy', key);
    },
    // What a killed process did not get to is done at the end of the next run.
    after: async ({ place, ask }, key) => {
      await ask(request('tidy', `after-${key}`));
      const kept = readdirSync(join(place.home, 'artifacts'));
      return kept.length === 1 ? [] : [`artifacts/ has ${kept.length} folders, not the newest alone`];
    },
  },
  {
    name: 'somebody is told',
    fresh: true,
    ready: async ({ place }, key) => {
      const program = join(place.dir, 'tell.sh');
      writeFileSync(program, '#!/bin/sh\necho "$WF_EFFECT_KEY" >> "$HOME/told"\n', { mode: 0o700 });
      const target = { via: 'command', command: program };
      writeFileSync(join(place.home, 'config.json'), JSON.stringify({ messages: { default: target } }));
      const execute = sh(act('0.01'));
      define(place.home, {
        id: 'tells',
        execute,
        notify: [{ on: ['completed'] }],
        limits: { concurrency: 1 },
      });
      return request('tells', key);
    },
    // Claimed and told at most once; killed in between it is in doubt, and nobody is told twice.
    after: ({ place }) => {
      const told = existsSync(join(place.dir, 'told')) ? readFileSync(join(place.dir, 'told'), 'utf8') : '';
      const keys = told.split('\n').filter((line) => line !== '');
      const claimed = readHistory(place.home)
        .lines.filter(({ type }) => type === 'NotificationIntended')
        .map(({ data }) => `wf:${String(data.noticeId).replace('.notify.', ':notify.')}`);
      const twice = keys.filter((one, i) => keys.indexOf(one) !== i).map((one) => `${one} went out twice`);
      const unknown = keys.filter((one) => !claimed.includes(one)).map((one) => `${one} has no claim`);
      return [...twice, ...unknown];
    },
  },
  damaged('a torn end of the log', (log) => appendFileSync(log, '{"seq":')),
  damaged('a missing newline', (log) => {
    const text = readFileSync(log);
    if (text.at(-1) === 0x0a) truncateSync(log, text.length - 1);
  }),
  {
    name: 'a sync that has failed',
    ready: async ({ place }) => {
      writeFileSync(join(place.home, 'logs/SYNC_FAILED'), '{"offset":0,"durableSeq":0}\n');
      return ['doctor', '--fix'];
    },
  },
];
