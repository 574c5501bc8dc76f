/**
 * What all dispatchers share: starting a program in the effect's scratch folder, and judging the ends that mean the
 * same for each. A doubt is never rounded to yes or no.
 */
import { assertNever } from '../errors.ts';
import type { AgentConfig, MessageConfig } from '../home/config.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import { type ChildEnd, runChild } from './child.ts';
import { childEnvironment } from './environment.ts';
import { outputOf, type Redact } from './last-words.ts';
import { explainNotStarted } from './not-started.ts';
import {
  artifactsDir,
  MAX_TASK_IN_ENVIRONMENT_BYTES,
  replaceOutput,
  scratchDir,
  taskFile,
} from './scratch.ts';
import type { StopSignal } from './stop.ts';

export type PerformDeps = {
  readonly home: string;
  /** Usually process.env. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly openclawRoot?: string;
  readonly redact: Redact;
  /** What config.json connects, by name. */
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly messages: ReadonlyMap<string, MessageConfig>;
  /** Path of the dispatch script: the bundled dispatch_task.sh, or the one config names. */
  readonly dispatchScript: string;
  /** False for a script of the user's own: it may not declare our key, so "not in the list" proves nothing. */
  readonly scriptDeclaresKey: boolean;
  /** Ends the child's whole group; the effect is then in doubt. */
  readonly signal?: StopSignal;
  readonly killGraceMs?: number;
  readonly outputCapBytes?: number;
  readonly outputLimitBytes?: number;
};

/** WF_* variables every dispatched child gets. */
function effectVariables(effect: DispatchEffect, home: string): Record<string, string> {
  const fits = Buffer.byteLength(effect.task) <= MAX_TASK_IN_ENVIRONMENT_BYTES;
  return {
    WF_RUN_ID: effect.runId,
    WF_ROUTE: effect.route,
    ...(fits ? { WF_TASK: effect.task } : {}),
    WF_TASK_FILE: taskFile(home, effect.effectId),
    WF_IDEMPOTENCY_KEY: effect.idempotencyKey,
    WF_EFFECT_KEY: effect.key,
    WF_HOME: home,
  };
}

/** What a dispatcher adds to the common part: its program, and its own variables. */
export type Launch = {
  readonly argv: readonly string[];
  readonly extra?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly stdinFile?: string;
  /** Names of environment variables that config.json lets this program have. */
  readonly names?: readonly string[];
  /** Default: whether its dispatcher is `openclaw`. */
  readonly withOpenclaw?: boolean;
};

/** Runs a dispatcher's program in the effect's scratch folder, at the run's artifacts. */
export async function launch(effect: DispatchEffect, deps: PerformDeps, what: Launch): Promise<ChildEnd> {
  const { home } = deps;
  const end = await runChild({
    argv: what.argv,
    cwd: artifactsDir(home, effect.runId),
    env: childEnvironment({
      base: deps.environment,
      home,
      ...(deps.openclawRoot === undefined ? {} : { openclawRoot: deps.openclawRoot }),
      names: [...effect.env, ...(what.names ?? [])],
      extra: { ...effectVariables(effect, home), ...what.extra },
      withOpenclaw: what.withOpenclaw ?? effect.dispatcher === 'openclaw',
    }),
    scratchDir: scratchDir(home, effect.effectId),
    timeoutMs: what.timeoutMs,
    ...(what.stdinFile === undefined ? {} : { stdinFile: what.stdinFile }),
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    ...(deps.killGraceMs === undefined ? {} : { killGraceMs: deps.killGraceMs }),
    ...(deps.outputCapBytes === undefined ? {} : { outputCapBytes: deps.outputCapBytes }),
    ...(deps.outputLimitBytes === undefined ? {} : { outputLimitBytes: deps.outputLimitBytes }),
  });
  // The folder of an effect in doubt stays, for as long as nobody resolves it.
  if (end.end !== 'exited' || end.exitCode !== 0)
    replaceOutput(home, effect.effectId, outputOf(end, deps.redact));
  return end;
}

/** Job id of a stdout that is exactly one JSON object with `jobId`: the sign of a hand-over. */
export function jobIdOf(stdout: string | undefined): string | undefined {
  if (stdout === undefined || !stdout.trimStart().startsWith('{')) return undefined;
  try {
    const { jobId } = JSON.parse(stdout) as { jobId?: unknown };
    if (typeof jobId === 'number' && Number.isFinite(jobId)) return String(jobId);
    return typeof jobId === 'string' && jobId !== '' ? jobId : undefined;
  } catch {
    return undefined;
  }
}

/** The ends nobody can judge from outside, and those before the start: the same for every dispatcher. */
export function interpretUnusualEnd(
  end: Exclude<ChildEnd, { end: 'exited' }>,
  effect: DispatchEffect,
  deps: PerformDeps,
  what: Launch,
): EffectResult {
  const output = outputOf(end, deps.redact);
  const [program = ''] = what.argv;
  const unknown = (code: string, message: string): EffectResult => ({
    result: 'unknown',
    reason: { code, message },
    ...output,
  });
  switch (end.end) {
    case 'not-started': {
      const cwd = artifactsDir(deps.home, effect.runId);
      const { code, message, retryable } = explainNotStarted(end.code, program, cwd, end.message);
      return { result: 'failed', performed: false, retryable, error: { code, message }, ...output };
    }
    case 'timed-out':
      return unknown('timed-out', `${program} was ended after its timeout of ${what.timeoutMs / 1000} s`);
    case 'aborted':
      return unknown('interrupted', `${program} was ended because the run was interrupted`);
    case 'output-limit':
      return unknown('output-limit', `${program} was ended because it wrote too much output`);
    case 'signalled':
      return unknown('signalled', `${program} was ended by ${end.signal}`);
    default:
      return assertNever(end, 'child end');
  }
}
