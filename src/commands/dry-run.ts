/** `wf run --dry-run`: what would happen, and why, from the same decisions a run makes. Writes nothing at all. */
import { systemClock } from '../effects/clock.ts';
import { answeringSince, holderOf, readKey } from '../engine/key-claims.ts';
import { openReadOnly } from '../engine/open-home.ts';
import { type PreparedRequest, prepareRequest } from '../engine/prepare-request.ts';
import { ExitCode, isRefusal, refusalToError } from '../errors.ts';
import { advance } from '../workflow/advance.ts';
import { evolve } from '../workflow/evolve.ts';
import { coverOf } from '../workflow/grant.ts';
import { noRun, outputOf, type RunState, type RunStatus } from '../workflow/state.ts';
import { homeDir } from './home-dir.ts';
import { classified } from './render/progress.ts';
import { exact, indent } from './render/text.ts';
import { requestOf } from './run-request.ts';
import type { Invocation } from './verb.ts';

/** Stands for the id a run would get; the message shows where it will appear. */
const UNKNOWN_RUN = 'RUN';

export async function dryRun(invocation: Invocation, input: string | undefined): Promise<ExitCode> {
  const home = await openReadOnly({
    home: homeDir(invocation),
    env: invocation.env,
    packageDir: invocation.packageDir,
  });
  const prepared = await prepareRequest(home.ports, requestOf(invocation, input ?? ''));
  const key = await readKey(home.ports, prepared.keyStream);
  const holder = prepared.request.force
    ? { kind: 'free' as const }
    : await holderOf(home.ports, key, answeringSince(home.ports, prepared));
  const state = imagine(prepared);
  const steps = prepared.loaded.definition.steps.map((step) => coverOf(prepared.context, state, step));
  const route = outputOf(state, 'classify');
  const plan = outputOf(state, 'plan');
  if (route === null || plan === null)
    throw refusalToError({
      refused: true,
      code: 'dry-run',
      message: state.error?.message ?? 'classify failed',
      exitCode: ExitCode.usage,
    });
  const wouldBe =
    holder.kind === 'free'
      ? { answer: 'start' as const }
      : {
          answer: holder.kind === 'finished' ? ('reuse' as const) : ('follow' as const),
          runId: holder.claim.runId,
          ...(holder.kind === 'pending'
            ? {}
            : {
                status: holder.run.status,
                ...(holder.run.waiting === null ? {} : { waitingFor: holder.run.waiting.for }),
              }),
          sameInput: holder.claim.inputHash === prepared.inputHash,
        };
  const view = {
    schema: 'wf.dry-run/1',
    workflowId: prepared.loaded.id,
    definition: { source: prepared.loaded.source, hash: prepared.loaded.hash },
    classify: route,
    plan,
    tools: prepared.loaded.definition.tools.map((tool) => ({
      tool: tool.name,
      command: tool.command === undefined ? null : home.ports.world.toolCommand(tool),
      required: tool.required,
    })),
    steps,
    approval: route.risk === 'high' ? 'asked before execute' : 'not needed',
    redactions: prepared.redactions,
    idempotencyKey: prepared.key,
    wouldBe,
  };
  if (invocation.json) invocation.io.out(`${JSON.stringify(view)}\n`);
  else invocation.io.out(describe(view));
  return ExitCode.ok;
}

/** The stages that need nothing from the world, decided on a run that exists nowhere. */
function imagine(prepared: PreparedRequest): RunState {
  const now = new Date(systemClock.now()).toISOString();
  let state: RunState = {
    ...noRun,
    version: 1,
    runId: UNKNOWN_RUN,
    workflowId: prepared.loaded.id,
    definitionHash: prepared.loaded.hash,
    key: prepared.key,
    inputHash: prepared.inputHash,
    input: prepared.context.input.text,
    createdAt: now,
    lease: { owner: { host: '', bootId: '', pid: 1, pidStart: '' }, epoch: 1 },
    ...(prepared.request.route === undefined ? {} : { requestedRoute: prepared.request.route }),
  };
  for (;;) {
    const events = advance(prepared.context, state);
    const stop = events.some(
      (event) => event.type === 'StageStarted' && event.data.stage === 'configure_tools',
    );
    for (const event of events)
      state = evolve(state, { ...event, ts: now, streamVersion: state.version + 1 });
    if (stop || events.length === 0 || isRefusal(events)) return state;
  }
}

type View = {
  workflowId: string;
  definition: { source: string; hash: string };
  classify: NonNullable<ReturnType<typeof outputOf<'classify'>>>;
  plan: NonNullable<ReturnType<typeof outputOf<'plan'>>>;
  tools: { tool: string; command: readonly string[] | null; required: boolean }[];
  steps: ReturnType<typeof coverOf>[];
  approval: string;
  redactions: number;
  idempotencyKey: string;
  wouldBe: {
    answer: 'start' | 'reuse' | 'follow';
    runId?: string;
    sameInput?: boolean;
    /** Absent for a run that was claimed and has not begun. */
    status?: RunStatus;
    waitingFor?: NonNullable<RunState['waiting']>['for'];
  };
};

function following({ runId, status, waitingFor }: View['wouldBe']): string {
  if (status === undefined) return `run ${runId} was claimed and never began: it would be adopted`;
  return status === 'waiting'
    ? `run ${runId} waits (${waitingFor}) and would be shown`
    : `run ${runId} is live and would be followed`;
}

function describe(view: View): string {
  const { wouldBe } = view;
  const answer =
    wouldBe.answer === 'start'
      ? 'a new run would start'
      : wouldBe.sameInput === false
        ? `refused (exit 4): run ${wouldBe.runId} has this key with another input`
        : wouldBe.answer === 'reuse'
          ? `nothing would run: answered with run ${wouldBe.runId}`
          : following(wouldBe);
  const tools =
    view.tools.length === 0
      ? '  none\n'
      : view.tools
          .map(
            (tool) =>
              `  ${tool.tool}: ${tool.command?.join(' ') ?? 'no command'}${tool.required ? ' (required)' : ''}\n`,
          )
          .join('');
  const steps = view.steps
    .map(
      (step) =>
        `  step ${step.step}: ${step.dispatcher}${step.target === undefined ? '' : ` to ${exact(step.target)}`}\n${indent(exact(typeof step.message === 'string' ? step.message : step.message.preview), '    │ ')}\n`,
    )
    .join('');
  return (
    `dry run of ${view.workflowId} (${view.definition.source}, ${view.definition.hash.slice(0, 12)}): nothing was written.\n\n` +
    `route     ${classified(view.classify)}\n` +
    `approval  ${view.approval}\n` +
    `secrets   ${view.redactions === 0 ? 'none found' : `${view.redactions} would be replaced`}\n` +
    `key       ${view.idempotencyKey}\n` +
    `answer    ${answer}\n\nTools\n${tools}\nDispatched (${UNKNOWN_RUN} stands for the run's id)\n${steps}`
  );
}
