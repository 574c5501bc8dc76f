/** `wf replay`: a run folded again from its events alone, state after state. Nothing is performed and nothing is asked. */
import { asRunEvent } from '../engine/load-run.ts';
import { ExitCode, usageError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { evolve } from '../workflow/evolve.ts';
import { noRun, type RunState } from '../workflow/state.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { wholeNumber } from './number-option.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { statusText } from './render/status-mark.ts';
import { table } from './render/text.ts';
import { withoutNonce } from './render/without-nonce.ts';
import { runUnknown } from './run-unknown.ts';
import { argument, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const at = wholeNumber(invocation, 'at', 1, Number.MAX_SAFE_INTEGER);
  const named = argument(invocation, 0);
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(named);
  const runId = await resolveRun(home, named);
  const against = option(invocation, 'against');
  if (against !== undefined) {
    if (at !== undefined)
      throw usageError('replay-both', '--at and --against are two questions', {
        where: '--at',
        hint: 'Ask one of them at a time.',
      });
    const { againstDefinition } = await import('./replay-against.ts');
    return againstDefinition(invocation, home, runId, against);
  }
  const steps = [];
  let state = noRun;
  for await (const event of home.store.read(runStream(runId))) {
    state = evolve(state, asRunEvent(event));
    steps.push({
      n: event.streamVersion,
      seq: event.seq,
      ts: event.ts,
      type: event.type,
      ...summaryOf(state),
    });
    if (event.streamVersion === at) break;
  }
  if (at === undefined) {
    if (invocation.json) printJson(invocation, { schema: 'wf.replay/1', runId, states: steps });
    else invocation.io.out(lines(runId, steps, programName(invocation)));
    return ExitCode.ok;
  }
  const last = steps.at(-1);
  if (last?.n !== at) {
    throw usageError('replay-at', `run ${runId} has ${steps.length} events; there is no event ${at}`, {
      where: '--at',
      hint: `See them all: wf replay ${runId}`,
    });
  }
  const shown = withoutNonce(state);
  if (invocation.json) {
    printJson(invocation, { schema: 'wf.replay/1', runId, at, states: [last], state: shown });
  } else {
    invocation.io.out(`${JSON.stringify(shown, null, 2)}\n`);
  }
  return ExitCode.ok;
}

const summaryOf = (state: RunState) => ({
  status: state.status,
  /** The stage that was started last. */
  stage: state.current,
  outcome: state.outcome,
  waitingFor: state.waiting?.for ?? null,
});

type Step = ReturnType<typeof summaryOf> & {
  readonly n: number;
  readonly ts: string;
  readonly type: string;
};

function lines(runId: string, steps: readonly Step[], wf: string): string {
  const rows = steps.map((step) => [
    String(step.n).padStart(4),
    step.ts.slice(11, 23),
    step.type,
    `-> ${statusText(step.status, step.waitingFor)}, ${step.stage ?? 'no stage yet'}`,
  ]);
  const day = steps[0]?.ts.slice(0, 10) ?? '';
  return `run ${runId}, ${steps.length} events from ${day} on (UTC)\n${table(rows)}\nThe whole state after one of them: ${wf} replay ${runId} --at N\n`;
}
