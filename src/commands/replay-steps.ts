/** A run's states one after the other, and one of them whole: the same for a run of this home and one in a file. */
import { ExitCode, usageError } from '../errors.ts';
import type { RunState } from '../workflow/state.ts';
import { printJson } from './render/list.ts';
import { statusText } from './render/status-mark.ts';
import { table } from './render/text.ts';
import { withoutNonce } from './render/without-nonce.ts';
import type { Invocation } from './verb.ts';

/** A file is meant, and no run: an id is never a path. */
export const looksLikeBundle = (named: string): boolean => named.includes('/') || named.endsWith('.json');

export type ReplayStep = {
  readonly n: number;
  readonly seq: number;
  readonly ts: string;
  readonly type: string;
  readonly status: RunState['status'];
  /** The stage that was started last. */
  readonly stage: RunState['current'];
  readonly outcome: RunState['outcome'];
  readonly waitingFor: string | null;
};

export function stepLines(runId: string, steps: readonly ReplayStep[]): string {
  const rows = steps.map((step) => [
    String(step.n).padStart(4),
    step.ts.slice(11, 23),
    step.type,
    `-> ${statusText(step.status, step.waitingFor)}, ${step.stage ?? 'no stage yet'}`,
  ]);
  const day = steps[0]?.ts.slice(0, 10) ?? '';
  return `run ${runId}, ${steps.length} events from ${day} on (UTC)\n${table(rows)}`;
}

type At = {
  readonly runId: string;
  /** How the command line named it. */
  readonly named: string;
  readonly at: number;
  readonly steps: readonly ReplayStep[];
  /** After the event in question. */
  readonly state: RunState;
};

/** @throws {WfError} replay-at (2): there is no such event */
export function showStateAt(invocation: Invocation, { runId, named, at, steps, state }: At): ExitCode {
  const last = steps.find(({ n }) => n === at);
  if (last === undefined) {
    throw usageError('replay-at', `run ${runId} has ${steps.length} events; there is no event ${at}`, {
      where: '--at',
      hint: `See them all: wf replay ${named}`,
    });
  }
  const shown = withoutNonce(state);
  if (invocation.json)
    printJson(invocation, { schema: 'wf.replay/1', runId, at, states: [last], state: shown });
  else invocation.io.out(`${JSON.stringify(shown, null, 2)}\n`);
  return ExitCode.ok;
}
