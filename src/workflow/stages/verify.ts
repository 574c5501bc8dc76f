/**
 * verify: what must be on disk, and what must not be in the answer. The definition's rules are applied when the work
 * is known to be done; at a hand-over nobody has done it yet, so only brief, receipt and run record are checked.
 */
import type { Text } from '../../events/envelope.ts';
import type { StageOutputs } from '../../events/run-events.ts';
import { ruleAt } from '../approval-rules.ts';
import type { Verified } from '../command.ts';
import { homeRelative, type RunContext } from '../context.ts';
import type { FileRule } from '../definition.ts';
import { withoutOps } from '../ops-gate.ts';
import { BLANK_ATTEMPT, templateValues } from '../render-step.ts';
import { type Effect, latestEffect, outputOf, type RunState } from '../state.ts';
import { expand } from '../template.ts';

/** One file to look at. Without a rule it only has to be there, and may be a folder. */
export type FileToCheck = {
  /** Home-relative where inside the home. */
  readonly file: string;
  readonly rule?: Omit<FileRule, 'path' | 'fresh'> & {
    /** ISO 8601; the file must have changed since. */
    readonly changedSince?: string;
    /** How much older than that it may be; default: what clocks and file systems differ by. */
    readonly slackMs?: number;
  };
};

export type OutcomeToCheck = {
  /** What came back, one entry a step; the last is the one that must not be empty. */
  readonly texts: readonly Text[];
  readonly notEmpty: boolean;
  readonly failOn: readonly string[];
};

export type VerifyPlan = {
  readonly mode: 'work' | 'hand-over';
  readonly files: readonly FileToCheck[];
  readonly outcome?: OutcomeToCheck;
};

export function planVerify(context: RunContext, state: RunState): VerifyPlan {
  const { definition, home } = context;
  if (outputOf(state, 'execute')?.outcome === 'handed_off') {
    const briefs = definition.steps.flatMap((step) => {
      const effect = latestEffect(state, step.id);
      return effect?.dispatcher === 'manual' && effect.status === 'handed_off'
        ? [{ file: `tasks/${effect.taskId}.md` }]
        : [];
    });
    return { mode: 'hand-over', files: [{ file: `state/runs/${state.runId}.json` }, ...briefs] };
  }
  const values = templateValues(context, state, BLANK_ATTEMPT, withoutOps(context.input.task));
  values.set('brief', '');
  const place = (template: string): string => homeRelative(home, expand(template, values));
  const began = state.effects.find(
    (effect) => effect.stageAttempt >= (state.redo?.fromAttempt ?? 0),
  )?.intendedAt;
  const files: FileToCheck[] = [
    ...definition.requiredFiles.map((template) => ({ file: place(template) })),
    ...definition.files.map(({ path, fresh, ...rule }) => ({
      file: place(path),
      rule: { ...rule, ...(fresh && began !== undefined ? { changedSince: began } : {}) },
    })),
  ];
  if (definition.outcome === undefined) return { mode: 'work', files };
  const texts = definition.steps.map((step) => {
    const effect = latestEffect(state, step.id);
    return effect?.report?.text ?? effect?.stdout ?? '';
  });
  return { mode: 'work', files, outcome: { texts, ...definition.outcome } };
}

/**
 * The files that can answer for an act whose end nobody saw. They must have changed since that very act began: what an
 * earlier step has made proves nothing about a later one.
 */
export function evidenceOf(context: RunContext, state: RunState, effect: Effect): readonly FileToCheck[] {
  const { requiredFiles, files } = context.definition;
  return [
    ...placesOf(context, state, requiredFiles).map((file) => ({ file })),
    ...files.map(({ path, fresh, ...rule }) => ({
      file: placesOf(context, state, [path])[0] ?? '',
      rule: { ...rule, ...(fresh ? { changedSince: effect.intendedAt, slackMs: TICK_MS } : {}) },
    })),
  ];
}

/** File times go by the tick of the kernel, which may lie a little before the clock that was read. */
const TICK_MS = 10;

/** What a yes to a delivery is a yes to: everything that was checked, what is sent, and what was shown. */
export function filesToBind(context: RunContext, state: RunState): readonly string[] {
  const { definition } = context;
  const checked = [...definition.requiredFiles, ...definition.files.map((rule) => rule.path)];
  const sent = definition.actions.flatMap(({ sendFile }) => sendFile ?? []);
  const files = [
    ...placesOf(context, state, [...checked, ...sent]),
    ...filesToShow(context, state, 'deliver'),
  ];
  // Records and summaries change with every event; they are ours, and nobody approves them.
  return [...new Set(files)].filter((file) => !/^(?:state|outbox|tasks)\//.test(file));
}

/** The files that who decides is shown. */
export const filesToShow = (context: RunContext, state: RunState, at: string): readonly string[] =>
  placesOf(context, state, ruleAt(context, at).show);

function placesOf(context: RunContext, state: RunState, templates: readonly string[]): readonly string[] {
  const values = templateValues(context, state, BLANK_ATTEMPT, withoutOps(context.input.task));
  values.set('brief', '');
  return templates.map((template) => homeRelative(context.home, expand(template, values)));
}

/** What a look came to, in the words of one error message; undefined when everything is as the definition asks. */
export function verifyProblem({ checks, outcome }: Verified): string | undefined {
  const missing = checks.filter((check) => !check.exists).map((check) => check.file);
  const wrong = checks.flatMap(({ file, failed = [] }) =>
    failed.length === 0 ? [] : [`${file} ${failed.join(', ')}`],
  );
  const problems = [
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
    ...wrong,
    ...(outcome?.ok === false ? [`the answer ${outcome.problem ?? 'is not as it should be'}`] : []),
  ];
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** @param texts what came back, whole; see {@link OutcomeToCheck} */
export function judgeOutcome(
  texts: readonly string[],
  rule: Pick<OutcomeToCheck, 'notEmpty' | 'failOn'>,
): NonNullable<StageOutputs['verify']['outcome']> {
  if (rule.notEmpty && (texts.at(-1) ?? '').trim() === '') return { ok: false, problem: 'is empty' };
  const plain = (text: string): string =>
    text.normalize('NFKC').toLowerCase().replace(/[’‘]/g, "'").replace(/\s+/g, ' ');
  const found = rule.failOn.find((phrase) =>
    texts.some((text) => plain(text).includes(plain(phrase).trim())),
  );
  return found === undefined ? { ok: true } : { ok: false, problem: `says ${JSON.stringify(found)}` };
}
