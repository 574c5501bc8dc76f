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
  try {
    invocation.io.out(`${JSON.stringify(await answer(invocation), null, 2)}\n`);
    return ExitCode.ok;
  } catch (error) {
    return printCompatError(error, invocation, { ok: false });
  }
}

async function answer(invocation: Invocation): Promise<object> {
  const [verb, ...words] = invocation.args;
  switch (verb) {
    case 'submit': {
      const values = ['run-id', 'home'];
      const required = ['workflow-id', 'score', 'feedback'];
      return submitEntry(
        read({ ...invocation, args: words }, { usage: SUBMIT, required, values, switches: [] }),
      );
    }
    case 'improve': {
      const values = ['max-changes', 'home'];
      const required = ['workflow-id'];
      const switches = ['auto-apply'];
      return improved(read({ ...invocation, args: words }, { usage: IMPROVE, required, values, switches }));
    }
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
