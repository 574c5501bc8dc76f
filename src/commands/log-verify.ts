/** `wf log verify`: every line and the whole chain of hashes. It reads only, and needs nothing but the log. */
import { ExitCode } from '../errors.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { homePaths } from '../home/paths.ts';
import { bulkSha256 } from '../log/hash.ts';
import { type VerifyResult, verifyLog } from '../log/verify.ts';
import { durableMarkOf } from './durable-mark.ts';
import { homeDir } from './home-dir.ts';
import { nameHome, programName } from './program-name.ts';
import { progressOn } from './progress-on.ts';
import { printJson } from './render/list.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { tilde } from './render/paths.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io, env } = invocation;
  const paths = homePaths(homeDir(invocation));
  await assertNotLegacy(paths);
  const progress = progressOn(io);
  const result = await verifyLog(paths.logs, bulkSha256(), {
    durableMark: durableMarkOf(paths.indexDb),
    onProgress: ({ bytes, totalBytes }) => progress.step('verifying', bytes / totalBytes),
  });
  progress.end();
  const ok = result.damage === undefined && result.unsaid === undefined;
  if (invocation.json) printJson(invocation, { schema: 'wf.log/1', ok, file: paths.log, ...result });
  else if (result.events === 0 && ok) io.out(nothingYet(invocation));
  else io.out(nameHome(verifyText(result, tilde(paths.log, env)), programName(invocation)));
  return ok ? ExitCode.ok : ExitCode.corrupt;
}

function verifyText(result: VerifyResult, file: string): string {
  const { events, bytes, erased, headSeq, headHash, durableSeq, torn, damage, unsaid } = result;
  const lines = [
    damage === undefined
      ? `✓ ${events} events in ${bytes} bytes, every hash follows   ${file}`
      : `✗ line ${damage.line}, byte ${damage.offset}: ${damage.reason}   ${file}`,
    `  head      seq ${headSeq}, hash ${headHash}`,
    `  on disk   up to seq ${durableSeq} for certain`,
  ];
  if (damage !== undefined) {
    lines.push(`  good      ${events} events before it, ${bytes} bytes`);
    lines.push(
      '  next      Nothing was changed. Put the log back from a backup, or see what else can be done: wf doctor',
    );
  }
  if (unsaid !== undefined) {
    lines.push(`✗ line ${unsaid.line}, byte ${unsaid.offset}: ${unsaid.reason}`);
    lines.push('  next      Somebody else than this program changed it: put the log back from a backup.');
  } else if (erased > 0) lines.push(`  erased    ${erased} events, as recorded`);
  if (torn !== undefined) {
    lines.push(
      `  torn      ${torn.bytes} bytes of an unfinished write at the end (${torn.reason}): harmless, the next write sets them aside`,
    );
  }
  if (damage === undefined)
    lines.push('  Keep the head hash somewhere else to prove later that nothing before it was changed.');
  return `${lines.join('\n')}\n`;
}
