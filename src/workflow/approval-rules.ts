/**
 * Which acts a person is asked about. The definition says where; where it says nothing that applies to a run at high
 * risk, the engine asks before the work, whoever wrote the definition. A check changes nothing and is never asked about.
 */
import { stageOfAct } from './acts.ts';
import type { RunContext } from './context.ts';
import type { ApprovalRule, Step } from './definition.ts';
import { outputOf, type RunState } from './state.ts';

/** What holds where a definition says nothing: high risk is asked about once, before the first act. */
const DEFAULT_RULE: ApprovalRule = {
  at: 'execute',
  when: 'high',
  show: [],
  by: [],
  fourEyes: false,
  onExpire: 'cancel',
  onReject: 'cancel',
  maxRedo: 0,
};

/** The rule that asks about an act; undefined where it is done without asking. */
export function ruleFor(
  context: Pick<RunContext, 'definition'>,
  state: RunState,
  step: Step,
): ApprovalRule | undefined {
  const stage = stageOfAct(step.id);
  if (stage === 'verify') return undefined;
  const risk = outputOf(state, 'classify')?.risk;
  const rules = context.definition.approvals.filter((rule) => rule.when === undefined || rule.when === risk);
  const own =
    rules.find((rule) => rule.at === `execute.${step.id}`) ?? rules.find((rule) => rule.at === stage);
  if (own !== undefined || risk !== 'high') return own;
  // Asked about after the work, or before it, by a rule of the definition: then that is where.
  return rules.some((rule) => rule.at === 'execute' || rule.at === 'deliver') ? undefined : DEFAULT_RULE;
}

/** The rule that an approval was asked for under. */
export const ruleAt = (context: Pick<RunContext, 'definition'>, at: string): ApprovalRule =>
  context.definition.approvals.find((rule) => rule.at === at) ?? DEFAULT_RULE;
