/**
 * scripts/workflow_engine.mjs: the script engine's command line. Its arguments, its pretty JSON and its two exit
 * codes; results on stdout, failures on stderr, and not one line beside them.
 */
import type { Answer } from '../engine/answer.ts';
import { processInterrupts } from '../engine/interrupts.ts';
import { answeringSince, holderOf, readKey } from '../engine/key-claims.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { prepareRequest } from '../engine/prepare-request.ts';
import { resumeRun } from '../engine/resume-run.ts';
import { startRun } from '../engine/start-run.ts';
import { ExitCode } from '../errors.ts';
import type { RunState } from '../workflow/state.ts';
import { compatUsage, printCompatError, readCompatArgs } from './compat-args.ts';
import { openFor, resolveRun } from './home-of.ts';
import { programName } from './program-name.ts';
import { runView } from './render/run-view.ts';
import { argument, flag, type Invocation, option } from './verb.ts';

const USAGE =
  'workflow_engine.mjs run <workflowId> --input "…" [--resume <runId>] [--force] [--idempotency-key KEY] [--home DIR]';
const VALUES = ['input', 'resume', 'idempotency-key', 'home'] as const;
const SWITCHES = ['force'] as const;

export async function run(invocation: Invocation): Promise<ExitCode> {
  let parsed = invocation;
  try {
    parsed = readCompatArgs(invocation, { usage: USAGE, values: VALUES, switches: SWITCHES });
    const [verb, workflowId, ...rest] = parsed.args;
    if (verb !== 'run')
      throw compatUsage(
        verb === undefined ? 'there is no command' : `unknown command ${JSON.stringify(verb)}`,
        USAGE,
      );
    if (workflowId === undefined) throw compatUsage('the workflow id is missing', USAGE);
    if (rest.length > 0) throw compatUsage(`unexpected argument ${JSON.stringify(rest[0])}`, USAGE);
    if (option(parsed, 'input') === undefined && option(parsed, 'resume') === undefined) {
      throw compatUsage('--input is missing', USAGE);
    }
    return await runWorkflow({ ...parsed, args: [workflowId] });
  } catch (error) {
    return printCompatError(error, parsed);
  }
}

async function runWorkflow(invocation: Invocation): Promise<ExitCode> {
  const home = await openFor(invocation, { interrupts: processInterrupts(() => undefined) });
  const resume = option(invocation, 'resume');
  const input = option(invocation, 'input');
  if (resume !== undefined) {
    const request = {
      runId: await resolveRun(home, resume),
      workflowId: argument(invocation, 0),
      ...(input === undefined ? {} : { input }),
      takeOver: false,
      withCurrentDefinition: false,
    };
    return print(invocation, home, await resumeRun(home.ports, request));
  }
  return print(invocation, home, await start(invocation, home, input ?? ''));
}

/** Does not follow a live duplicate, as `wf run` would: the callers of the scripts poll. */
async function start(invocation: Invocation, home: OpenHome, input: string): Promise<Answer> {
  const { ports } = home;
  const key = option(invocation, 'idempotency-key');
  const force = flag(invocation, 'force');
  const request = {
    workflowId: argument(invocation, 0),
    input,
    ...(key === undefined ? {} : { key }),
    force,
    detach: false,
  };
  if (!force) {
    const prepared = await prepareRequest(ports, request);
    const holder = await holderOf(
      ports,
      await readKey(ports, prepared.keyStream),
      answeringSince(ports, prepared),
    );
    const isAtWork =
      holder.kind === 'live' &&
      // Another input is refused where every other command refuses it.
      holder.claim.inputHash === prepared.inputHash &&
      holder.run.lease !== null &&
      ports.ownership.stateOf(holder.run.lease.owner) !== 'gone';
    if (isAtWork) return { kind: 'live', run: holder.run };
  }
  return startRun(ports, request);
}

function print(invocation: Invocation, home: OpenHome, { kind, run }: Answer): ExitCode {
  const { io } = invocation;
  const { runId, workflowId } = run;
  const failed = run.status === 'failed' || run.status === 'cancelled';
  // A run that was followed to a bad end did not do the work: that is no reuse.
  if (kind === 'live' || kind === 'reused' || (kind === 'followed' && !failed)) {
    io.out(pretty({ reused: true, runId, workflowId, ...statusOf(run) }));
    return ExitCode.ok;
  }
  if (run.status === 'waiting') {
    io.out(
      pretty({ runId, workflowId, status: 'waiting', waiting: waitingOf(run, programName(invocation)) }),
    );
    return ExitCode.ok;
  }
  const { summaryFile } = runView(run, home.paths.home);
  const view = { runId, workflowId, ...statusOf(run), output: { summaryFile } };
  if (!failed) {
    io.out(pretty(view));
    return ExitCode.ok;
  }
  const error = run.error?.message ?? `the run was ${run.status}`;
  io.err(
    pretty({
      ...view,
      error,
      ...(run.error === null ? {} : { stage: run.error.stage, code: run.error.code }),
    }),
  );
  return ExitCode.bug;
}

/** The script engine knew no hand-over: to its callers the run is completed, and `outcome` says how. */
const statusOf = ({ status, outcome }: RunState) => ({
  status: status === 'handed_off' ? 'completed' : status,
  ...(outcome === null ? {} : { outcome }),
});

function waitingOf(
  run: RunState,
  wf: string,
): { readonly for: string; readonly id: string; readonly resolve: string } | null {
  const { waiting, runId } = run;
  if (waiting === null) return null;
  const { id } = waiting;
  switch (waiting.for) {
    case 'approval':
      return { for: waiting.for, id, resolve: `${wf} approve ${id}` };
    case 'outcome':
      return { for: waiting.for, id, resolve: `${wf} report ${runId} --file RESULT_FILE` };
    case 'unknown-effect':
      return { for: waiting.for, id, resolve: `${wf} resolve ${runId} --sent | --not-sent` };
    case 'retry':
      return { for: waiting.for, id, resolve: `${wf} resume ${runId}` };
  }
}

const pretty = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
