/** `wf bundle`: one run as a file that another machine can replay, and a test can keep. Nothing of the home changes. */
import { makeBundle } from '../engine/make-bundle.ts';
import { ExitCode, usageError } from '../errors.ts';
import { writeBundleFile } from '../home/bundle-file.ts';
import { coldSha256 } from '../log/hash.ts';
import type { Bundle } from '../workflow/replay/bundle-schema.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { runUnknown } from './run-unknown.ts';
import { argument, flag, type Invocation, option } from './verb.ts';

const path = process.getBuiltinModule('node:path');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const out = option(invocation, 'out');
  if (out === undefined && flag(invocation, 'force'))
    throw usageError('usage', '--force replaces a file, and none is named', {
      where: '--force',
      hint: 'Name it: --out FILE',
    });
  const named = argument(invocation, 0);
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(invocation, named);
  const runId = await resolveRun(home, named);
  const bundle = await makeBundle(home.ports, runId, {
    withoutTexts: flag(invocation, 'without-texts'),
    madeBy: __WF_VERSION__,
    userHome: invocation.env.HOME,
  });
  const text = `${JSON.stringify(bundle, null, 2)}\n`;
  if (out === undefined) {
    invocation.io.out(invocation.json ? `${JSON.stringify(bundle)}\n` : text);
    return ExitCode.ok;
  }
  const file = path.resolve(out);
  writeBundleFile(file, text, coldSha256(text), flag(invocation, 'force'));
  if (invocation.json) printJson(invocation, { schema: 'wf.bundled/1', ...factsOf(bundle, file, text) });
  else invocation.io.out(screen(invocation, bundle, file));
  return ExitCode.ok;
}

const factsOf = ({ runId, workflowId, texts, events }: Bundle, file: string, text: string) => ({
  runId,
  workflowId,
  file,
  texts,
  events: events.length,
  bytes: Buffer.byteLength(text),
});

function screen(invocation: Invocation, { runId, texts, events, definition }: Bundle, file: string): string {
  const shown = tilde(file, invocation.env);
  const lines =
    texts === 'lengths'
      ? ['without   any text: each is its length. Kinds, times, ids of steps and how they ended are in it']
      : [
          `has       its task, what was sent and answered, who decided${definition === null ? '' : ', its definition'}`,
          'without   secrets that are known as such, the path of the home, one-time words. Look before you send it',
        ];
  return `▣ run ${runId}, ${events.length} events, is in ${shown}\n${lines.map((line) => `  ${line}\n`).join('')}\nReplay it anywhere: wf replay ${shown}\n`;
}
