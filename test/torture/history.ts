/** The log as the checks read it: parsed from the file itself, with nothing of the engine's own code in between. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from './place.ts';

export type Line = {
  readonly seq: number;
  readonly stream: string;
  readonly streamVersion: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
};
export type EffectFacts = {
  readonly effectId: string;
  readonly key: string;
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
  readonly dispatcher: string;
  readonly seq: number;
  /** Everything that was recorded about it after its intent, in order. */
  readonly after: Line[];
};
export type RunFacts = {
  readonly runId: string;
  readonly workflowId: string;
  readonly key: string;
  readonly forced: boolean;
  readonly lines: Line[];
  /** `running` until something ends it or makes it wait. */
  status: 'running' | 'in-doubt' | 'handed_off' | 'completed' | 'failed' | 'cancelled';
};
export type History = {
  readonly lines: readonly Line[];
  readonly runs: ReadonlyMap<string, RunFacts>;
  /** By effect key. */
  readonly effects: ReadonlyMap<string, EffectFacts>;
  /** Runs whose texts were erased: what they were about cannot be compared with anything any more. */
  readonly erased: ReadonlySet<string>;
};

const STATUS_AFTER: Readonly<Record<string, RunFacts['status']>> = {
  RunLeased: 'running',
  RunHandedOff: 'handed_off',
  RunCompleted: 'completed',
  RunFailed: 'failed',
  RunCancelled: 'cancelled',
  OutcomeReported: 'running',
  EffectResolved: 'running',
};

export const word = (line: Line, name: string): string => String(line.data[name]);

export const readHistory = (home: string): History => historyOf(wholeLog(join(home, 'logs')));

/** Closed files first. One that begins where the open file does, or later, is what a killed archiving left. */
function wholeLog(logs: string): readonly Line[] {
  const open = partOf(join(logs, 'events.jsonl'));
  const folder = join(logs, 'segments');
  const closed = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => partOf(join(folder, name)))
    .filter(({ offset }) => offset < open.offset)
    .toSorted((a, b) => a.offset - b.offset);
  return [...closed, open].flatMap(({ lines }) => lines);
}

/** @returns where the file begins in the whole log, in bytes, and its events without the header of its own */
function partOf(file: string): { readonly offset: number; readonly lines: readonly Line[] } {
  const all = linesOf(file).map((line) => JSON.parse(line) as Line);
  const header = all[0]?.seq === 0 ? all[0] : null;
  return header === null
    ? { offset: 0, lines: all }
    : { offset: Number(header.data.globalOffset), lines: all.slice(1) };
}

export function historyOf(lines: readonly Line[]): History {
  const runs = new Map<string, RunFacts>();
  const effects = new Map<string, EffectFacts>();
  const byEffectId = new Map<string, EffectFacts>();
  const cancelled = new Set<string>();
  const erased = new Set(
    lines.filter(({ type }) => type === 'RunErased').map(({ stream }) => stream.slice('run/'.length)),
  );
  for (const line of lines) {
    // A run that was imported was over before anybody here was asked for anything.
    if (!line.stream.startsWith('run/') || line.type === 'RunImported') continue;
    const runId = line.stream.slice('run/'.length);
    if (erased.has(runId)) continue;
    if (line.type === 'RunStarted')
      runs.set(runId, {
        runId,
        workflowId: word(line, 'workflowId'),
        key: word(line, 'key'),
        forced: line.data.forced === true,
        lines: [],
        status: 'running',
      });
    const run = runs.get(runId);
    if (run === undefined) throw new Error(`seq ${line.seq}: ${line.type} of a run that was never started`);
    run.lines.push(line);
    if (line.type === 'RunCancelled') cancelled.add(runId);
    else if (line.type === 'RunLeased') cancelled.delete(runId);
    const status = STATUS_AFTER[line.type];
    // A verdict ends a doubt, also that of a run that was cancelled before or after it arose: it brings none back.
    if (line.type === 'EffectResolved' && cancelled.has(runId)) run.status = 'cancelled';
    else if (status !== undefined) run.status = status;
    // One that is idempotent is performed again by itself.
    if (line.type === 'EffectUnknown' && line.data.retryAt === undefined) run.status = 'in-doubt';
    const effectId = word(line, 'effectId');
    if (line.type === 'EffectIntended') {
      const effect: EffectFacts = {
        effectId,
        key: word(line, 'key'),
        runId,
        step: word(line, 'step'),
        attempt: Number(line.data.attempt),
        dispatcher: word(line, 'dispatcher'),
        seq: line.seq,
        after: [],
      };
      effects.set(effect.key, effect);
      byEffectId.set(effectId, effect);
    } else byEffectId.get(effectId)?.after.push(line);
  }
  return { lines, runs, effects, erased };
}

/** How often each effect key was seen to begin in the world. */
export function performed(effectLines: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const line of effectLines) {
    const [verb, key = ''] = line.split(' ');
    if (verb === 'begin') times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}
