/** `wf report`: work is handed in. The report is durable before it is acknowledged; then the run goes on to its end. */
import { recordAndContinue } from '../engine/outside-commands.ts';
import { type ExitCode, usageError } from '../errors.ts';
import { openFor, resolveRun } from './home-of.ts';
import { readTextFile } from './text-file.ts';
import { argument, flag, type Invocation, option } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

/** Longer outcomes belong into a file of their own, named in the report. */
const MAX_REPORT_BYTES = 8 * 1024 * 1024;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const text = await reportText(invocation);
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const named = argument(invocation, 0);
  const runId = await resolveRun(home, named);
  // `T-<run>.<step>` names the step; a step's id may contain dots itself.
  const step = /^T-[^.]+\.(.+)$/.exec(named)?.[1];
  const nonce = option(invocation, 'nonce');
  const redacted = text === undefined ? undefined : home.ports.redact(text).text;
  const answer = await recordAndContinue(
    home.ports,
    runId,
    {
      type: 'Report',
      ...(step === undefined ? {} : { step }),
      status: option(invocation, 'status') === 'error' ? 'error' : 'ok',
      ...(redacted === undefined ? {} : { text: redacted }),
      ...(nonce === undefined ? {} : { nonce }),
      by: nonce === undefined ? (invocation.env.USER ?? 'user') : 'holder of the brief',
    },
    { detach: flag(invocation, 'detach') },
  );
  return printAnswer(invocation, home, answer);
}

async function reportText(invocation: Invocation): Promise<string | undefined> {
  const text = option(invocation, 'text');
  const file = option(invocation, 'file');
  if (text !== undefined && file !== undefined) {
    throw usageError('usage', '--text and --file cannot be combined', { hint: 'Give one of them.' });
  }
  if (text === '-' || file === '-') return invocation.io.readStdin(MAX_REPORT_BYTES);
  return file === undefined ? text : readTextFile(file, MAX_REPORT_BYTES);
}
