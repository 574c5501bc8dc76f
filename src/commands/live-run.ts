/**
 * The line at the foot of a terminal that moves while something is at work. It is only ever a picture of what is
 * recorded: whatever else is printed takes its place, and without it nothing is missing.
 */
import { systemClock } from '../effects/clock.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { timeoutMsOf } from '../workflow/act-timeout.ts';
import { type RunState, routeOf } from '../workflow/state.ts';
import { liveText } from './render/live-line.ts';
import { isUtf8 } from './render/utf8.ts';
import type { Invocation } from './verb.ts';

const TURN_MS = 120;
/** What is over sooner needs no picture, and a screen without one does not flicker. */
const QUIET_TURNS = 4;

/** @param latest the run as it was last recorded, and the home once it is open */
export function liveRun(
  { io, env }: Invocation,
  latest: () => { readonly run: RunState | null; readonly home: OpenHome | null },
): void {
  const limits = new Map<string, number>();
  let asked = '';
  let turn = 0;
  let version = -1;
  const unicode = isUtf8(env);
  const draw = (): void => {
    const { run, home } = latest();
    if (run === null) return;
    if (run.version !== version) {
      version = run.version;
      turn = 0;
    }
    turn += 1;
    if (turn < QUIET_TURNS) return;
    if (home !== null && asked !== run.runId) {
      asked = run.runId;
      readLimits(home, run, limits);
    }
    const limitOf = (step: string): number | undefined => limits.get(step);
    const text = liveText(run, { nowMs: systemClock.now(), turn, unicode, limitOf });
    io.passing?.(text === null ? '' : cut(text));
  };
  // It keeps no process alive.
  setInterval(draw, TURN_MS).unref();
}

/** On one row: what wraps could not be taken away again. */
function cut(text: string): string {
  const columns = process.stderr.columns || 80;
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}

/** The file's, where it is still what the run is pinned to; else no limit is shown. */
function readLimits(home: OpenHome, run: RunState, limits: Map<string, number>): void {
  home.ports.definitions.load(run.workflowId).then(
    ({ hash, definition }) => {
      if (hash !== run.definitionHash) return;
      const { steps, actions, verifyCommand } = definition;
      for (const step of [...steps, ...actions])
        limits.set(step.id, timeoutMsOf(definition, step, routeOf(run) ?? ''));
      if (verifyCommand !== undefined) limits.set(verifyCommand.id, verifyCommand.timeoutMs);
    },
    () => undefined,
  );
}
