/**
 * `wf replay FILE`: a bundle folded and decided again, and compared with what it came to when it was made. Needs no
 * home, touches nothing, and exits 1 where it comes out otherwise.
 */
import { ExitCode, usageError } from '../errors.ts';
import { readBundleFile } from '../home/bundle-file.ts';
import { coldSha256 } from '../log/hash.ts';
import { foldRun } from '../workflow/evolve.ts';
import { BUNDLE_HOME, type Bundle } from '../workflow/replay/bundle-schema.ts';
import { type BundleReplay, differences, foldable, replayBundle } from '../workflow/replay/replay-bundle.ts';
import { wholeNumber } from './number-option.ts';
import { printJson } from './render/list.ts';
import { oneLine, safe } from './render/text.ts';
import { showStateAt, stepLines } from './replay-steps.ts';
import { argument, type Invocation, option } from './verb.ts';

const path = process.getBuiltinModule('node:path');

export async function replayFile(invocation: Invocation): Promise<ExitCode> {
  const file = path.resolve(argument(invocation, 0));
  const at = wholeNumber(invocation, 'at', 1, Number.MAX_SAFE_INTEGER);
  if (option(invocation, 'against') !== undefined) return againstFile(invocation, file, at);
  const { bundle, definition } = await readBundleFile(file);
  const replay = replayBundle(bundle, definition, BUNDLE_HOME, coldSha256);
  const steps = replay.result.states.map(({ status, stage, outcome, waitingFor }, i) => {
    const { seq, ts, type } = bundle.events[i] as Bundle['events'][number];
    return { n: i + 1, seq, ts, type, status, stage, outcome, waitingFor };
  });
  if (at !== undefined) {
    const state = foldRun(replay.events.slice(0, at));
    return showStateAt(invocation, { runId: bundle.runId, named: argument(invocation, 0), at, steps, state });
  }
  const differs = differences(bundle.expected, replay.result);
  if (invocation.json) {
    const { runId, workflowId, madeBy, texts } = bundle;
    printJson(invocation, {
      schema: 'wf.replay-bundle/1',
      ...{ runId, workflowId, file, madeBy, texts, states: steps },
      same: differs.length === 0,
      differences: differs,
      decided: replay.result.decided,
    });
  } else invocation.io.out(`${stepLines(bundle.runId, steps)}\n${verdict(bundle, replay, differs)}`);
  return differs.length === 0 ? ExitCode.ok : ExitCode.bug;
}

function verdict(bundle: Bundle, { result }: BundleReplay, differs: readonly string[]): string {
  const made = `when version ${safe(bundle.madeBy)} made the file`;
  if (differs.length > 0)
    return `* it comes out otherwise than ${made}:\n${differs.map((line) => `  ${oneLine(line, 300)}\n`).join('')}`;
  const { decided } = result;
  const total = bundle.events.length;
  const again =
    decided === null
      ? `; there is nothing in it to decide again by (${bundle.texts === 'lengths' ? 'texts are lengths' : 'no definition'})`
      : decided.divergence === null
        ? `; decided again by its definition, all ${decided.same} events come out the same`
        : `; decided again it parts from the record at event ${decided.divergence.n}, as it did then`;
  return `= all ${total} states are as ${made}${again}. Nothing was performed.\n`;
}

async function againstFile(invocation: Invocation, file: string, at: number | undefined): Promise<ExitCode> {
  if (at !== undefined)
    throw usageError('replay-both', '--at and --against are two questions', {
      where: '--at',
      hint: 'Ask one of them at a time.',
    });
  const { bundle } = await readBundleFile(file);
  if (bundle.input === null)
    throw usageError(
      'bundle-without-texts',
      'this bundle has lengths for texts: it cannot be decided again',
      {
        where: file,
        hint: 'Make it without --without-texts.',
      },
    );

  const { decideAgainst } = await import('./replay-against.ts');
  const seqs = new Map(bundle.events.map(({ seq }, i) => [i + 1, seq]));
  return decideAgainst(invocation, option(invocation, 'against') ?? '', {
    runId: bundle.runId,
    workflowId: bundle.workflowId,
    events: foldable(bundle),
    seqs,
    input: bundle.input,
    home: BUNDLE_HOME,
  });
}
