/** `wf inbox`: everything that waits for a person, oldest first, with the commands that end each wait. */
import { systemClock } from '../effects/clock.ts';
import { ExitCode } from '../errors.ts';
import { openToRead } from './home-of.ts';
import { programName } from './program-name.ts';
import { inboxText, inboxViews } from './render/inbox-item.ts';
import { listView, printJson } from './render/list.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openToRead(invocation);
  const views = home === null ? [] : inboxViews(home.index, home.paths.home, programName(invocation));
  if (invocation.json) printJson(invocation, listView('inbox', views));
  else if (views.length === 0) invocation.io.out('Nothing waits for you.\n');
  else invocation.io.out(inboxText(views, { env: invocation.env, nowMs: systemClock.now() }));
  return ExitCode.ok;
}
