/** `wf log backup`: a copy of everything that cannot be made again, which can be used as a home. */
import { type Backup, backupHome } from '../engine/backup-home.ts';
import { ExitCode, notFoundError } from '../errors.ts';
import { homeDir } from './home-dir.ts';
import { openFor } from './home-of.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { argument, flag, type Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const dir = path.resolve(argument(invocation, 0));
  // Opening a home would make one.
  if (!fs.existsSync(homeDir(invocation))) {
    throw notFoundError('nothing-recorded', 'there is no home yet', { where: homeDir(invocation) });
  }
  const home = await openFor(invocation);
  const backup = await backupHome(home, dir, { artifacts: flag(invocation, 'artifacts') });
  if (invocation.json) printJson(invocation, { schema: 'wf.backup/1', ...backup });
  else invocation.io.out(backupText(backup, invocation));
  return ExitCode.ok;
}

function backupText(backup: Backup, invocation: Invocation): string {
  const { dir, seq, headHash, bytes, written, before, rewritten, blobs, definitions, artifacts } = backup;
  const since = before === null ? '' : ` since the one of ${before.at} (seq ${before.seq})`;
  const what = rewritten
    ? 'written anew: runs were erased since, and are erased there too'
    : `${written} bytes new${since}`;
  const place = tilde(dir, invocation.env);
  const lines = [
    `✓ backed up to seq ${seq}   ${place}`,
    `  log       ${bytes} bytes, ${what}; every hash was checked`,
    `  head      ${headHash}`,
    `  with      ${blobs.total} long values (${blobs.copied} new), ${definitions} files of definitions, config.json where there is one`,
    artifacts === null
      ? '  without   artifacts/ (--artifacts copies it), and projections, which are made again'
      : `  artifacts ${artifacts} files, as they were at that moment`,
  ];
  if (blobs.missing.length > 0) {
    lines.push(
      `  missing   ${blobs.missing.length} long values that the log names are not in the home: ${blobs.missing[0]?.slice(0, 16)}…`,
    );
  }
  const wf = programName(invocation);
  return `${lines.join('\n')}\n\nTo use it, copy it to a folder of its own: ${wf.split(' ')[0]} --home COPY log verify\n`;
}
