/** `wf feedback effect`: the runs before and after each applied improvement, side by side. Changes nothing. */
import { type Contents, everApplied, measureImprovement } from '../engine/measure-improvements.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, notFoundError } from '../errors.ts';
import { contentOf } from '../home/definitions.ts';
import { improvedWorkflows } from '../home/improvement-lookup.ts';
import type { Improvement } from '../projections/feedback.ts';
import { carries } from '../workflow/improve/carries.ts';
import { EFFECT_WINDOW, MIN_SAMPLE } from '../workflow/improve/effect.ts';
import { openToRead } from './home-of.ts';
import { improvementNamed } from './improvement-named.ts';
import { programName } from './program-name.ts';
import { type EffectItem, effectText } from './render/effect-text.ts';
import { printJson } from './render/list.ts';
import { type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openToRead(invocation);
  const items: EffectItem[] = [];
  const contents: Contents = new Map();
  for (const improvement of home === null ? noneIn(invocation) : asked(home, invocation)) {
    const item = home === null ? null : await effectOfOne(home, improvement, contents);
    if (item !== null) items.push(item);
  }
  if (invocation.json)
    printJson(invocation, { schema: 'wf.effect/1', minSample: MIN_SAMPLE, window: EFFECT_WINDOW, items });
  else invocation.io.out(effectText(items, programName(invocation)));
  return ExitCode.ok;
}

const noneIn = ({ args: [named] }: Invocation): readonly Improvement[] => {
  if (named === undefined) return [];
  throw notFoundError('improvement-unknown', `there is no improvement ${named}`, {
    hint: 'Nothing was ever recorded in this home.',
  });
};

function asked(home: OpenHome, invocation: Invocation): readonly Improvement[] {
  const [named] = invocation.args;
  const workflowId = option(invocation, 'workflow');
  if (named === undefined) {
    const workflows = workflowId === undefined ? improvedWorkflows(home.index) : [workflowId];
    return workflows.flatMap((id) => everApplied(home.ports.projections.improvementFacts(id).improvements));
  }
  const improvement = improvementNamed(home, named, workflowId);
  if (everApplied([improvement]).length === 1) return [improvement];
  const { improvementId, reverts, reason } = improvement;
  throw notFoundError(
    'improvement-not-applied',
    reverts === undefined
      ? `improvement ${improvementId} was never in force${reason === undefined ? '' : `: ${reason}`}`
      : `${improvementId} took improvement ${reverts} back; it has no effect of its own`,
    reverts === undefined ? {} : { hint: `See: wf feedback effect ${reverts}` },
  );
}

async function effectOfOne(
  home: OpenHome,
  improvement: Improvement,
  contents: Contents,
): Promise<EffectItem | null> {
  const { improvementId, workflowId, status, changes, intendedAt, revertedBy } = improvement;
  const effect = await measureImprovement(home.ports, improvement, contents);
  if (effect === null) return null;
  const { improvements } = home.ports.projections.improvementFacts(workflowId);
  const takenBack = improvements.find((other) => other.improvementId === revertedBy);
  return {
    improvementId,
    workflowId,
    appliedAt: improvement.endedAt ?? intendedAt,
    changes: changes.map((change) => change.catalogueId),
    state:
      status === 'reverted' ? 'taken-back' : (await isStillThere(home, improvement)) ? 'in-force' : 'edited',
    takenBackBecause: takenBack?.reason ?? null,
    ...effect,
  };
}

/** A file that cannot be read, or is gone, holds nothing of ours that could be spoken of. */
async function isStillThere({ ports }: OpenHome, { workflowId, changes }: Improvement): Promise<boolean> {
  try {
    const { body, file } = await ports.definitions.load(workflowId);
    return carries(await contentOf(body, file), changes);
  } catch {
    return false;
  }
}
