/** `wf feedback improve --back-test N`: what the proposal would have changed in messages sent so far. Has no effect. */
import { backTest } from '../engine/back-test.ts';
import { look } from '../engine/improve.ts';
import { ExitCode, notFoundError, usageError } from '../errors.ts';
import { listRuns } from '../home/read-model.ts';
import { selectChanges } from '../workflow/improve/suggestions.ts';
import { openToRead } from './home-of.ts';
import { programName } from './program-name.ts';
import { type BackTestView, backTestText } from './render/back-test-text.ts';
import { printJson } from './render/list.ts';
import { flag, type Invocation } from './verb.ts';

/** Runs that are looked through for so many messages. */
const LOOKED_AT = 1_000;

export async function backTested(
  invocation: Invocation,
  workflowId: string,
  last: number,
  maxChanges: number | undefined,
): Promise<ExitCode> {
  if (flag(invocation, 'auto-apply'))
    throw usageError('back-test-apply', '--back-test shows, --auto-apply changes', {
      where: '--back-test',
      hint: 'Look first, then give the command again with --auto-apply alone.',
    });
  const home = await openToRead(invocation);
  if (home === null)
    throw notFoundError('no-messages', 'nothing was ever recorded in this home: no message was sent', {
      hint: 'Start something: wf run',
    });
  const { ports, paths, bundledDir } = home;
  const places = { home: paths.home, bundledDir };
  const { loaded, analysis } = await look({ ports, places }, workflowId);
  const most = maxChanges ?? loaded.definition.selfImprove.maxChangesPerRun;
  const changes = selectChanges(analysis.suggestions, most);
  const runIds = listRuns(home.index, { workflow: workflowId, limit: LOOKED_AT }).map(({ runId }) => runId);
  const { messages, leftOut } = await backTest(ports, changes.length === 0 ? [] : runIds, changes, last);
  const view: BackTestView = {
    schema: 'wf.back-test/1',
    workflowId,
    changes,
    messages: messages.length,
    changed: messages.filter(({ lines }) => lines.length > 0).length,
    items: messages,
    leftOut,
  };
  if (invocation.json) printJson(invocation, view);
  else invocation.io.out(backTestText(view, programName(invocation)));
  return ExitCode.ok;
}
