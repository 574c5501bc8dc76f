/**
 * The `openclaw` dispatcher: a one-shot cron job, added by a script that looks before it adds. A dispatch is a
 * hand-over; after a crash the job list says whether it happened.
 */
import type { DispatchEffect, EffectResult, LookupResult } from '../workflow/effects.ts';
import { runChild } from './child.ts';
import { childEnvironment } from './environment.ts';
import { lastLine, outputOf } from './last-words.ts';
import { interpretUnusualEnd, jobIdOf, type Launch, launch, type PerformDeps } from './launch.ts';
import { MAX_TASK_IN_ENVIRONMENT_BYTES, messageFile, scratchDir } from './scratch.ts';

/** Two looks and an add of a CLI that gives up after 30 s each. The effect's own timeout is the agent's. */
const DISPATCH_TIMEOUT_MS = 120_000;
const LOOKUP_TIMEOUT_MS = 45_000;

/** What dispatch_task.sh's exit codes say; every other one leaves a doubt. */
const EXIT_UNREACHABLE = 69;
const EXIT_CONFIGURATION = 78;

function launchOf(effect: DispatchEffect, deps: PerformDeps): Launch {
  const fits = Buffer.byteLength(effect.task) <= MAX_TASK_IN_ENVIRONMENT_BYTES;
  return {
    // A task that is too long for an argument is in the message file, which the script prefers anyway.
    argv: [deps.dispatchScript, effect.route, fits ? effect.task : ''],
    extra: {
      WF_MESSAGE_FILE: messageFile(deps.home, effect.effectId),
      WF_TIMEOUT_SECONDS: String(Math.ceil(effect.timeoutMs / 1000)),
      WF_NODE: process.execPath,
      ...(effect.target === undefined ? {} : { WF_AGENT: effect.target }),
    },
    timeoutMs: DISPATCH_TIMEOUT_MS,
  };
}

export async function performOpenclaw(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const what = launchOf(effect, deps);
  const end = await launch(effect, deps, what);
  if (end.end !== 'exited') return interpretUnusualEnd(end, effect, deps, what);
  const output = outputOf(end, deps.redact);
  const { exitCode, durationMs } = end;
  const said = lastLine(output.stderr);
  if (exitCode === 0) {
    const jobId = jobIdOf(output.stdout);
    if (jobId !== undefined) {
      const receipt = { by: 'process', exitCode, durationMs, jobId } as const;
      return { result: 'confirmed', outcome: 'handed_off', receipt, ...output };
    }
    const message = `${deps.dispatchScript} ended well but printed no job id; the job list decides`;
    return { result: 'unknown', reason: { code: 'no-job-id', message }, ...output };
  }
  const message = said === '' ? `${deps.dispatchScript} exited with ${exitCode}` : said;
  switch (exitCode) {
    case EXIT_UNREACHABLE: {
      const error = { code: 'openclaw-unreachable', message };
      return { result: 'failed', performed: false, retryable: true, error, exitCode, ...output };
    }
    case EXIT_CONFIGURATION: {
      const error = { code: 'openclaw-configuration', message };
      return { result: 'failed', performed: false, retryable: false, error, exitCode, ...output };
    }
    default:
      return { result: 'unknown', reason: { code: 'dispatch-unclear', message }, ...output };
  }
}

/** The job of the list that was declared with this key; null when the answer is not a whole list of jobs. */
function findJob(stdout: string, key: string): { readonly jobId: string | undefined } | null {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return null;
  }
  const list = Array.isArray(answer)
    ? { jobs: answer }
    : (answer as { jobs?: unknown; hasMore?: unknown } | null);
  if (!Array.isArray(list?.jobs)) return null;
  for (const job of list.jobs as readonly unknown[]) {
    const { declarationKey, id } = (job ?? {}) as { declarationKey?: unknown; id?: unknown };
    if (declarationKey === key && typeof id === 'string') return { jobId: id };
  }
  return 'hasMore' in list && list.hasMore === true ? null : { jobId: undefined };
}

const cannotTell = (reason: string): LookupResult => ({ found: 'cannot-tell', reason });

/** Asks OpenClaw's job list. The caller has made sure that nothing of the effect's child lives any more. */
export async function lookupOpenclaw(effect: DispatchEffect, deps: PerformDeps): Promise<LookupResult> {
  const program = deps.environment.OPENCLAW_BIN || 'openclaw';
  const end = await runChild({
    argv: [program, 'cron', 'list', '--all', '--json'],
    cwd: deps.home,
    // Without WF_EFFECT_KEY: a look must not be taken for the effect's child.
    env: childEnvironment({
      base: deps.environment,
      home: deps.home,
      ...(deps.openclawRoot === undefined ? {} : { openclawRoot: deps.openclawRoot }),
      names: [],
      extra: {},
      withOpenclaw: true,
    }),
    scratchDir: `${scratchDir(deps.home, effect.effectId)}/lookup`,
    timeoutMs: LOOKUP_TIMEOUT_MS,
    outputCapBytes: 32 * 1024 * 1024,
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
  });
  if (end.end !== 'exited') return cannotTell(`openclaw cron list: ${end.end}`);
  if (end.exitCode !== 0) {
    const said = lastLine(deps.redact(end.stderr).text);
    return cannotTell(`openclaw cron list exited with ${end.exitCode}${said === '' ? '' : `: ${said}`}`);
  }
  const job = end.truncated ? null : findJob(end.stdout, effect.key);
  if (job === null) return cannotTell('openclaw cron list did not answer with a whole list of jobs');
  if (job.jobId !== undefined) {
    return { found: 'performed', outcome: 'handed_off', receipt: { by: 'lookup', jobId: job.jobId } };
  }
  return deps.scriptDeclaresKey
    ? { found: 'absent' }
    : cannotTell('the configured dispatch script may not declare its job with our key');
}
