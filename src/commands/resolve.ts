/** `wf resolve`: a person looked and ends a doubt: the effect was performed, or it was not. */

import { requireRun } from '../engine/load-run.ts';
import { recordAndContinue } from '../engine/outside-commands.ts';
import { assertNobodyAtWork } from '../engine/recover-effect.ts';
import { type ExitCode, usageError } from '../errors.ts';
import { openFor, resolveRun } from './home-of.ts';
import { argument, flag, type Invocation } from './verb.ts';
import { printAnswer, watch } from './watch-run.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const sent = flag(invocation, 'sent');
  if (sent === flag(invocation, 'not-sent')) {
    throw usageError('usage', 'say which it was: --sent (it happened) or --not-sent (it did not)', {
      hint: 'Look where it would have had its effect before you answer.',
    });
  }
  const watched = watch(invocation);
  const home = await openFor(invocation, watched);
  watched.opened(home);
  const runId = await resolveRun(home, argument(invocation, 0));
  // While its process lives nobody can say that it did not happen.
  await assertNobodyAtWork({ ports: home.ports, state: await requireRun(home.ports, runId) });
  const answer = await recordAndContinue(
    home.ports,
    runId,
    { type: 'Resolve', verdict: sent ? 'sent' : 'not-sent', by: invocation.env.USER ?? 'user' },
    { detach: flag(invocation, 'detach') },
  );
  return printAnswer(invocation, home, answer);
}
