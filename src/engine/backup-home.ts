/**
 * A backup of a home while runs go on: the log up to a moment at which it was whole and on disk, and before it the
 * long values it names, so that the folder can be used at every instant, also when this is killed. Projections are
 * left out: they are folded from the log.
 */

import { corruptLogError, ioError, notFoundError } from '../errors.ts';
import { decodeLine, isInvalid } from '../events/codec.ts';
import { failpoint } from '../failpoint.ts';
import {
  type BlobsCopied,
  copyBlobs,
  mirrorFile,
  mirrorFolder,
  removeOtherBlobs,
} from '../home/backup/backup-files.ts';
import { compareLog, type LogState, writeLog } from '../home/backup/backup-log.ts';
import { openBackup, writeManifest } from '../home/backup/backup-place.ts';
import { errorCode } from '../home/file-errors.ts';
import { nodeFs } from '../log/file-system.ts';
import { bulkSha256 } from '../log/hash.ts';
import { readLineAt } from '../log/line-reader.ts';
import type { Settled } from '../log/maintenance.ts';
import { syncDirectory } from '../log/recover.ts';
import { wholeLog } from '../log/whole-log.ts';
import type { OpenHome } from './open-home.ts';

export type Backup = {
  readonly dir: string;
  readonly seq: number;
  readonly headHash: string;
  /** Of the log in the backup, and how many of them were added or written anew. */
  readonly bytes: number;
  readonly written: number;
  /** Null when there was none before. */
  readonly before: { readonly seq: number; readonly at: string } | null;
  readonly rewritten: boolean;
  readonly blobs: BlobsCopied;
  readonly definitions: number;
  /** Files of artifacts/; null when they were not asked for. */
  readonly artifacts: number | null;
};

/** @throws {WfError} usage (2), nothing recorded (3), another log (4), log-corrupt (65), io (74), lock-timeout (75) */
export async function backupHome(
  home: OpenHome,
  dir: string,
  options: { readonly artifacts: boolean },
): Promise<Backup> {
  const log = await home.store.maintenance();
  return log.alone(async () => {
    const settled = await log.settled();
    if (settled.seq === 0) {
      throw notFoundError('nothing-recorded', 'nothing was recorded in this home yet', {
        where: home.paths.home,
      });
    }
    const firstHash = firstHashOf(home.paths.log);
    try {
      return await writeBackup(home, dir, { settled, firstHash, ...options });
    } catch (error) {
      if (error instanceof Error && 'exitCode' in error) throw error;
      throw ioError(
        'backup-write',
        `the backup could not be written (${errorCode(error) ?? String(error)})`,
        {
          where: dir,
          hint: 'Look at the free space and the rights there, then run the same command again: it goes on where it stopped.',
          cause: error,
        },
      );
    }
  });
}

type Request = { readonly settled: Settled; readonly firstHash: string; readonly artifacts: boolean };

async function writeBackup(
  { paths, ports }: OpenHome,
  dir: string,
  { settled, firstHash, artifacts }: Request,
): Promise<Backup> {
  const sha256 = bulkSha256();
  const before = openBackup(dir, paths.home, firstHash);
  const source = { path: paths.log, settled };
  const state: LogState = await compareLog(source, dir);
  const blobs = await copyBlobs(paths.blobs, `${dir}/blobs`, state.blobs, sha256);
  failpoint('backup.blobs.copied');
  await writeLog(source, dir, state, sha256);
  failpoint('backup.log.checked');
  removeOtherBlobs(`${dir}/blobs`, state.blobs);
  const definitions = mirrorFolder(paths.definitions, `${dir}/definitions`);
  mirrorFile(paths.config, dir, 'config.json');
  const files = artifacts ? mirrorFolder(paths.artifacts, `${dir}/artifacts`) : null;
  syncDirectory(nodeFs, dir);
  failpoint('backup.folders.copied');
  const at = new Date(ports.clock.now()).toISOString();
  const complete = { seq: settled.seq, headHash: settled.hash, at, home: paths.home };
  // Only now, and at once: a reader of this file may rely on all of it.
  writeManifest(dir, { schema: 'wf.backup-of/1', firstHash, complete });
  return {
    dir,
    seq: settled.seq,
    headHash: settled.hash,
    bytes: settled.end,
    written: settled.end - state.kept,
    before: before === null ? null : { seq: before.seq, at: before.at },
    rewritten: state.existing === 'erased-since',
    blobs,
    definitions,
    artifacts: files,
  };
}

function firstHashOf(log: string): string {
  const fs = wholeLog(nodeFs);
  const fd = fs.openSync(log, 'r');
  try {
    const event = decodeLine(readLineAt(fs, fd, 0)?.toString('utf8') ?? '');
    if (!isInvalid(event)) return event.hash;
    throw corruptLogError(`the first line of the log cannot be read: ${event.invalid}`, {
      where: log,
      hint: 'Nothing was changed, here or in the backup. Run `wf log verify`.',
    });
  } finally {
    fs.closeSync(fd);
  }
}
