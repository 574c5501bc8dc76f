/**
 * A valid home with as many finished runs as wanted, made fast: one real run of the engine is the pattern, and its
 * lines are written again and again under ids, keys, inputs and times of their own, through the encoder that the
 * engine uses. What comes out passes `wf log verify`; projections are left to `wf rebuild-projections`.
 * By hand: `node bench/make-history.ts <new folder> <runs>`.
 */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeLine, encodeLine, GENESIS_HASH, isInvalid, type LineFields } from '../src/events/codec.ts';
import { type StoredEvent, seq } from '../src/events/envelope.ts';
import { nextEventId } from '../src/log/event-ids.ts';

export const WORKFLOW = 'bench';
const DEFINITION = JSON.stringify({ id: WORKFLOW, execute: { command: '/bin/true' } });
const RUN_EVERY_MS = 1_000;
const WRITE_CHARS = 4 * 1024 * 1024;
const MIN_PATTERN_EVENTS = 10;

const sha256 = (input: string | Uint8Array): string => hash('sha256', input, 'hex');

/** A home that holds the workflow and nothing else. */
export const makeEmptyHome = (home: string): void => {
  mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, `definitions/${WORKFLOW}.json`), DEFINITION);
};

export type History = { readonly runs: number; readonly events: number; readonly bytes: number };

/** @param launcher the `wf` that makes the one real run */
export const makeHistory = (home: string, runs: number, launcher: string): History => {
  const { registered, run } = patternRun(launcher);
  makeEmptyHome(home);
  mkdirSync(join(home, 'logs'), { mode: 0o700 });
  const out = openSync(join(home, 'logs/events.jsonl'), 'wx', 0o600);
  try {
    const writer = new LineWriter(out);
    const startMs = Date.now() - (runs + 1) * RUN_EVERY_MS;
    writer.write(registered, JSON.stringify(registered.data), startMs, seq(1));
    for (let n = 1; n <= runs; n++) copyRun(writer, run, n, startMs + n * RUN_EVERY_MS);
    writer.flush();
    return { runs, events: writer.seq, bytes: writer.bytes };
  } finally {
    closeSync(out);
  }
};

/** The second run of a fresh home: what the first one also records, its definition, is there only once. */
const patternRun = (launcher: string): { registered: StoredEvent; run: readonly StoredEvent[] } => {
  const scratch = mkdtempSync(join(tmpdir(), 'wf-pattern-'));
  try {
    makeEmptyHome(scratch);
    for (const input of ['pattern 1', 'pattern 2']) {
      const args = [launcher, 'run', WORKFLOW, '--input', input];
      const { status, stderr } = spawnSync(process.execPath, args, {
        env: { PATH: process.env.PATH, HOME: scratch, WF_HOME: scratch },
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`the pattern run ended with ${status}\n${stderr}`);
    }
    const lines = readFileSync(join(scratch, 'logs/events.jsonl'), 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => {
      const event = decodeLine(line);
      if (isInvalid(event)) throw new Error(`the pattern run left a bad line: ${event.invalid}`);
      return event;
    });
    const second = events.findLastIndex((event) => event.type === 'KeyClaimed');
    const [registered] = events;
    const run = events.slice(second);
    if (registered?.type !== 'DefinitionRegistered' || run.length < MIN_PATTERN_EVENTS)
      throw new Error('the pattern run looks different by now: mend bench/make-history.ts');
    return { registered, run };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** The events of one run, with every name that must be the run's own replaced. */
const copyRun = (writer: LineWriter, run: readonly StoredEvent[], n: number, atMs: number): void => {
  const [claim] = run;
  const claimed = claim?.data as { runId: string; key: string; inputHash: string };
  const input = `history ${n}`;
  const key = sha256(`${WORKFLOW}:${input}`);
  const runId = nextEventId(null, atMs, random);
  const own: readonly (readonly [string, string])[] = [
    [claimed.runId, runId],
    [claimed.key, key],
    [claimed.inputHash, sha256(input)],
    ['pattern 2', input],
  ];
  const shift = writer.seq + 1 - (claim?.seq ?? 0);
  const firstMs = Date.parse(claim?.ts ?? '');
  for (const event of run) {
    let data = JSON.stringify(event.data);
    for (const [from, to] of own) data = data.replaceAll(from, to);
    const stream = event.stream.startsWith('key/')
      ? `key/${sha256(`${WORKFLOW}\n${key}`)}`
      : event.stream.replace(claimed.runId, runId);
    const { synced, ...rest } = event;
    const placed = synced === undefined ? rest : { ...rest, synced: synced + shift };
    writer.write({ ...placed, stream }, data, atMs + Date.parse(event.ts) - firstMs, seq(event.seq + shift));
  }
};

/** Lines one after the other: ids, commits and hashes as a writer of the log makes them. */
class LineWriter {
  readonly #out: number;
  #text = '';
  #hash = GENESIS_HASH;
  #lastId: string | null = null;
  #commitOf = '';
  #commit = '';
  seq = 0;
  bytes = 0;

  constructor(out: number) {
    this.#out = out;
  }

  write(event: StoredEvent, data: string, atMs: number, place: StoredEvent['seq']): void {
    const id = nextEventId(this.#lastId, atMs, random);
    // A batch keeps one commit id, a new commit begins where the pattern's does; every run has its own.
    if (event.commit !== this.#commitOf || (event.batch?.[0] ?? 1) === 1) {
      this.#commitOf = event.commit;
      this.#commit = nextEventId(null, atMs, random);
    }
    const fields: LineFields = {
      ...event,
      seq: place,
      id,
      ts: new Date(atMs).toISOString(),
      commit: this.#commit,
      data: JSON.parse(data) as object,
    };
    const encoded = encodeLine(sha256, this.#hash, fields);
    if ('tooLong' in encoded) throw new Error(`a line of ${encoded.tooLong} bytes`);
    this.#text += `${encoded.line}\n`;
    this.#hash = encoded.hash;
    this.#lastId = id;
    this.seq = place;
    if (this.#text.length > WRITE_CHARS) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#out, bytes, at);
    this.bytes += bytes.length;
    this.#text = '';
  }
}

/** Only has to be different each time, and the same in every run of the bench. */
let state = 1;
const random = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });

if (import.meta.main) {
  const [home, runs, launcher = resolve(import.meta.dirname, '../dist/wf.cjs')] = process.argv.slice(2);
  if (home === undefined || !(Number(runs) > 0))
    throw new Error('usage: make-history.ts <new folder> <runs>');
  console.log(makeHistory(resolve(home), Number(runs), launcher));
}
