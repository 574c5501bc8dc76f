/**
 * A definition as a picture's data: stages in their order, with routes, tools, questions, steps, checks and actions;
 * for a run, where it is. Where a person is asked is what the engine itself decides, for low and for high risk.
 */
import type { Risk, StageName } from '../../events/run-events.ts';
import { STAGES } from '../../events/stages.ts';
import { ruleFor } from '../../workflow/approval-rules.ts';
import type { ApprovalRule, Definition, FileRule, Step } from '../../workflow/definition.ts';
import { noRun, type RunState } from '../../workflow/state.ts';
import { actMark, approvalMark, type GraphMark, stageMark } from './marks.ts';

export type GraphKind = 'route' | 'tool' | 'approval' | 'step' | 'check' | 'action';

export type GraphItem = {
  readonly kind: GraphKind;
  readonly name: string;
  readonly detail: string;
  /** Null without a run, and where a run says nothing about it. */
  readonly mark: GraphMark | null;
};

export type GraphStage = {
  readonly stage: StageName;
  readonly mark: GraphMark | null;
  readonly items: readonly GraphItem[];
};

export type Graph = {
  readonly workflowId: string;
  readonly runId: string | null;
  readonly stages: readonly GraphStage[];
};

export const graphOf = (definition: Definition, run: RunState | null): Graph => ({
  workflowId: definition.id,
  runId: run?.runId ?? null,
  stages: STAGES.map((stage) => ({
    stage,
    mark: run === null ? null : stageMark(run, stage),
    items: itemsOf(definition, run, stage),
  })),
});

function itemsOf(definition: Definition, run: RunState | null, stage: StageName): readonly GraphItem[] {
  switch (stage) {
    case 'classify':
      return routes(definition, run);
    case 'configure_tools':
      return definition.tools.map(({ name, required, command }) => ({
        kind: 'tool',
        name,
        detail: [...(required ? ['required'] : []), ...(command === undefined ? ['no command'] : [])].join(
          ', ',
        ),
        mark: toolMark(run, name),
      }));
    case 'execute':
      return acts(definition, run, definition.steps, 'step');
    case 'verify':
      return checks(definition, run);
    case 'deliver':
      return acts(definition, run, definition.actions, 'action');
    case 'intake':
    case 'plan':
    case 'log':
      return [];
  }
}

function routes({ classify }: Definition, run: RunState | null): readonly GraphItem[] {
  const output = run === null ? null : run.stages.find(({ name }) => name === 'classify')?.output;
  const taken = output !== null && output !== undefined && 'because' in output ? output.route : null;
  const item = (name: string, risk: Risk, when: string): GraphItem => ({
    kind: 'route',
    name,
    detail: `${risk} risk, ${when}`,
    mark: taken === null ? null : taken === name ? 'done' : 'skipped',
  });
  const { fallback } = classify;
  const named = classify.routes.map(({ name, risk, match }) => item(name, risk, `on ${match.join(', ')}`));
  // A fallback that is a route too is one place to go.
  return classify.routes.some(({ name }) => name === fallback.name)
    ? named
    : [...named, item(fallback.name, fallback.risk, 'otherwise')];
}

function toolMark(run: RunState | null, tool: string): GraphMark | null {
  const output = run === null ? null : run.stages.find(({ name }) => name === 'configure_tools')?.output;
  if (output === null || output === undefined || !('configured' in output)) return null;
  const skipped = output.skipped.find((one) => one.tool === tool);
  if (skipped !== undefined && skipped.reason !== 'already_configured') return 'skipped';
  return skipped !== undefined || output.configured.includes(tool) ? 'done' : null;
}

function acts(
  definition: Definition,
  run: RunState | null,
  steps: readonly Step[],
  kind: 'step' | 'action',
): readonly GraphItem[] {
  return steps.flatMap((step) => [
    ...questionsBefore(definition, step).map(
      ({ rule, when }): GraphItem => ({
        kind: 'approval',
        name: rule.at,
        detail: questionDetail(rule, when),
        mark: run === null ? null : approvalMark(run, rule.at),
      }),
    ),
    {
      kind,
      name: kind === 'action' ? step.id.slice('deliver.'.length) : step.id,
      detail: stepDetail(step),
      mark: run === null ? null : actMark(run, step.id),
    },
  ]);
}

type Question = { readonly rule: ApprovalRule; readonly when: 'always' | Risk };

/** What is asked right before an act: rules whose first act it is. */
function questionsBefore(definition: Definition, step: Step): readonly Question[] {
  const every = [...definition.steps, ...definition.actions];
  const isFirst = (risk: Risk, rule: ApprovalRule): boolean =>
    every.find((act) => ruleOf(definition, risk, act)?.at === rule.at)?.id === step.id;
  const asked = (risk: Risk): ApprovalRule | undefined => {
    const rule = ruleOf(definition, risk, step);
    return rule !== undefined && isFirst(risk, rule) ? rule : undefined;
  };
  const [low, high] = [asked('low'), asked('high')];
  if (low !== undefined && low === high) return [{ rule: low, when: 'always' }];
  return [
    ...(low === undefined ? [] : [{ rule: low, when: 'low' as const }]),
    ...(high === undefined ? [] : [{ rule: high, when: 'high' as const }]),
  ];
}

const ruleOf = (definition: Definition, risk: Risk, step: Step): ApprovalRule | undefined =>
  ruleFor({ definition }, atRisk(risk), step);

/** A run of which nothing is known but its risk. */
const atRisk = (risk: Risk): RunState => ({
  ...noRun,
  stages: noRun.stages.map((stage) =>
    stage.name === 'classify'
      ? { ...stage, output: { route: '', risk, words: [], highRiskWords: [], because: 'requested' } }
      : stage,
  ),
});

const questionDetail = (rule: ApprovalRule, when: Question['when']): string =>
  [
    when === 'always' ? 'always' : `at ${when} risk`,
    ...(rule.by.length === 0 ? [] : [`by ${rule.by.join(' or ')}`]),
    ...(rule.fourEyes ? ['four eyes'] : []),
    `no: ${rule.onReject}`,
  ].join(', ');

function stepDetail(step: Step): string {
  const command = [step.command ?? '', ...step.args].join(' ').replace(/\s+/g, ' ').trim();
  const by =
    step.dispatcher === 'command'
      ? command
      : step.agent === undefined
        ? step.dispatcher
        : `${step.dispatcher} ${step.agent}`;
  return [
    by,
    ...(step.await === 'outcome' ? ['waits for the outcome'] : []),
    ...(step.retry.maxAttempts > 1 ? [`at most ${step.retry.maxAttempts} attempts`] : []),
    ...(step.onError === 'continue' ? ['may fail'] : []),
  ].join(', ');
}

function checks(definition: Definition, run: RunState | null): readonly GraphItem[] {
  const check = (name: string, detail: string, mark: GraphMark | null): GraphItem => ({
    kind: 'check',
    name,
    detail,
    mark,
  });
  const whole = run === null ? null : stageMark(run, 'verify');
  // Which of several looks failed is said by the stage's error; all of them passed when it completed.
  const mark = whole === 'done' || whole === 'pending' ? whole : null;
  const { verifyCommand, requiredFiles, files, outcome } = definition;
  return [
    ...(verifyCommand === undefined
      ? []
      : [check('command', stepDetail(verifyCommand), run === null ? null : actMark(run, verifyCommand.id))]),
    ...requiredFiles.map((path) => check(path, 'is there', mark)),
    ...files.map((rule) => check(rule.path, fileDetail(rule), mark)),
    ...(outcome === undefined
      ? []
      : [
          check(
            'answer',
            [
              ...(outcome.notEmpty ? ['not empty'] : []),
              ...(outcome.failOn.length === 0 ? [] : [`without ${outcome.failOn.join(', ')}`]),
            ].join(', '),
            mark,
          ),
        ]),
  ];
}

const fileDetail = (rule: FileRule): string =>
  [
    ...(rule.fresh ? ['fresh'] : []),
    ...(rule.minBytes > 0 ? [`at least ${rule.minBytes} bytes`] : []),
    ...(rule.contains.length > 0 ? [`with ${rule.contains.join(', ')}`] : []),
    ...(rule.notContains.length > 0 ? [`without ${rule.notContains.join(', ')}`] : []),
    ...(rule.json ? ['JSON'] : []),
  ].join(', ') || 'is there';
