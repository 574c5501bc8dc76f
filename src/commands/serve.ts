/**
 * `wf serve --no-web`: what is due goes on by itself, for as long as this runs; with `--once` what is due now, for a line
 * of cron. Ends cleanly on Ctrl-C or SIGTERM; ended otherwise, nothing is lost and the next one goes on.
 */
import { processInterrupts } from '../engine/interrupts.ts';
import { realServe } from '../engine/serve/real-serve.ts';
import type { ServeEvent } from '../engine/serve/serve-ports.ts';
import { Server } from '../engine/serve/server.ts';
import { ExitCode, usageError } from '../errors.ts';
import { openServerMark } from '../home/server-mark.ts';
import { openFor } from './home-of.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { serveLine } from './render/serve-line.ts';
import { flag, type Invocation } from './verb.ts';

type Counts = { -readonly [K in 'started' | 'skipped' | 'continued' | 'ended' | 'held']: number };

export async function run(invocation: Invocation): Promise<ExitCode> {
  const once = flag(invocation, 'once');
  if (!once && !flag(invocation, 'no-web'))
    throw usageError('serve-web', 'this version has no web screen to serve', {
      hint: 'Let work go on by itself without one: wf serve --no-web (or --once, for a line of cron)',
    });
  const { io, env } = invocation;
  const interrupts = processInterrupts(() =>
    io.err('stopping: what is at work may finish (10 s); again ends it\n'),
  );
  const home = await openFor(invocation, { interrupts });
  const counts: Counts = { started: 0, skipped: 0, continued: 0, ended: 0, held: 0 };
  const tell = (told: ServeEvent): void => {
    count(counts, told);
    if (!invocation.json) io.out(serveLine(told, home.ports.clock.now(), programName(invocation)));
  };
  const mark = openServerMark(home.paths);
  const server = new Server(realServe(home, tell), () => mark.renew());
  try {
    if (once) await onePass(server);
    else {
      if (!invocation.json) io.out(`serving ${tilde(home.paths.home, env)} (process ${process.pid})\n`);
      await server.run();
    }
  } finally {
    mark.release();
  }
  if (invocation.json) printJson(invocation, { schema: 'wf.serve/1', once, ...counts });
  return ExitCode.ok;
}

/** What is due because of what has just ended is due now, too: a slot that waited for the one before it. */
async function onePass(server: Server): Promise<void> {
  for (let begun = -1; begun !== server.begun; ) {
    begun = server.begun;
    await server.look();
    await server.settled();
  }
}

function count(counts: Counts, told: ServeEvent): void {
  switch (told.kind) {
    case 'started':
    case 'continued':
    case 'ended':
    case 'held':
      counts[told.kind] += 1;
      return;
    case 'skipped':
      counts.skipped += told.count;
      return;
    case 'set':
    case 'ended-schedule':
      return;
  }
}
