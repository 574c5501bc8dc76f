/**
 * scripts/workflow_feedback_loop.mjs: the script engine's feedback command line. Its arguments, its pretty JSON and
 * its two exit codes.
 */
import { ExitCode } from '../errors.ts';
import { compatUsage, printCompatError, readCompatArgs } from './compat-args.ts';
import { improveNow } from './feedback-improve.ts';
import { submit } from './feedback-submit.ts';
import { sentenceOf } from './render/improve-view.ts';
import type { Invocation } from './verb.ts';

const SUBMIT =
  'workflow_feedback_loop.mjs submit --workflow-id ID [--run-id RUN] --score 1-5 --feedback "…" [--home DIR]';
const IMPROVE =
  'workflow_feedback_loop.mjs improve --workflow-id ID [--auto-apply] [--max-changes N] [--home DIR]';
const BOTH = `${SUBMIT}, or ${IMPROVE}`;

export async function run(invocation: Invocation): Promise<ExitCode> {
  let parsed = invocation;
  try {
    const [verb, ...words] = invocation.args;
    const syntax = syntaxOf(verb);
    parsed = read({ ...invocation, args: words }, syntax);
    invocation.io.out(`${JSON.stringify(await syntax.answer(parsed), null, 2)}\n`);
    return ExitCode.ok;
  } catch (error) {
    return printCompatError(error, parsed, { ok: false });
  }
}

function syntaxOf(verb: string | undefined): Syntax {
  switch (verb) {
    case 'submit':
      return {
        usage: SUBMIT,
        required: ['workflow-id', 'score', 'feedback'],
        values: ['run-id', 'home'],
        switches: [],
        answer: submitEntry,
      };
    case 'improve':
      return {
        usage: IMPROVE,
        required: ['workflow-id'],
        values: ['max-changes', 'home'],
        switches: ['auto-apply'],
        answer: improved,
      };
    case undefined:
      throw compatUsage('there is no command', BOTH);
    default:
      throw compatUsage(`unknown command ${JSON.stringify(verb)}`, BOTH);
  }
}

type Syntax = {
  readonly usage: string;
  readonly required: readonly string[];
  readonly values: readonly string[];
  readonly switches: readonly string[];
  readonly answer: (invocation: Invocation) => Promise<object>;
};

function read(invocation: Invocation, { usage, required, values, switches }: Syntax): Invocation {
  const parsed = readCompatArgs(invocation, { usage, values: [...required, ...values], switches });
  const [unexpected] = parsed.args;
  if (unexpected !== undefined) throw compatUsage(`unexpected argument ${JSON.stringify(unexpected)}`, usage);
  const missing = required.find((name) => !parsed.options.has(name));
  if (missing !== undefined) throw compatUsage(`--${missing} is missing`, usage);
  return parsed;
}

async function submitEntry(invocation: Invocation): Promise<object> {
  const { ts, workflowId, runId, score, feedback, feedbackId } = await submit(invocation);
  return { ok: true, entry: { ts, workflowId, runId, score, feedback, feedbackId } };
}

async function improved(invocation: Invocation): Promise<object> {
  const { home, improved: result } = await improveNow(invocation);
  const { workflowId, analysis, autoApplied } = result;
  const applied =
    autoApplied === null
      ? null
      : {
          applied: autoApplied.changes.map(sentenceOf),
          backupPath: `${home.paths.home}/${autoApplied.backup}`,
          defPath: autoApplied.file,
          improvementId: autoApplied.improvementId,
        };
  return { ok: true, workflowId, analysis, autoApplied: applied };
}
