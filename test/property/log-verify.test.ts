/**
 * `wf log verify` reads long logs by a quick way, in ranges and in threads. Whatever is done to a log, it says exactly
 * what the plain walk over all lines says: the same good part, the same first problem.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, it } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it as plainIt } from 'vitest';
import { GENESIS_HASH } from '../../src/events/codec.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { syncedBeyond } from '../../src/log/recover.ts';
import { verifiedScan } from '../../src/log/verified-scan.ts';
import { type VerifyResult, verifyLog } from '../../src/log/verify.ts';
import { commitId, note, openTestStore, tempDir } from '../support/log-helpers.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const temp = tempDir();
const logs = join(temp.dir, 'logs');
const file = join(logs, 'events.jsonl');
afterAll(() => temp.remove());

/** Single events and batches, several streams, texts that need escapes or more than one byte. */
const TEXTS = ['plain', 'Grüße 🚀', 'a "quote" \\ and\nlines', '\u2028', ',"dataHash":"', 'x'.repeat(300)];
let whole: readonly string[];
beforeAll(async () => {
  const store = openTestStore(logs, { sha256: bulkSha256() });
  const versions = new Map<string, number>();
  for (let n = 0; n < 40; n++) {
    const stream = `run/${n % 3}${n % 7 === 0 ? ' "odd" ü' : ''}`;
    const events = Array.from({ length: [1, 3, 1, 11][n % 4] as number }, (_, i) => ({
      ...note(TEXTS[(n + i) % TEXTS.length] as string, i % 2 === 0 ? {} : { n }),
      ...(n % 5 === 0 ? { meta: { actor: n % 2 === 0 ? 'user' : 'the "user"', epoch: 2 } } : {}),
    }));
    const version = versions.get(stream) ?? 0;
    await store.append(stream, version, events, { durable: n % 3 === 0, commitId: commitId() });
    versions.set(stream, version + events.length);
  }
  await store.close();
  whole = readFileSync(file, 'utf8').trimEnd().split('\n');
});

const plainVerify = (durableMark: number): VerifyResult => {
  const fd = openSync(file, 'r');
  const { length: size } = readFileSync(file);
  try {
    const found = { events: 0, bytes: 0, headSeq: 0, headHash: GENESIS_HASH, erased: 0 };
    let durableSeq = durableMark;
    const scan = verifiedScan(nodeFs, fd, 0, size, { seq: 0, hash: GENESIS_HASH }, sha256);
    let step = scan.next();
    for (; step.done !== true; step = scan.next()) {
      for (const { event, endOffset, erased } of step.value) {
        found.events++;
        found.headSeq = event.seq;
        found.headHash = event.hash;
        found.bytes = Math.min(endOffset, size);
        if (erased) found.erased++;
        durableSeq = Math.max(durableSeq, event.synced ?? 0);
      }
    }
    const { stop } = step.value;
    if (stop?.kind === 'damage')
      durableSeq = Math.max(durableSeq, syncedBeyond(nodeFs, fd, stop, size, sha256));
    const result = { ...found, durableSeq };
    if (stop === undefined && durableSeq <= found.headSeq) return result;
    if (stop === undefined) {
      const damage = { line: found.headSeq + 1, offset: found.bytes, reason: 'the log ends early' };
      return { ...result, damage };
    }
    const problem = { line: stop.badLine, offset: stop.badOffset, reason: stop.reason };
    if (durableSeq >= stop.firstLostSeq) return { ...result, damage: problem };
    return { ...result, torn: { ...problem, bytes: size - stop.cutAt } };
  } finally {
    closeSync(fd);
  }
};

const compare = async (bytes: string | Uint8Array, rangeBytes: number, threads: number, durableMark = 0) => {
  mkdirSync(logs, { recursive: true });
  writeFileSync(file, bytes);
  const quick = await verifyLog(logs, bulkSha256(), { durableMark, ranges: { rangeBytes, threads } });
  // Who replaced data is a question of its own, put after both.
  const { unsaid: _unsaid, ...said } = quick;
  expect(said).toEqual(plainVerify(durableMark));
  return quick;
};

/** Hashes made right again: what a writer with another idea of a line, or somebody who forges, would leave. */
const rechained = (lines: readonly string[]): string[] => {
  let previous = GENESIS_HASH;
  return lines.map((line) => {
    const at = line.indexOf(',"dataHash":"');
    const dataAt = line.indexOf(',"data":', at);
    if (at === -1 || dataAt === -1 || line.length < dataAt + 90) return line;
    const data = line.slice(dataAt + 8, -75);
    const head = `${line.slice(0, at)},"dataHash":"${sha256(data)}"`;
    const hash = sha256(previous + head);
    previous = hash;
    return `${head},"data":${data},"hash":"${hash}"}`;
  });
};

type Damage = (lines: string[], line: number, at: number, piece: string) => string[];
const replaced = (lines: string[], n: number, change: (line: string) => string): string[] =>
  lines.map((line, i) => (i === n ? change(line) : line));
const DAMAGES: Readonly<Record<string, Damage>> = {
  none: (lines) => lines,
  lost: (lines, n) => lines.toSpliced(n, 1),
  twice: (lines, n) => lines.toSpliced(n, 0, lines[n] as string),
  swapped: (lines, n) => lines.toSpliced(n, 2, ...lines.slice(n, n + 2).reverse()),
  foreign: (lines, n, _at, piece) => lines.toSpliced(n, 0, piece),
  overwritten: (lines, n, at, piece) =>
    replaced(lines, n, (line) => line.slice(0, at) + piece + line.slice(at + piece.length)),
  inserted: (lines, n, at, piece) => replaced(lines, n, (line) => line.slice(0, at) + piece + line.slice(at)),
  cut: (lines, n, at) => replaced(lines.slice(0, n + 1), n, (line) => line.slice(0, at)),
  'cut within': (lines, n, at) => replaced(lines, n, (line) => line.slice(0, at)),
  'joined lines': (lines, n) => lines.toSpliced(n, 2, lines.slice(n, n + 2).join('')),
  erased: (lines, n) =>
    replaced(lines, n, (line) => {
      const from = line.indexOf(',"data":') + 8;
      const length = Buffer.byteLength(line.slice(from, -75));
      return `${line.slice(0, from)}${'{"erased":true}'.padEnd(length)}${line.slice(-75)}`;
    }),
  'too long': (lines, n) => replaced(lines, n, (line) => line.replace('{', `{${' '.repeat(300_000)}`)),
};

const PIECES = [
  '',
  '"',
  '}',
  '{}',
  ',',
  ' ',
  '\\',
  '\u0000',
  'ü',
  '0',
  '9',
  '-1',
  '[1,2]',
  'null',
  '\\u0041',
  '{"erased":true}',
  ',"a":1',
  ',"dataHash":"',
  '"meta":{"dataHash":"x"},',
  '\n',
  '\r',
];
const damage = fc.record({
  kind: fc.constantFrom(...Object.keys(DAMAGES)),
  line: fc.double({ min: 0, max: 0.999, noNaN: true }),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
  forged: fc.boolean(),
  noNewline: fc.boolean(),
});

describe('the quick way of `wf log verify`', () => {
  it.prop([damage, fc.integer({ min: 2_000, max: 30_000 }), fc.nat(250)], { numRuns: propertyRuns(150) })(
    'says what the plain walk says, whatever was done to the log',
    async ({ kind, line, at, piece, forged, noNewline }, rangeBytes, durableMark) => {
      const n = Math.floor(line * whole.length);
      const column = Math.floor(at * (whole[n] as string).length);
      const damaged = (DAMAGES[kind] as Damage)([...whole], n, column, piece);
      const lines = forged ? rechained(damaged) : damaged;
      await compare(lines.join('\n') + (noNewline ? '' : '\n'), rangeBytes, 0, durableMark);
    },
    propertyTimeoutMs,
  );

  it.prop([fc.nat(60_000), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 2_000, max: 30_000 })], {
    numRuns: propertyRuns(100),
  })(
    'says what the plain walk says when one byte is another',
    async (at, byte, rangeBytes) => {
      const bytes = Buffer.from(`${whole.join('\n')}\n`);
      bytes[at % bytes.length] = byte;
      await compare(bytes, rangeBytes, 0);
    },
    propertyTimeoutMs,
  );

  plainIt('proves a good log without the plain walk, in threads too', async () => {
    const text = `${whole.join('\n')}\n`;
    const result = await compare(text, 4_000, 2);
    expect(result).toMatchObject({
      events: whole.length,
      headSeq: whole.length,
      bytes: Buffer.byteLength(text),
    });
  });

  plainIt('finds the first of two damages when threads look at both', async () => {
    const lines = whole.map((line, i) =>
      i === 20 || i === 120 ? line.replace('"text":"', '"text":"!') : line,
    );
    expect(await compare(`${lines.join('\n')}\n`, 2_000, 2, 150)).toMatchObject({ damage: { line: 21 } });
  });
});

describe('who asks for every event', () => {
  plainIt.each([512, 4_096, 1 << 20])(
    'is told of each once, whole and in order, in ranges of %i bytes',
    async (rangeBytes) => {
      writeFileSync(file, `${whole.join('\n')}\n`);
      const seen: string[] = [];
      const result = await verifyLog(logs, sha256, {
        // What stands in its line, key by key in the order of the line.
        onEvent: (event) => seen.push(JSON.stringify(event)),
        ranges: { rangeBytes, threads: 2 },
      });
      expect(result.events).toBe(whole.length);
      expect(seen).toEqual(whole);
    },
  );
});
