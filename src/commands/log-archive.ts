/** `wf log archive`: closes the older part of the log into a read-only file. Everything goes on as if it were one. */

import { ExitCode, notFoundError, usageError } from '../errors.ts';
import { openHome } from '../home/home.ts';
import type { Closed } from '../log/archive.ts';
import { findCut, type Keep } from '../log/archive-cut.ts';
import { nodeFs } from '../log/file-system.ts';
import { allSegments } from '../log/segments.ts';
import { homeDir } from './home-dir.ts';
import { openFor } from './home-of.ts';
import { timeOf, wholeNumber } from './number-option.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import type { Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const keep = keepOf(invocation);
  const { paths } = openHome(homeDir(invocation), { create: false });
  // Opening a home would make one.
  if (!fs.existsSync(paths.log)) {
    throw notFoundError('nothing-recorded', 'nothing was recorded in this home yet', { where: paths.home });
  }
  const home = await openFor(invocation);
  const log = await home.store.maintenance();
  const { closed, settled } = await log.alone(async () => {
    const settled = await log.settled();
    const cut = findCut(nodeFs, paths.log, settled, keep);
    return { settled, closed: cut === null ? null : await log.archive(cut) };
  });
  const segments = allSegments(nodeFs, paths.logs);
  const view = {
    schema: 'wf.archive/1',
    closed,
    /** Closed files there are, with the bytes of their events. */
    segments: segments.length,
    closedBytes: segments.reduce((sum, { end, globalOffset }) => sum + end - globalOffset, 0),
    bytes: settled.end,
    headSeq: settled.seq,
  };
  if (invocation.json) printJson(invocation, view);
  else invocation.io.out(archiveText(invocation, view));
  return ExitCode.ok;
}

function keepOf(invocation: Invocation): Keep {
  const events = wholeNumber(invocation, 'keep', 1, Number.MAX_SAFE_INTEGER);
  const since = timeOf(invocation, 'before', Date.now());
  if (events !== undefined && since === undefined) return { events };
  if (since !== undefined && events === undefined) return { since };
  throw usageError('archive-what', 'say what is to stay: --keep EVENTS or --before TIME, one of them', {
    hint: 'For example: wf log archive --keep 100000, or wf log archive --before 30d',
  });
}

type View = {
  readonly closed: Closed | null;
  readonly segments: number;
  readonly closedBytes: number;
  readonly bytes: number;
  readonly headSeq: number;
};

function archiveText(
  invocation: Invocation,
  { closed, segments, closedBytes, bytes, headSeq }: View,
): string {
  const files = `${segments} closed file${segments === 1 ? '' : 's'} with ${closedBytes} bytes, ${bytes - closedBytes} bytes open`;
  if (closed === null)
    return `Nothing to close: what is older is closed already, or there is nothing older.\n  now       ${files}\n`;
  return (
    `✓ closed seq ${closed.firstSeq} to ${closed.lastSeq}, ${closed.bytes} bytes   ${tilde(closed.file, invocation.env)}\n` +
    `  now       ${files}, up to seq ${headSeq}\n` +
    `  It stays part of the log: leave it where it is. Every command finds it, backup and erase too.\n`
  );
}
