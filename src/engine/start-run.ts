/**
 * `run`: work for a key is started once. Answers with the run that has the key already, follows it while it lives,
 * takes it over when its owner is gone, and claims the key for a new run only when nobody has it.
 */
import { conflictError } from '../errors.ts';
import { ConflictError } from '../log/event-store.ts';
import type { Claim } from '../projections/key-state.ts';
import { continueReason } from '../workflow/continue-reason.ts';
import { formatPath } from '../workflow/finding.ts';
import type { RunState } from '../workflow/state.ts';
import type { Answer } from './answer.ts';
import { expireIfDue } from './expire.ts';
import { answeringSince, holderOf, noteAnswer, readKey } from './key-claims.ts';
import { contextOf, syncSeen } from './load-run.ts';
import { LostRace } from './lost-race.ts';
import { pauseOf } from './pause-gate.ts';
import type { EnginePorts } from './ports.ts';
import { type PreparedRequest, prepareRequest, type RunRequest } from './prepare-request.ts';

export async function startRun(ports: EnginePorts, request: RunRequest): Promise<Answer> {
  const prepared = await prepareRequest(ports, request);
  // Told once for each content of the file: a definition the log knows is not checked again.
  for (const { path, message, hint } of prepared.loaded.warnings) {
    const next = hint === undefined ? '' : `. ${hint}`;
    ports.onNotice?.(`definition ${prepared.loaded.id}: ${formatPath(path)}: ${message}${next}`);
  }
  for (;;) {
    try {
      return await answerOnce(ports, prepared);
    } catch (error) {
      // Somebody moved the key, the run or the workflow's stream meanwhile: the log decides, so look again.
      if (!(error instanceof ConflictError || error instanceof LostRace)) throw error;
    }
  }
}

async function answerOnce(ports: EnginePorts, prepared: PreparedRequest): Promise<Answer> {
  const { request } = prepared;
  const key = await readKey(ports, prepared.keyStream);
  if (request.slot !== undefined) return (await import('./begin-run.ts')).startSlot(ports, prepared, key);
  const holder = request.force
    ? { kind: 'free' as const }
    : await holderOf(ports, key, answeringSince(ports, prepared));
  switch (holder.kind) {
    case 'free':
      return (await import('./begin-run.ts')).claimAndStart(ports, prepared, key.version);
    case 'finished': {
      await assertSameInput(ports, prepared, key.version, holder);
      if (
        holder.run.status === 'handed_off' &&
        continueReason(await contextOf(ports, holder.run), holder.run) !== null &&
        (await pauseOf(ports, prepared.loaded.id)) === null
      ) {
        // Reported on, and nobody has carried it on yet.
        return (await import('./follow.ts')).follow(ports, holder.run.runId, { by: 'run' });
      }
      await syncSeen(ports, holder.position);
      const { runId, status } = holder.run;
      const data = { workflowId: prepared.loaded.id, key: prepared.key, runId, status };
      await noteAnswer(ports, prepared.keyStream, key.version, { type: 'RunReused', data });
      await ports.projections.keepUp(holder.position);
      const { run } = holder;
      // Of a run of the script engine the definition is not known.
      if (run.definitionHash === '') return { kind: 'reused', run };
      return { kind: 'reused', run, redefined: run.definitionHash !== prepared.loaded.hash };
    }
    case 'pending':
      await assertSameInput(ports, prepared, key.version, holder);
      return (await import('./begin-run.ts')).adopt(ports, prepared, holder.claim, holder.run);
    case 'live':
      await assertSameInput(ports, prepared, key.version, holder);
      // A question that nobody answered in time may be the end of that run, and the key is free then.
      if (await expireIfDue(ports, holder.run)) throw new LostRace();
      if (request.detach) {
        await syncSeen(ports);
        return { kind: 'live', run: holder.run };
      }
      return (await import('./follow.ts')).follow(ports, holder.run.runId, { by: 'run' });
  }
}

async function assertSameInput(
  ports: EnginePorts,
  prepared: PreparedRequest,
  keyVersion: number,
  { claim, run }: { readonly claim: Claim; readonly run: RunState },
): Promise<void> {
  if (claim.inputHash === prepared.inputHash) return;
  const runId = claim.runId;
  const message = `the key ${prepared.key} belongs to run ${runId} (${run.version === 0 ? 'starting' : run.status}), which has another input`;
  await noteAnswer(ports, prepared.keyStream, keyVersion, {
    type: 'RunRefused',
    data: { workflowId: prepared.loaded.id, key: prepared.key, reason: 'other-input', message, runId },
  });
  throw conflictError('key-other-input', message, {
    hint: `Use another --idempotency-key, or --force to start anyway. Look: wf show ${runId}`,
    details: { runId },
  });
}
