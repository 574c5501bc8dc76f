/** Given events of keys, tools and workflows, then what their folds say. */
import { describe, expect, test } from 'vitest';
import type { KeyEvent } from '../../src/events/key-events.ts';
import type { ToolEvent } from '../../src/events/tool-events.ts';
import { PROJECTED_DIRS, projections } from '../../src/projections/catalogue.ts';
import { indexJson } from '../../src/projections/index-json.ts';
import { evolveKey, noKey } from '../../src/projections/key-state.ts';
import { toolMarker } from '../../src/projections/tool-marker.ts';
import { evolveTool, noTool } from '../../src/projections/tool-state.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const owner = { host: 'h', bootId: 'b', pid: 1, pidStart: '1' };

const tool = (...events: ToolEvent[]) =>
  events
    .map((event, i) => ({ ...event, streamVersion: i + 1, ts: `2026-11-23T00:00:0${i}.000Z` }))
    .reduce(evolveTool, noTool);
const start = (commandHash: string): ToolEvent => ({
  type: 'ToolBootstrapStarted',
  data: { tool: 't', commandHash, command: [], owner },
});
const ok = (commandHash: string): ToolEvent => ({
  type: 'ToolBootstrapped',
  data: { tool: 't', commandHash },
});
const failed = (commandHash: string): ToolEvent => ({
  type: 'ToolBootstrapFailed',
  data: { tool: 't', commandHash, error: { code: 'x', message: 'no' } },
});
const reset: ToolEvent = { type: 'ToolReset', data: { tool: 't', by: 'me' } };

describe('a tool', () => {
  test('is configured with every command that succeeded; the marker names the newest time and each hash once', () => {
    const state = tool(start(A), ok(A), start(B), ok(B), ok(A));
    expect(toolMarker([state])).toBe(`2026-11-23T00:00:04.000Z\nsha256:${B}\nsha256:${A}\n`);
  });

  test('a failure of one command leaves what others did, and is remembered', () => {
    const state = tool(start(A), ok(A), start(B), failed(B));
    expect(state).toMatchObject({ hashes: [{ hash: A }], pending: null, lastError: 'no', version: 4 });
    expect(toolMarker([state])).toContain(A);
  });

  test('a failure of the same command takes it away: the next run tries again', () => {
    expect(toolMarker([tool(ok(A), start(A), failed(A))])).toBeNull();
  });

  test('a reset takes the marker away, but not somebody at work on it', () => {
    const state = tool(ok(A), start(B), reset);
    expect(state.hashes).toEqual([]);
    expect(state.pending).toMatchObject({ commandHash: B, owner });
    expect(toolMarker([state, noTool])).toBeNull();
  });

  test('hosts that share a home share the marker', () => {
    const marker = toolMarker([tool(ok(A)), tool(start(B), ok(B))]);
    expect(marker).toBe(`2026-11-23T00:00:01.000Z\nsha256:${A}\nsha256:${B}\n`);
  });
});

describe('a key', () => {
  test('only claims promise a run; answers and refusals only count', () => {
    const claim = (runId: string, forced = false): KeyEvent => ({
      type: 'KeyClaimed',
      data: { workflowId: 'w', key: 'k', runId, runVersion: 0, inputHash: A, forced },
    });
    const events: KeyEvent[] = [
      claim('r1'),
      { type: 'RunReused', data: { workflowId: 'w', key: 'k', runId: 'r1', status: 'completed' } },
      { type: 'RunRefused', data: { workflowId: 'w', key: 'k', reason: 'x', message: 'y' } },
      claim('r2', true),
    ];
    expect(events.map((event, i) => ({ ...event, streamVersion: i + 1 })).reduce(evolveKey, noKey)).toEqual({
      version: 4,
      claims: [
        { runId: 'r1', runVersion: 0, inputHash: A, forced: false, version: 1 },
        { runId: 'r2', runVersion: 0, inputHash: A, forced: true, version: 4 },
      ],
    });
  });
});

test('index.json is valid JSON when empty and when not', () => {
  expect(JSON.parse(indexJson({ pairs: '', total: 0, asOf: 0 }))).toEqual({
    idempotency: {},
    total: 0,
    asOf: 0,
  });
  expect(JSON.parse(indexJson({ pairs: '"a": "b"', total: 1, asOf: 9 }))).toEqual({
    idempotency: { a: 'b' },
    total: 1,
    asOf: 9,
  });
});

test('every projected folder is in the catalogue, so that nobody adds one that a rebuild forgets', () => {
  for (const dir of PROJECTED_DIRS) expect(projections.some((p) => p.path.startsWith(`${dir}/`))).toBe(true);
});
