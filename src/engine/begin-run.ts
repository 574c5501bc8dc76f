/** Claims a key for a new run and drives it, or carries on what a process that is gone had only claimed. */
import { usageError, WfError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import type { Commit } from '../log/event-store.ts';
import type { Claim, KeyState } from '../projections/key-state.ts';
import { missingConnections } from '../workflow/connections.ts';
import { noRun, type RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { whileAtWork } from './at-work.ts';
import { continueRun } from './continue-run.ts';
import { drive } from './drive.ts';
import { flushAdmitted } from './flush-admitted.ts';
import { noteAnswer } from './key-claims.ts';
import { loadRun } from './load-run.ts';
import { assertNotPaused } from './pause-gate.ts';
import type { EnginePorts } from './ports.ts';
import type { PreparedRequest } from './prepare-request.ts';
import { registration } from './registration.ts';
import { RunSession } from './session.ts';

export async function claimAndStart(
  ports: EnginePorts,
  prepared: PreparedRequest,
  keyVersion: number,
): Promise<Answer> {
  await assertMayStart(ports, prepared, keyVersion);
  assertConnected(ports, prepared);
  const runId = prepared.request.slot?.runId ?? ports.newId();
  const claim: Commit = {
    stream: prepared.keyStream,
    expectedVersion: keyVersion,
    commitId: ports.newId(),
    events: [
      {
        type: 'KeyClaimed',
        data: {
          workflowId: prepared.loaded.id,
          key: prepared.key,
          runId,
          runVersion: 0,
          inputHash: prepared.inputHash,
          forced: prepared.request.force,
        },
      },
    ],
  };
  return start(ports, prepared, runId, prepared.request.force, [claim]);
}

/** Failed or not, the run a slot was given is its answer: only a person starts it again. */
export async function startSlot(
  ports: EnginePorts,
  prepared: PreparedRequest,
  key: KeyState,
): Promise<Answer> {
  const [claim] = key.claims;
  if (claim === undefined) return claimAndStart(ports, prepared, key.version);
  const { state: run } = await loadRun(ports, claim.runId);
  return run.version > claim.runVersion ? { kind: 'live', run } : adopt(ports, prepared, claim, run);
}

/** @throws {WfError} paused (7), noted where `why --not` looks */
async function assertMayStart(
  ports: EnginePorts,
  { request, loaded, key, keyStream }: PreparedRequest,
  keyVersion: number,
): Promise<void> {
  try {
    await assertNotPaused(ports, loaded.id);
  } catch (error) {
    // A server asks for a slot again and again, and says itself what became of it.
    if (!(error instanceof WfError) || error.code !== 'paused' || request.slot !== undefined) throw error;
    const data = { workflowId: loaded.id, key, reason: error.code, message: error.message };
    await noteAnswer(ports, keyStream, keyVersion, { type: 'RunRefused', data });
    throw error;
  }
}

/**
 * Found out in the middle it would be work that was done and cannot be delivered.
 * @throws {WfError} agent-unknown, message-target-unknown, credential-missing (2)
 */
function assertConnected(ports: EnginePorts, { loaded }: PreparedRequest): void {
  const { connected, hasVariable = () => true } = ports;
  const [missing] = missingConnections(loaded.definition, connected, hasVariable);
  if (missing === undefined) return;
  const { code, message, hint } = missing;
  throw usageError(code, `workflow ${loaded.id}: ${message}`, { where: loaded.file, hint });
}

/** Carries on what a process that is gone had only claimed: the very run it promised. */
export async function adopt(
  ports: EnginePorts,
  prepared: PreparedRequest,
  claim: Claim,
  run: RunState,
): Promise<Answer> {
  await assertNotPaused(ports, prepared.loaded.id);
  if (claim.runVersion === 0) return start(ports, prepared, claim.runId, claim.forced, []);
  return continueRun(ports, run, { by: 'run' });
}

/** So that "why did it not run?" has an answer; a slot, which is tried again and again, gets its own from the server. */
async function noteLimit(ports: EnginePorts, prepared: PreparedRequest, { message }: WfError): Promise<void> {
  if (prepared.request.slot !== undefined) return;
  const data = { workflowId: prepared.loaded.id, key: prepared.key, reason: 'limit', message };
  const version = await ports.store.headOf(prepared.keyStream);
  await noteAnswer(ports, prepared.keyStream, version, { type: 'RunRefused', data });
}

async function start(
  ports: EnginePorts,
  prepared: PreparedRequest,
  runId: string,
  forced: boolean,
  claims: readonly Commit[],
): Promise<Answer> {
  const session = new RunSession(ports, prepared.context, noRun);
  const { request, key, inputHash, redactions } = prepared;
  await session.applyOrThrow({
    type: 'Start',
    runId,
    key,
    inputHash,
    redactions,
    forced,
    ...(request.route === undefined ? {} : { requestedRoute: request.route }),
    ...(request.by === undefined ? {} : { by: request.by }),
    ...(request.slot === undefined ? {} : { slot: request.slot.slot }),
    owner: ports.ownership.self,
  });
  const registered = await registration(ports, prepared.loaded);
  return whileAtWork(ports, runStream(runId), async () => {
    try {
      await flushAdmitted(session, { runId, runVersion: 0 }, registered, claims);
    } catch (error) {
      if (error instanceof WfError && error.code === 'limit-reached') await noteLimit(ports, prepared, error);
      throw error;
    }
    failpoint('run.claimed');
    request.onStarted?.();
    if (request.detach) {
      await session.flush({ durable: true });
      await ports.projections.project();
      return { kind: 'detached', run: session.state, told: session.told };
    }
    await drive(session);
    return { kind: 'ended', run: session.state, told: session.told };
  });
}
