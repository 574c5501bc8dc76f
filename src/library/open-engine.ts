/** The library's door: one engine over one home, with everything `wf` does to runs, and nothing printed. */

import { loginName } from '../commands/login-name.ts';
import { asWfError } from '../commands/print-error.ts';
import { runView } from '../commands/render/run-view.ts';
import { stopper } from '../effects/stop.ts';
import type { Answer as EngineAnswer } from '../engine/answer.ts';
import { follow } from '../engine/follow.ts';
import { requireRun } from '../engine/load-run.ts';
import { type OpenHome, openWorkflowHome } from '../engine/open-home.ts';
import { cancelRun, recordAndContinue } from '../engine/outside-commands.ts';
import { resumeRun } from '../engine/resume-run.ts';
import { startRun } from '../engine/start-run.ts';
import { resolveHome } from '../home/paths.ts';
import { type Calls, trackedCalls } from './calls.ts';
import { assertPerson, assertRunId, inputText } from './check-arguments.ts';
import { type CodeWorkflows, codeWorkflows } from './code-workflows.ts';
import { eventFeed, subscription } from './event-feed.ts';
import { packageDir } from './package-dir.ts';
import { approve, questionOf, reject } from './questions.ts';
import { inboxOf, runsOf, showRun } from './reading.ts';
import type { Run } from './shapes.ts';
import type {
  Answer,
  Engine,
  EngineOptions,
  ReportOptions,
  ResumeOptions,
  RunRequest,
  Workflow,
} from './types.ts';

const PATIENCE_MS = 10_000;

/**
 * Opens a home, and makes it where there is none (0700). Several engines and `wf` itself may have the same home open.
 * Work of runs and their syncs happen in this process; the log is read and written synchronously, in small pieces.
 * @throws {WfError} 2 (config, a home of the script engine, a definition of the program), 65, 74
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  try {
    return await open(options);
  } catch (error) {
    throw asWfError(error);
  }
}

type Parts = {
  readonly home: OpenHome;
  readonly env: NonNullable<EngineOptions['env']>;
  readonly calls: Calls;
  readonly workflows: CodeWorkflows;
  readonly onNotice: (text: string) => void;
};

async function open(options: EngineOptions): Promise<Engine> {
  const { env = process.env, onNotice = () => undefined } = options;
  const stop = stopper();
  const force = stopper();
  const closing = new AbortController();
  const path = resolveHome({ flag: options.home, env });
  const workflows = codeWorkflows(path);
  for (const workflow of options.workflows ?? []) workflows.add(workflow);
  const home = await openWorkflowHome({
    home: path,
    env,
    packageDir: packageDir(),
    onNotice,
    interrupts: { stop: stop.signal, force: force.signal },
    definitionOf: workflows.load,
  });
  const calls = trackedCalls();
  const parts: Parts = { home, env, calls, workflows, onNotice };
  let closed: Promise<void> | undefined;
  const feeds = new Set<Promise<void>>();

  const close = async (patienceMs: number): Promise<void> => {
    stop.abort();
    const patience = setTimeout(() => force.abort(), patienceMs);
    await calls.end();
    clearTimeout(patience);
    closing.abort();
    await overOrLate(Promise.all(feeds), patienceMs);
    await home.store.close();
    home.index.close();
  };

  const engine: Engine = {
    home: path,
    run: (workflow, request) => calls.during(() => run(parts, workflow, request as RunRequest)),
    resume: (runId, how = {}) => calls.during(() => resume(parts, runId, how)),
    report: (runId, said) => calls.during(() => report(parts, runId, said)),
    question: (id) => calls.during(() => questionOf(home, id)),
    approve: (id, decision) => calls.during(async () => answer(home, await approve(home, env, id, decision))),
    reject: (id, decision) => calls.during(async () => answer(home, await reject(home, id, decision))),
    resolve: (runId, verdict) => calls.during(() => resolve(parts, runId, verdict)),
    cancel: (runId, how) => calls.during(() => cancel(parts, runId, how)),
    show: (runId) => calls.during(() => showRun(home, runId)),
    runs: (filter = {}) => calls.during(() => runsOf(home, filter)),
    inbox: () => calls.during(() => inboxOf(home)),
    events: (wanted = {}) => {
      calls.assertOpen();
      return eventFeed(home.store, wanted, closing.signal);
    },
    subscribe: (handler, wanted = {}) => {
      calls.assertOpen();
      const subscribed = subscription(home.store, wanted, handler, closing.signal);
      const over = subscribed.ended.catch(() => undefined).finally(() => feeds.delete(over));
      feeds.add(over);
      return subscribed;
    },
    close: ({ patienceMs = PATIENCE_MS } = {}) => {
      closed ??= close(patienceMs);
      return closed;
    },
  };
  return Object.freeze(engine);
}

/** A handler that never comes back must not keep the engine open. */
async function overOrLate(over: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, late]);
  clearTimeout(timer);
}

const answer = (home: OpenHome, { kind, run }: EngineAnswer): Answer => ({
  answer: kind,
  run: runView(run, home.paths.home) as Run,
});

async function run(parts: Parts, workflow: string | Workflow, request: RunRequest): Promise<Answer> {
  const { home, env, workflows } = parts;
  if (typeof workflow !== 'string') workflows.add(workflow);
  const { key, route, by = loginName(env), force = false, detach = false } = request;
  if (by !== undefined) assertPerson(by);
  const started = await startRun(home.ports, {
    workflowId: typeof workflow === 'string' ? workflow : workflow.id,
    input: inputText(request.input),
    ...(key === undefined ? {} : { key }),
    ...(route === undefined ? {} : { route }),
    ...(by === undefined ? {} : { by }),
    force,
    detach,
  });
  if (started.kind === 'detached') inBackground(parts, started.run.runId, 'run');
  return answer(home, started);
}

/** A detached run goes on here; closing waits for it, and a failure that nobody waits for is told. */
function inBackground({ calls, home, onNotice }: Parts, runId: string, by: string): void {
  calls
    .during(() => follow(home.ports, runId, { by }))
    .catch((error: unknown) => onNotice(`run ${runId}: ${asWfError(error).message}`));
}

async function resume({ home }: Parts, runId: string, how: ResumeOptions): Promise<Answer> {
  assertRunId(runId);
  const { input, takeOver = false, withCurrentDefinition = false } = how;
  const request = { runId, takeOver, withCurrentDefinition };
  return answer(home, await resumeRun(home.ports, { ...request, ...(input === undefined ? {} : { input }) }));
}

async function report(parts: Parts, runId: string, said: ReportOptions): Promise<Answer> {
  const { home } = parts;
  assertRunId(runId);
  assertPerson(said.by);
  const { status = 'ok', text, step, nonce, by, detach = false } = said;
  return answer(
    home,
    await recordAndContinue(
      home.ports,
      runId,
      {
        type: 'Report',
        status,
        by,
        ...(text === undefined ? {} : { text: home.ports.redact(text).text }),
        ...(step === undefined ? {} : { step }),
        ...(nonce === undefined ? {} : { nonce }),
      },
      { detach },
    ),
  );
}

async function resolve(
  { home }: Parts,
  runId: string,
  { sent, by }: { readonly sent: boolean; readonly by: string },
): Promise<Answer> {
  assertRunId(runId);
  assertPerson(by);
  const verdict = sent ? 'sent' : 'not-sent';
  return answer(
    home,
    await recordAndContinue(home.ports, runId, { type: 'Resolve', verdict, by }, { detach: false }),
  );
}

async function cancel(
  { home }: Parts,
  runId: string,
  { by, reason }: { readonly by: string; readonly reason?: string },
): Promise<Run> {
  assertRunId(runId);
  assertPerson(by);
  await requireRun(home.ports, runId);
  const why = reason === undefined ? undefined : home.ports.redact(reason).text;
  const state = await cancelRun(home.ports, runId, by, why);
  return runView(state, home.paths.home) as Run;
}
