/**
 * `resume`: a run goes on where it stopped. Completed work is never repeated; a finished run, another workflow's run
 * and another input are refused (exit 4), each by name.
 */
import { conflictError, ExitCode, refusalToError, WfError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { type Commit, ConflictError } from '../log/event-store.ts';
import { refuseErased } from '../workflow/erase.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { whileAtWork } from './at-work.ts';
import { continueRun } from './continue-run.ts';
import { drive } from './drive.ts';
import { flushAdmitted } from './flush-admitted.ts';
import { follow } from './follow.ts';
import { holderOf, readKey, streamOfKey } from './key-claims.ts';
import { contextOf, requireRun } from './load-run.ts';
import { LostRace } from './lost-race.ts';
import { assertNotPaused } from './pause-gate.ts';
import type { EnginePorts } from './ports.ts';
import { RunSession } from './session.ts';
import { untouchedTask } from './untouched-task.ts';

export type ResumeRequest = {
  readonly runId: string;
  /** When given, it must be the run's. */
  readonly workflowId?: string;
  /** When given, it must be the run's (compared by hash of the trimmed text). */
  readonly input?: string;
  readonly takeOver: boolean;
  /** Go on with the definition as it is now instead of the one the run is pinned to. */
  readonly withCurrentDefinition: boolean;
};

export async function resumeRun(ports: EnginePorts, request: ResumeRequest): Promise<Answer> {
  for (;;) {
    const run = await requireRun(ports, request.runId);
    if (run.erased !== null) throw refusalToError(refuseErased(run, run.erased));
    assertMatches(ports, run, request);
    await assertDefinitionChoice(ports, run, request);
    try {
      return await resumeOnce(ports, run, request);
    } catch (error) {
      if (!(error instanceof LostRace || error instanceof ConflictError)) throw error;
    }
  }
}

function assertMatches(ports: EnginePorts, run: RunState, request: ResumeRequest): void {
  const { runId } = run;
  if (request.workflowId !== undefined && request.workflowId !== run.workflowId) {
    throw conflictError(
      'other-workflow',
      `run ${runId} belongs to workflow ${run.workflowId}, not ${request.workflowId}`,
      {
        hint: `Resume it with: wf resume ${runId}`,
      },
    );
  }
  if (request.input !== undefined && ports.sha256(request.input.trim()) !== run.inputHash) {
    throw conflictError('other-input', `run ${runId} has another input`, {
      hint: `Leave --input out to resume it, or start a new run without --resume. Look: wf show ${runId}`,
    });
  }
}

/** A run keeps the definition it started with, so somebody who has just mended the file must be told. */
async function assertDefinitionChoice(
  ports: EnginePorts,
  run: RunState,
  request: ResumeRequest,
): Promise<void> {
  if (run.status === 'completed') return;
  const { runId, workflowId } = run;
  // Whether the file is there at all, and valid, matters only to who asks for it.
  const current = await ports.definitions.load(workflowId).catch(() => null);
  if (current === null || current.hash === run.definitionHash) return;
  if (!request.withCurrentDefinition) {
    ports.onNotice?.(
      `the definition of ${workflowId} has changed since; run ${runId} keeps the one it started with (--with-current-definition takes the new one)`,
    );
  } else if (run.status !== 'failed' && run.status !== 'cancelled') {
    throw conflictError(
      'definition-in-use',
      `run ${runId} is ${run.status}: only a failed or cancelled run can take another definition`,
      { hint: `Cancel it first: wf cancel ${runId}, then wf resume ${runId} --with-current-definition` },
    );
  }
}

async function resumeOnce(ports: EnginePorts, run: RunState, request: ResumeRequest): Promise<Answer> {
  const by = 'resume';
  switch (run.status) {
    case 'completed':
      throw conflictError('run-finished', `run ${run.runId} is completed: there is nothing to resume`, {
        hint: `Look: wf show ${run.runId}. To do the work again: wf run ${run.workflowId} --force --input …`,
      });
    case 'handed_off':
      return resumeHandedOff(ports, run, by);
    case 'failed':
    case 'cancelled':
      return resumeFailed(ports, run, request);
    case 'running':
    case 'waiting':
      return follow(ports, run.runId, { by, takeOver: request.takeOver });
  }
}

/** A failed run claims its key again first, so that it cannot complete beside a newer run of the same key. */
async function resumeFailed(ports: EnginePorts, run: RunState, request: ResumeRequest): Promise<Answer> {
  if (run.imported !== undefined) {
    throw conflictError(
      'run-imported',
      `run ${run.runId} was made by the script engine: how far its act had come is not in this log`,
      { hint: `Start it anew: wf run ${run.workflowId} --input …. Look: wf show ${run.runId}` },
    );
  }
  if (run.artifactsExpired !== null) {
    // Steps that are done are not done again, and what they left behind is gone.
    throw conflictError(
      'artifacts-expired',
      `the files that run ${run.runId} had made were given up on ${run.artifactsExpired.at}, as its definition's retention asks`,
      { hint: `Start it anew: wf run ${run.workflowId} --input …. Look: wf show ${run.runId}` },
    );
  }
  const stream = streamOfKey(ports, run.workflowId, run.key);
  const key = await readKey(ports, stream);
  if (!run.forced) {
    const unforced = { ...key, claims: key.claims.filter((claim) => !claim.forced) };
    const holder = await holderOf(ports, unforced, { except: run.runId });
    if (holder.kind !== 'free') {
      const { runId } = holder.claim;
      throw conflictError(
        'key-taken',
        `the key of run ${run.runId} now belongs to run ${runId} (${holder.run.version === 0 ? 'starting' : holder.run.status})`,
        {
          hint: `Look: wf show ${runId}`,
        },
      );
    }
  }
  const pending = key.claims.some((claim) => claim.runId === run.runId && claim.runVersion === run.version);
  const claim: Commit = {
    stream,
    expectedVersion: key.version,
    commitId: ports.newId(),
    events: [
      {
        type: 'KeyClaimed',
        data: {
          workflowId: run.workflowId,
          key: run.key,
          runId: run.runId,
          runVersion: run.version,
          inputHash: run.inputHash,
          forced: run.forced,
        },
      },
    ],
  };
  const current = request.withCurrentDefinition ? await ports.definitions.load(run.workflowId) : undefined;
  return continueRun(ports, run, { by: 'resume' }, pending ? [] : [claim], current);
}

async function resumeHandedOff(ports: EnginePorts, run: RunState, by: string): Promise<Answer> {
  const context = await contextOf(ports, run);
  const reported = await follow(ports, run.runId, { by });
  if (reported.run.version !== run.version) return reported;
  const task = untouchedTask(context, run);
  if (task === undefined) {
    throw conflictError('handed-off', `run ${run.runId} was handed over and waits for its report`, {
      hint: `Report it: wf report ${run.runId} --status ok. To do the work again: wf run ${run.workflowId} --force --input …`,
    });
  }
  const report = `wf report ${run.runId} --status ok --file FILE`;
  if (task.byPerson) {
    throw new WfError(
      'waits-for-person',
      `step ${task.effect.step} of run ${run.runId} is done by a person: its definition says "manual"`,
      { exitCode: ExitCode.waits, hint: `Do it and report it: ${report}` },
    );
  }
  if (!task.connected) {
    throw new WfError(
      'nothing-connected',
      `the task of run ${run.runId} is queued, and nobody is connected who could do it`,
      {
        exitCode: ExitCode.waits,
        hint: `Do it and report it: ${report}. Or name an assistant in config.json ("openclaw": {}, or an agent with "auto": true; see wf connect) and resume again`,
      },
    );
  }
  await assertNotPaused(ports, run.workflowId, run.runId);
  const session = new RunSession(ports, context, run);
  await session.applyOrThrow({
    type: 'WithdrawTask',
    effectId: task.effect.effectId,
    owner: ports.ownership.self,
    by,
  });
  await whileAtWork(ports, runStream(run.runId), async () => {
    await flushAdmitted(session, { runId: run.runId, runVersion: run.version }, [], []);
    await drive(session);
  });
  return { kind: 'ended', run: session.state, told: session.told };
}
