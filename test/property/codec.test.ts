import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { fc, it } from '@fast-check/vitest';
import { describe, expect, it as plainIt } from 'vitest';
import {
  decodeLine,
  encodeLine,
  GENESIS_HASH,
  isIntact,
  type LineFields,
  verifyLine,
} from '../../src/events/codec.ts';
import { MAX_LINE_BYTES } from '../../src/events/envelope.ts';
import { bulkSha256, coldSha256 } from '../../src/log/hash.ts';
import { commitId } from '../support/log-helpers.ts';

const sha256 = (input: string | Uint8Array) => createHash('sha256').update(input).digest('hex');

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    ',"dataHash":"',
    '{"seq":1,',
    '","hash":"',
    '\\ud800',
    '\u0000\u2028',
    '🚀',
    '',
  ),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(text, tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
}));
const data = json.object.filter((o) => JSON.stringify(o) !== '{"erased":true}') as fc.Arbitrary<object>;
const meta = fc.record(
  { actor: text, cause: text, epoch: fc.nat(), occurredAt: text, trace: text },
  { requiredKeys: ['epoch'], noNullPrototype: true },
);
const fields: fc.Arbitrary<LineFields> = fc
  .record(
    {
      seq: fc.integer({ min: 2, max: 2 ** 50 }),
      id: fc.ulid(),
      ts: fc
        .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
        .map((d) => d.toISOString()),
      stream: text.filter((s) => s !== ''),
      streamVersion: fc.integer({ min: 1, max: 2 ** 50 }),
      type: text.filter((s) => s !== ''),
      schemaVersion: fc.integer({ min: 1, max: 99 }),
      commit: fc.ulid(),
      batch: fc.tuple(fc.nat(30), fc.nat(30)).map(([i, more]) => [i + 1, Math.max(2, i + 1 + more)]),
      synced: fc.constant(1),
      meta,
      data,
    },
    {
      requiredKeys: ['seq', 'id', 'ts', 'stream', 'streamVersion', 'type', 'schemaVersion', 'commit', 'data'],
    },
  )
  .map((f) => f as unknown as LineFields);
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });

const encoded = (prev: string, f: LineFields) => {
  const result = encodeLine(coldSha256, prev, f);
  if ('tooLong' in result) throw new Error('too long for this test');
  return result;
};

describe('codec', () => {
  it.prop([hex, fields])('an event read back is the event that was written', (prev, f) => {
    const { line, hash, dataHash } = encoded(prev, f);
    expect(line).not.toContain('\n');
    // vitest's own equality trips over a key named `constructor`.
    expect(isDeepStrictEqual(decodeLine(line), { ...f, dataHash, hash })).toBe(true);
    expect(verifyLine(coldSha256, prev, line)).toEqual({ ok: true, hash, erased: false });
  });

  it.prop([hex, fields])('hashes are of the very bytes on the line, as anybody can check', (prev, f) => {
    const { line, hash, dataHash } = encoded(prev, f);
    const head = line.slice(0, line.indexOf(',"data":{', line.indexOf(dataHash)));
    const dataText = line.slice(head.length + ',"data":'.length, -`,"hash":"${hash}"}`.length);
    expect(sha256(Buffer.from(dataText))).toBe(dataHash);
    expect(sha256(Buffer.from(prev + head))).toBe(hash);
  });

  it.prop([hex, fields, fc.nat(), fc.integer({ min: 1, max: 255 })])(
    'one changed byte anywhere is noticed',
    (prev, f, where, mask) => {
      const { line } = encoded(prev, f);
      const bytes = Buffer.from(line);
      const at = where % bytes.length;
      bytes[at] = (bytes[at] as number) ^ mask;
      const damaged = bytes.toString('utf8');
      const seen = !Buffer.from(damaged).equals(bytes) || !verifyLine(coldSha256, prev, damaged).ok;
      expect(seen).toBe(true);
    },
  );

  it.prop([hex, fields])('erased data keeps the chain and every offset', (prev, f) => {
    const { line, hash, dataHash } = encoded(prev, f);
    const start = line.indexOf(',"data":{', line.indexOf(dataHash)) + ',"data":'.length;
    const old = line.slice(start, -`,"hash":"${hash}"}`.length);
    fc.pre(Buffer.byteLength(old) >= '{"erased":true}'.length);
    const erased =
      line.slice(0, start) +
      '{"erased":true}'.padEnd(Buffer.byteLength(old)) +
      line.slice(start + old.length);
    expect(Buffer.byteLength(erased)).toBe(Buffer.byteLength(line));
    expect(verifyLine(coldSha256, prev, erased)).toEqual({ ok: true, hash, erased: true });
    expect(isIntact(coldSha256, erased)).toBe(true);
    expect(decodeLine(erased)).toMatchObject({ data: { erased: true }, dataHash });
  });

  it.prop([fc.string({ unit: 'binary' })])(
    'text that is no line is refused, never thrown at a reader',
    (junk) => {
      expect(decodeLine(junk)).toHaveProperty('invalid');
      expect(verifyLine(coldSha256, GENESIS_HASH, junk).ok).toBe(false);
    },
  );

  it.prop([fc.oneof(text, fc.uint8Array({ maxLength: 300 }))])(
    'the cold and the bulk hash agree',
    (input) => {
      expect(coldSha256(input)).toBe(sha256(input));
      expect(bulkSha256()(input)).toBe(sha256(input));
    },
  );

  const sample = { seq: 2, id: commitId(), ts: new Date(0).toISOString(), stream: 's', streamVersion: 1 };
  const line = (dataOf: object, more: object = {}) =>
    encodeLine(coldSha256, GENESIS_HASH, {
      ...sample,
      type: 'RunHandedOff',
      schemaVersion: 1,
      commit: commitId(),
      data: dataOf,
      ...more,
    } as LineFields);

  plainIt('half a surrogate pair is refused wherever it stands, and its spelling as text is not', () => {
    for (const bad of [{ a: '\ud800' }, { '\udfff': 1 }, { a: ['x\\\udbff'] }]) {
      expect(() => line(bad)).toThrow('surrogate');
    }
    expect(() => line({}, { stream: 'run/\ud800' })).toThrow('surrogate');
    expect(line({ a: '\\ud800', b: '\\\\udfff' })).toHaveProperty('line');
  });

  plainIt('the limit of a line counts bytes, not characters', () => {
    const empty = line({ t: '' });
    const room = MAX_LINE_BYTES - Buffer.byteLength('line' in empty ? empty.line : '');
    expect(line({ t: 'x'.repeat(room) })).toHaveProperty('line');
    expect(line({ t: 'x'.repeat(room + 1) })).toEqual({ tooLong: MAX_LINE_BYTES + 1 });
    expect(line({ t: '€'.repeat(Math.ceil((room + 1) / 3)) })).toHaveProperty('tooLong');
    expect(line({ t: '€'.repeat(Math.floor(room / 3)) })).toHaveProperty('line');
  });

  plainIt('data that would later read as erased, or is no object, is a bug at the writer', () => {
    expect(() => line({ erased: true })).toThrow('internal error');
    expect(() => line([])).toThrow('internal error');
  });

  plainIt('an absent field is absent on the line, and null in its place is not a line of ours', () => {
    const good = line({});
    const written = 'line' in good ? good.line : '';
    expect(Object.keys(JSON.parse(written))).toEqual([
      ...[
        'seq',
        'id',
        'ts',
        'stream',
        'streamVersion',
        'type',
        'schemaVersion',
        'commit',
        'dataHash',
        'data',
        'hash',
      ],
    ]);
    for (const key of ['batch', 'synced', 'meta']) {
      expect(decodeLine(JSON.stringify({ ...JSON.parse(written), [key]: null }))).toHaveProperty('invalid');
    }
  });
});
