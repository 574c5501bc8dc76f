/** Notes that an approval was not given in time: whoever next looks at the run does it, for nobody sits and waits. */
import type { RunState } from '../workflow/state.ts';
import type { EnginePorts } from './ports.ts';

/** @returns whether the run was changed */
export async function expireIfDue(ports: EnginePorts, run: RunState): Promise<boolean> {
  if (run.status !== 'waiting' || run.waiting?.for !== 'approval') return false;
  const { id } = run.waiting;
  const approval = run.approvals.find((candidate) => candidate.approvalId === id);
  if (approval?.status !== 'pending' || approval.expiresAt === undefined) return false;
  if (ports.clock.now() < Date.parse(approval.expiresAt)) return false;
  // Rare, and it brings the decider, which an answer from the log does without.
  const { recordFact } = await import('./record-fact.ts');
  await recordFact(ports, run.runId, { type: 'Expire', approvalId: id });
  return true;
}
