/**
 * Alone over a home's definitions, with every earlier intent brought to its end first: applied, or come to nothing.
 * The file says which, for it is only ever replaced as a whole.
 */
import { WfError } from '../errors.ts';
import { editTarget, recoverIntent } from '../home/apply-edit.ts';
import type { DefinitionPlaces } from '../home/definitions.ts';
import type { Improvement } from '../projections/feedback.ts';
import { withApplyLock } from './apply-lock.ts';
import type { EnginePorts } from './ports.ts';
import { recordWorkflowFact } from './workflow-facts.ts';

export type Improver = { readonly ports: EnginePorts; readonly places: DefinitionPlaces };

/** Runs `work` alone over this home's definitions, when every earlier intent of the workflow has its end. */
export const alone = <T>(improver: Improver, workflowId: string, work: () => Promise<T>): Promise<T> =>
  withApplyLock(improver.places.home, async () => {
    await improver.ports.projections.project();
    if (await settleIntents(improver, workflowId)) await improver.ports.projections.project();
    return work();
  });

export const openIntents = (ports: EnginePorts, workflowId: string): readonly Improvement[] =>
  ports.projections.improvementFacts(workflowId).improvements.filter(({ status }) => status === 'intended');

/** Only with the lock: without it the intent may be that of a process which is about to carry it out. */
async function settleIntents(improver: Improver, workflowId: string): Promise<boolean> {
  const open = openIntents(improver.ports, workflowId).toReversed();
  for (const intent of open) {
    const { improvementId, afterHash, reverts } = intent;
    const became = await whatBecameOf(improver, intent);
    if (became === 'applied')
      await confirm(improver.ports, { improvementId, workflowId, afterHash, reverts });
    else await abandon(improver.ports, workflowId, improvementId, REASONS[became]);
  }
  return open.length > 0;
}

const REASONS = {
  'not-applied': 'the process ended before it changed the file',
  changed: 'the process ended, and the file is neither what it was nor what it was to become',
  gone: 'the process ended, and the workflow has no definition any more',
} as const;

async function whatBecameOf(
  { ports, places }: Improver,
  { workflowId, beforeHash, afterHash }: Improvement,
): Promise<'applied' | keyof typeof REASONS> {
  try {
    const { target } = await editTarget({ ...places, workflowId });
    return recoverIntent({ file: target, beforeHash, afterHash, sha256: ports.sha256 });
  } catch (error) {
    if (error instanceof WfError && error.code === 'workflow-unknown') return 'gone';
    throw error;
  }
}

type End = {
  readonly improvementId: string;
  readonly workflowId: string;
  readonly afterHash: string;
  readonly reverts: string | undefined;
};

export const confirm = (ports: EnginePorts, { reverts, ...data }: End): Promise<number> =>
  recordWorkflowFact(
    ports,
    data.workflowId,
    reverts === undefined
      ? { type: 'ImprovementApplied', data }
      : { type: 'ImprovementReverted', data: { ...data, reverts } },
  );

export const abandon = (
  ports: EnginePorts,
  workflowId: string,
  improvementId: string,
  reason: string,
): Promise<number> =>
  recordWorkflowFact(ports, workflowId, {
    type: 'ImprovementAbandoned',
    data: { improvementId, workflowId, reason },
  });
