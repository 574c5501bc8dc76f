/** What doctor says: every kind documented and with its reason, a survey that is bounded, a progress that is quiet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FLAT_TEXTS, WITHOUT_TEXTS } from '../../src/commands/doctor/blob-refs.ts';
import { fuseTypeOf } from '../../src/commands/doctor/file-systems.ts';
import { FINDING_KINDS } from '../../src/commands/doctor/finding-kinds.ts';
import { collectFindings } from '../../src/commands/doctor/findings.ts';
import { LogSurvey } from '../../src/commands/doctor/log-survey.ts';
import { progressOn } from '../../src/commands/progress-on.ts';
import { eventSchemas } from '../../src/events/catalog.ts';
import { type StoredEvent, seq } from '../../src/events/envelope.ts';

import { stageOutputs } from '../../src/events/run-events.ts';

/** Said only when it is in order, or when a check could not be made. */
const WITHOUT_ROW = new Set(['node', 'runs', 'history', 'server']);

test('docs/RELIABILITY.md has every kind of finding, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/RELIABILITY.md'), 'utf8');
  const section = /## What doctor finds\n([\s\S]*?)\nWithout `--deep`/.exec(text)?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const documented = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map((m) => m[1]),
  );
  const kinds = Object.keys(FINDING_KINDS).filter((id) => !WITHOUT_ROW.has(id));
  expect(documented.toSorted()).toEqual(kinds.toSorted());
});

describe('a finding', () => {
  test('has its reason only when something is wrong', async () => {
    const findings = collectFindings({ fix: false });
    await findings.add({ id: 'log', severity: 'ok', message: 'fine' });
    await findings.add({ id: 'log', severity: 'problem', message: 'damaged' });
    expect(findings.all.map(({ why }) => why)).toEqual([undefined, FINDING_KINDS.log]);
  });

  test('that could not be mended stays, with what went wrong', async () => {
    const findings = collectFindings({ fix: true });
    const left = await findings.add({ id: 'scratch', severity: 'warning', message: 'litter' }, () => {
      throw new Error('no rights');
    });
    expect(left).toBe('problem');
    expect(findings.all[0]?.fix).toContain('no rights');
  });

  test('of a check that fails itself is told under its name', async () => {
    const findings = collectFindings({ fix: false });
    await findings.check('runs', async () => {
      throw new Error('boom');
    });
    expect(findings.all).toMatchObject([{ id: 'runs', severity: 'problem', message: 'boom' }]);
  });
});

describe('the survey of the log', () => {
  const event = (n: number, more: Partial<StoredEvent>): StoredEvent => ({
    seq: seq(n),
    id: '01KDYAK4RPPGVESSSE73NTY35Y',
    ts: '2026-01-02T03:04:05.678Z',
    stream: 'system',
    streamVersion: n,
    type: 'LogRepaired',
    schemaVersion: 1,
    commit: '01KDYAK3SE8PNQYYVD6EGH1A0Z',
    dataHash: '',
    data: {},
    hash: '',
    ...more,
  });
  const survey = (): LogSurvey => new LogSurvey({ blobSize: () => null });

  test('forgets streams and keeps a few places, whatever the length of the log', () => {
    const seen = survey();
    const run = { type: 'RunStarted', streamVersion: 1 };
    seen.see(event(1, { ...run, stream: 'run/first' }));
    for (let n = 2; n < 60_000; n++) seen.see(event(n, { ...run, stream: `run/${n}`, schemaVersion: 9 }));
    // Too long ago to be judged: no finding, rather than a wrong one.
    seen.see(event(60_000, { ...run, stream: 'run/first', streamVersion: 7 }));
    expect(seen.odd.total).toBe(0);
    expect(seen.foreign).toMatchObject({ total: 59_998 });
    expect(seen.foreign.first).toHaveLength(5);
  });

  test('a claim is pending until its run has moved past it', () => {
    const seen = survey();
    const claim = { type: 'KeyClaimed', stream: 'key/k', streamVersion: 1 };
    const data = { workflowId: 'w', key: 'k', runId: 'r', runVersion: 3, inputHash: '', forced: false };
    seen.see(event(1, { ...claim, data }));
    seen.see(event(2, { type: 'RunLeased', stream: 'run/r', streamVersion: 3 }));
    expect(seen.pendingClaims).toMatchObject([{ runId: 'r', runVersion: 3 }]);
    seen.see(event(3, { type: 'RunResumed', stream: 'run/r', streamVersion: 4 }));
    expect(seen.pendingClaims).toEqual([]);
  });

  test('what was erased has no long values to miss', () => {
    const seen = survey();
    const blob = { blob: 'a'.repeat(64), bytes: 40_000, preview: '' };
    const started = { type: 'RunStarted', stream: 'run/r' };
    seen.see(event(1, { ...started, data: { erased: true } }));
    expect(seen.missingBlobs.total).toBe(0);
    seen.see(event(2, { ...started, data: { input: blob } }));
    expect(seen.missingBlobs.first[0]?.text).toContain('of run/r is missing');
  });

  test('two minutes back are a jump, less is a clock that was set right', () => {
    const seen = survey();
    seen.see(event(1, { ts: '2026-01-02T03:10:00.000Z' }));
    seen.see(event(2, { ts: '2026-01-02T03:08:30.000Z' }));
    expect(seen.clockBack.total).toBe(0);
    seen.see(event(3, { ts: '2026-01-02T03:06:00.000Z' }));
    expect(seen.clockBack.first).toMatchObject([{ seq: 3 }]);
  });
});

test('the lists of where texts stand are those of the schemas', () => {
  const depths = (schema: unknown, depth: number): number[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const { properties } = schema as { properties?: Readonly<Record<string, unknown>> };
    if (properties !== undefined && 'blob' in properties && 'preview' in properties) return [depth];
    return Object.entries(schema).flatMap(([key, inner]) =>
      depths(inner, depth + (key === 'properties' || key === 'items' ? 1 : 0)),
    );
  };
  for (const [type, schema] of Object.entries(eventSchemas)) {
    const found = new Set(depths(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }), 0));
    if (WITHOUT_TEXTS.has(type)) expect({ type, found: [...found] }).toEqual({ type, found: [] });
    if (FLAT_TEXTS.has(type)) expect({ type, found: [...found] }).toEqual({ type, found: [1] });
  }
  const stages = Object.entries(stageOutputs).filter(
    ([, output]) => depths(z.toJSONSchema(output), 0).length > 0,
  );
  expect(stages.map(([stage]) => stage)).toEqual(['intake']);
});

test('the file system behind FUSE is that of the nearest mount', () => {
  const mounts = [
    '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '90 21 0:50 / /mnt/far\\040away rw,nosuid shared:2 - fuse.sshfs me@host:/ rw',
    '91 90 0:51 / /mnt/far\\040away/disk rw shared:3 - fuseblk /dev/sdb1 rw',
  ].join('\n');
  expect(fuseTypeOf('/mnt/far away/home', mounts)).toBe('fuse.sshfs');
  expect(fuseTypeOf('/mnt/far away/disk/home', mounts)).toBe('fuseblk');
  expect(fuseTypeOf('/home', mounts)).toBe('ext4');
  expect(fuseTypeOf('/home', '')).toBeNull();
});

describe('progress', () => {
  const watched = (stderrIsTerminal: boolean) => {
    let now = 0;
    let shown = '';
    const io = { out: () => undefined, stdoutIsTerminal: false, readStdin: async () => '' };
    const err = (text: string): void => {
      shown += text;
    };
    const progress = progressOn({ ...io, err, stderrIsTerminal }, () => now);
    return { progress, at: (ms: number) => (now = ms), shown: () => shown };
  };

  test('says nothing for a second, then where it is, and leaves the line as it was', () => {
    const { progress, at, shown } = watched(true);
    progress.step('the log', 0.1);
    at(999);
    progress.step('the log', 0.2);
    expect(shown()).toBe('');
    at(1_000);
    progress.step('the log', 0.425);
    expect(shown()).toBe('\r\u001b[Kthe log 42 %');
    progress.end();
    expect(shown().endsWith('\r\u001b[K')).toBe(true);
  });

  test('is for terminals alone', () => {
    const { progress, at, shown } = watched(false);
    at(60_000);
    progress.step('the log', 0.5);
    progress.end();
    expect(shown()).toBe('');
  });
});
