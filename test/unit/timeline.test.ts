/** The bars of `wf show`: in proportion, on one scale, and there where they say something. */
import { describe, expect, test } from 'vitest';
import { timeline } from '../../src/commands/render/timeline.ts';
import type { Approval, Effect, RunState } from '../../src/workflow/state.ts';
import { noRun } from '../../src/workflow/state.ts';

const at = (seconds: number): string => new Date(1_790_000_000_000 + seconds * 1000).toISOString();
const act = (step: string, attempt: number, from: number, to: number | null): Effect =>
  ({ step, attempt, intendedAt: at(from), endedAt: to === null ? null : at(to) }) as Effect;

type Given = {
  readonly stages: Readonly<Record<string, readonly [number, number | null]>>;
  readonly effects?: readonly Effect[];
};
const runOf = ({ stages, effects = [] }: Given, more: Partial<RunState> = {}): RunState => ({
  ...noRun,
  status: 'completed',
  createdAt: at(0),
  updatedAt: at(40),
  finishedAt: at(40),
  stages: noRun.stages.map((stage) => {
    const span = stages[stage.name];
    if (span === undefined) return stage;
    const [from, to] = span;
    return { ...stage, attempts: 1, startedAt: at(from), finishedAt: to === null ? null : at(to) };
  }),
  effects,
  ...more,
});
const rows = (run: RunState, unicode = false): string[] =>
  timeline(run, { nowMs: Date.parse(at(60)), unicode })
    .split('\n')
    .slice(1, -1);
const marks = (row: string | undefined): string => (row ?? '').slice(25, 65).trimEnd();

describe('the timeline of a run', () => {
  test('has a bar for each stage, as long as it took and where it began', () => {
    const [execute, verify] = rows(runOf({ stages: { intake: [0, 0], execute: [0, 30], verify: [30, 40] } }));
    expect(execute).toMatch(/^ {2}execute +#{30} +30 s$/);
    expect(marks(execute)).toBe('#'.repeat(30));
    expect(marks(verify)).toBe(`${' '.repeat(30)}${'#'.repeat(10)}`);
  });

  test('has a row for each attempt where there was more than one act', () => {
    const effects = [act('dump', 1, 0, 10), act('load', 1, 10, 20), act('load', 2, 25, 40)];
    const shown = rows(runOf({ stages: { execute: [0, 40] }, effects }));
    expect(shown.map((row) => row.slice(2, 25).trimEnd())).toEqual([
      'execute',
      '  dump',
      '  load',
      '  load, attempt 2',
    ]);
    expect(marks(shown[3])).toBe(`${' '.repeat(25)}${'#'.repeat(15)}`);
    expect(rows(runOf({ stages: { execute: [0, 40] }, effects: effects.slice(0, 1) }))).toHaveLength(1);
  });

  test('tells the time that somebody was waited for from work', () => {
    const approvals = [{ requestedAt: at(10), decidedAt: at(30), status: 'granted' } as Approval];
    const shown = rows(runOf({ stages: { execute: [0, 40] } }, { approvals }), true);
    expect(shown[1]).toMatch(/^ {4}waits for a yes +░{20} +20 s$/);
    expect(shown[0]).toContain('█'.repeat(40));
  });

  test('goes on to now for what is at work', () => {
    const stages = { execute: [20, null] } as const;
    const effects = [act('a', 1, 0, 10), act('b', 1, 20, null)];
    const shown = rows(runOf({ stages, effects }, { status: 'running', finishedAt: null }));
    expect(shown.at(-1)).toMatch(/40 s$/);
  });

  test('is left out where nothing took time', () => {
    const quick = runOf({ stages: { execute: [0, 0.4] } }, { updatedAt: at(0.4), finishedAt: at(0.4) });
    expect(timeline(quick, { nowMs: Date.parse(at(60)), unicode: true })).toBe('');
    expect(timeline(noRun, { nowMs: 0, unicode: true })).toBe('');
  });

  test('never leaves its columns, whatever the clock did', () => {
    const odd = rows(
      runOf({
        stages: { execute: [-30, 100], verify: [50, 10] },
        effects: [act('x', 1, -5, 90), act('y', 1, 45, 2)],
      }),
    );
    for (const row of odd) expect(row.slice(0, 66)).toMatch(/^ {2}.{22} [ #]{40} $/);
  });
});
