/**
 * A valid home with as many finished runs as wanted, made fast: a few real commands are the pattern, and their lines
 * are written again and again under ids, keys, inputs and times of their own. What comes out passes `wf log verify`;
 * projections are left to `wf rebuild-projections`. By hand: `node bench/make-history.ts <new folder> <runs>`.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encodeTime } from 'ulid';
import { GENESIS_HASH } from '../src/events/codec.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import {
  type Episode,
  EVERY,
  inputOf,
  makeEmptyHome,
  makePattern,
  type Pattern,
  WORKFLOW,
} from './history-pattern.ts';
import {
  COMMIT,
  FIRST_OWN,
  fillLine,
  ID,
  type LineTemplate,
  lineTemplate,
  SEQ,
  STREAM_VERSION,
  SYNCED,
  sha256,
  TS,
} from './line-template.ts';

const RUN_EVERY_MS = 1_000;
const WRITE_CHARS = 4 * 1024 * 1024;

export type History = { readonly runs: number; readonly events: number; readonly bytes: number };

/** @param launcher the `wf` that makes the real runs of the pattern */
export const makeHistory = (home: string, runs: number, launcher: string): History => {
  const pattern = makePattern(launcher);
  makeEmptyHome(home);
  mkdirSync(join(home, 'logs'), { mode: 0o700 });
  const out = openSync(join(home, 'logs/events.jsonl'), 'wx', 0o600);
  try {
    const writer = new LineWriter(out);
    const startMs = Date.now() - (runs + 1) * RUN_EVERY_MS;
    writer.write(compile(pattern.prelude, []), startMs, []);
    const templates = templatesOf(pattern);
    for (let n = pattern.preludeRuns + 1; n <= runs; n++) {
      const template = templates(n);
      writer.write(template, startMs + n * RUN_EVERY_MS, ownValues(template, n, writer));
    }
    writer.flush();
    return { runs: Math.max(runs, pattern.preludeRuns), events: writer.seq, bytes: writer.bytes };
  } finally {
    closeSync(out);
  }
};

type EventTemplate = LineTemplate & {
  /** Milliseconds after the episode's first event. */
  readonly afterMs: number;
  readonly beginsCommit: boolean;
  /** How far before itself the event's `synced` points. */
  readonly syncedBack: number;
  /** Set where the stream goes on from episode to episode. */
  readonly sharedStream: string | undefined;
};
type EpisodeTemplate = {
  readonly workflowId: string;
  readonly events: readonly EventTemplate[];
  readonly salts: number;
};

const templatesOf = (pattern: Pattern): ((n: number) => EpisodeTemplate) => {
  const kinds = Object.keys(EVERY) as (keyof typeof EVERY)[];
  const compiled = new Map(kinds.map((kind) => [kind, compileEpisode(pattern[kind])]));
  const plain = compileEpisode(pattern.plain);
  return (n) => {
    const kind = kinds.find((one) => n % EVERY[one] === 0);
    return (kind === undefined ? undefined : compiled.get(kind)) ?? plain;
  };
};

type Claim = {
  readonly workflowId: string;
  readonly key: string;
  readonly runId: string;
  readonly inputHash: string;
};

/** Data that holds a text of the user also holds one; so most data of a log is there only once. */
const SALT = /(?<="salt":")\w+/g;

const compileEpisode = ({ events, input }: Episode): EpisodeTemplate => {
  const claim = events[0]?.data as Claim;
  if (events[0]?.type !== 'KeyClaimed')
    throw new Error('the pattern looks different by now: mend bench/history-pattern.ts');
  const keyStream = sha256(`${claim.workflowId}\n${claim.key}`);
  const feedback = events.find(({ type }) => type === 'FeedbackSubmitted');
  const feedbackId = (feedback?.data as { feedbackId?: string } | undefined)?.feedbackId ?? '';
  const salts = [...new Set(JSON.stringify(events).match(SALT))];
  const names = [claim.runId, claim.key, keyStream, claim.inputHash, input, feedbackId];
  return { ...compile(events, [...names, ...salts]), workflowId: claim.workflowId, salts: salts.length };
};

/** The values of one copy, in the order of the names given to {@link compile}. */
const ownValues = (
  { workflowId, salts }: EpisodeTemplate,
  n: number,
  writer: LineWriter,
): readonly string[] => {
  const input = inputOf('history', n);
  const key = sha256(`${workflowId}:${input}`);
  const keyStream = sha256(`${workflowId}\n${key}`);
  const freshSalts = Array.from({ length: salts }, () => writer.freshSalt());
  return [writer.freshId(), key, keyStream, sha256(input), input, writer.freshId(), ...freshSalts];
};

const compile = (events: readonly StoredEvent[], own: readonly string[]): EpisodeTemplate => {
  const firstMs = Date.parse(events[0]?.ts ?? '');
  return {
    workflowId: WORKFLOW,
    salts: 0,
    events: events.map((event, i) => {
      const isShared = event.stream.startsWith('workflow/');
      return {
        ...lineTemplate(event, own, isShared),
        // Before the next run begins, whatever the pattern took.
        afterMs: Math.min(Date.parse(event.ts) - firstMs, RUN_EVERY_MS - 1),
        beginsCommit: event.commit !== events[i - 1]?.commit,
        syncedBack: event.seq - (event.synced ?? event.seq),
        sharedStream: isShared ? event.stream : undefined,
      };
    }),
  };
};

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Three digits count the ids of an episode: they go up as a writer's do within one millisecond. */
const COUNTERS = Array.from(
  { length: 32 ** 3 },
  (_, i) => BASE32.charAt(i >> 10) + BASE32.charAt((i >> 5) & 31) + BASE32.charAt(i & 31),
);

/** Lines one after the other: positions, ids, commits, times and hashes as a writer of the log makes them. */
class LineWriter {
  readonly #out: number;
  #text = '';
  #hash = GENESIS_HASH;
  #random = 1;
  /** The first characters of every id of this episode after its time. */
  #word = '';
  #count = 0;
  #time = '';
  readonly #versions = new Map<string, number>();
  seq = 0;
  bytes = 0;

  constructor(out: number) {
    this.#out = out;
    this.#begin(Date.now());
  }

  freshId(): string {
    return this.#time + this.#word + (COUNTERS[this.#count++ % COUNTERS.length] as string);
  }

  /** Sixteen letters and digits, as the engine's are. */
  freshSalt(): string {
    return (this.#word + (COUNTERS[this.#count++ % COUNTERS.length] as string)).toLowerCase();
  }

  write({ events }: EpisodeTemplate, atMs: number, own: readonly string[]): void {
    this.#begin(atMs);
    const values = Array.from({ length: FIRST_OWN }, () => '').concat(own);
    let afterMs = -1;
    for (const event of events) {
      if (event.afterMs !== afterMs) {
        afterMs = event.afterMs;
        this.#time = encodeTime(atMs + afterMs);
        values[TS] = new Date(atMs + afterMs).toISOString();
      }
      if (event.beginsCommit) values[COMMIT] = this.freshId();
      this.seq++;
      values[SEQ] = String(this.seq);
      values[ID] = this.freshId();
      values[SYNCED] = String(this.seq - event.syncedBack);
      if (event.sharedStream !== undefined) values[STREAM_VERSION] = this.#nextVersion(event.sharedStream);
      const { line, hash } = fillLine(event, values, this.#hash);
      this.#text += line;
      this.#hash = hash;
    }
    if (this.#text.length > WRITE_CHARS) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#out, bytes, at);
    this.bytes += bytes.length;
    this.#text = '';
  }

  /** Ids only have to be different each time, and the same in every run of a bench. */
  #begin(atMs: number): void {
    this.#count = 0;
    this.#time = encodeTime(atMs);
    this.#word = '';
    for (let i = 0; i < 13; i++) {
      this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
      this.#word += BASE32.charAt(this.#random >>> 27);
    }
  }

  #nextVersion(stream: string): string {
    const version = (this.#versions.get(stream) ?? 0) + 1;
    this.#versions.set(stream, version);
    return String(version);
  }
}

if (import.meta.main) {
  const [home, runs, launcher = resolve(import.meta.dirname, '../dist/wf.cjs')] = process.argv.slice(2);
  if (home === undefined || !(Number(runs) > 0))
    throw new Error('usage: make-history.ts <new folder> <runs>');
  const started = performance.now();
  const history = makeHistory(resolve(home), Number(runs), launcher);
  const seconds = (performance.now() - started) / 1000;
  console.log({ ...history, eventsPerSecond: Math.round(history.events / seconds) });
}
