/** Asks doctor about a home, and puts homes into states that only another time or another writer leaves. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeLine, encodeLine, GENESIS_HASH, isInvalid, type LineFields } from '../../src/events/codec.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { StartOptions, WfRunner } from './wf.ts';

export type Finding = {
  readonly id: string;
  readonly severity: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly where?: string;
  readonly why?: string;
  readonly fix?: string;
  readonly fixed?: string;
};
export type Examined = {
  readonly code: number | null;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly stderr: string;
  find(id: string): Finding | undefined;
  /** Ids of what is not in order. */
  readonly wrong: readonly string[];
};

export async function doctor(
  runner: WfRunner,
  args: readonly string[] = [],
  options?: StartOptions,
): Promise<Examined> {
  const { code, stdout, stderr } = await runner.wf(['doctor', ...args, '--json'], options);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  const find = (id: string): Finding | undefined => findings.find((finding) => finding.id === id);
  const wrong = findings.filter(({ severity }) => severity !== 'ok').map(({ id }) => id);
  return { code, ok, findings, stderr, find, wrong };
}

const sha256 = (input: string | Uint8Array): string => createHash('sha256').update(input).digest('hex');
export const logOf = (runner: WfRunner): string => join(runner.home, 'logs/events.jsonl');

export function eventsOf(runner: WfRunner): StoredEvent[] {
  const lines = readFileSync(logOf(runner), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const event = decodeLine(line);
    if (isInvalid(event)) throw new Error(event.invalid);
    return event;
  });
}

/** Writes the log anew, every hash right, as a writer of another time or version would have. The index goes. */
export function writeLog(runner: WfRunner, events: readonly LineFields[]): void {
  let previous = GENESIS_HASH;
  let text = '';
  for (const [i, fields] of events.entries()) {
    const { dataHash: _dataHash, hash: _hash, ...rest } = fields as StoredEvent;
    const encoded = encodeLine(sha256, previous, { ...rest, seq: (i + 1) as StoredEvent['seq'] });
    if ('tooLong' in encoded) throw new Error('too long');
    text += `${encoded.line}\n`;
    previous = encoded.hash;
  }
  mkdirSync(join(runner.home, 'logs'), { recursive: true, mode: 0o700 });
  writeFileSync(logOf(runner), text, { mode: 0o600 });
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(runner.home, `state/index.db${suffix}`), { force: true });
}

const ISO = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"/g;

/** As if everything had been recorded so much earlier (or later): the changed clock of a fixture log. */
export function shiftTime(runner: WfRunner, ms: number, from = 1): void {
  const shifted = (iso: string): string => new Date(Date.parse(iso) + ms).toISOString();
  const events = eventsOf(runner).map((event) =>
    event.seq < from
      ? event
      : {
          ...event,
          ts: shifted(event.ts),
          data: JSON.parse(
            JSON.stringify(event.data).replace(ISO, (_, iso: string) => JSON.stringify(shifted(iso))),
          ) as object,
        },
  );
  writeLog(runner, events);
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
