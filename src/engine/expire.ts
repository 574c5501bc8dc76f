/** Notes that an approval was not given in time: whoever next looks at the run does it, for nobody sits and waits. */
import type { RunState } from '../workflow/state.ts';
import type { EnginePorts } from './ports.ts';

type Clocked = Pick<EnginePorts, 'clock'>;

/** Whether the question that the run waits for is one whose time is over, and nobody has noted it. */
export const isExpired = (ports: Clocked, run: RunState): boolean => overdue(ports, run) !== null;

function overdue({ clock }: Clocked, run: RunState): string | null {
  if (run.status !== 'waiting' || run.waiting?.for !== 'approval') return null;
  const { id } = run.waiting;
  const approval = run.approvals.find((candidate) => candidate.approvalId === id);
  if (approval?.status !== 'pending' || approval.expiresAt === undefined) return null;
  return clock.now() < Date.parse(approval.expiresAt) ? null : id;
}

/** @returns whether the run was changed */
export async function expireIfDue(ports: EnginePorts, run: RunState): Promise<boolean> {
  const approvalId = overdue(ports, run);
  if (approvalId === null) return false;
  // Rare, and it brings the decider, which an answer from the log does without.
  const { recordFact } = await import('./record-fact.ts');
  await recordFact(ports, run.runId, { type: 'Expire', approvalId });
  return true;
}
