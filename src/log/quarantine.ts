/**
 * Takes what stands at and after damage out of the log, with a copy: the good part and the event that tells of this
 * are written to a new file, synced, and moved into the log's place at once. A crash before that leaves everything
 * as it was; after it, everything is done but what the index remembers, which the caller takes back.
 */
import { conflictError } from '../errors.ts';
import type { NewEvent } from '../events/envelope.ts';
import { SYSTEM_STREAM } from '../events/streams.ts';
import type { EncoderEnv } from './commit-encoder.ts';
import { freshUlid } from './event-ids.ts';
import { type FileSystem, nodeFs } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { DEFAULT_LOCK_TIMEOUT_MS, LOCK_FILE, LOG_FILE, openJsonlStore } from './jsonl-store.ts';
import { openLogLock } from './lock.ts';
import type { LostPart } from './lost-part.ts';
import { copyRange, syncDirectory } from './recover.ts';
import { removeSyncFailure } from './sync-mark.ts';
import { wholeLog } from './whole-log.ts';

const path = process.getBuiltinModule('node:path');

/** Of today: its clock, its randomness, its disk. */
export type QuarantineEnv = EncoderEnv & { readonly fs?: FileSystem };

export const QUARANTINE_DIR = 'quarantine';
/** Runs that the event names; the copy has them all. */
const NAMED_RUNS = 100;

/**
 * @param lost what a person has agreed to; a log that has changed since is left alone
 * @returns the copy's path relative to the home; null when there was nothing to copy
 * @throws {WfError} log-changed (4), io (74), lock-timeout (75)
 */
export const quarantineLog = async (
  dir: string,
  lost: LostPart,
  env: QuarantineEnv,
): Promise<string | null> => {
  const lock = openLogLock(path.join(dir, LOCK_FILE), DEFAULT_LOCK_TIMEOUT_MS);
  try {
    await lock.acquire();
    try {
      return await replace(dir, lost, env);
    } catch (error) {
      if (error instanceof Error && 'exitCode' in error) throw error;
      throw fsFailure(error, 'set aside what follows the damage', path.join(dir, LOG_FILE));
    } finally {
      lock.release();
    }
  } finally {
    lock.close();
  }
};

const replace = async (dir: string, lost: LostPart, env: QuarantineEnv): Promise<string | null> => {
  // An archived log becomes one file again: the copy is of the whole of it.
  const fs = wholeLog(env.fs ?? nodeFs);
  const logPath = path.join(dir, LOG_FILE);
  const aside = path.join(dir, QUARANTINE_DIR);
  const name = freshUlid(env.clock.now(), env.random);
  const file = lost.size > lost.cutAt ? `logs/${QUARANTINE_DIR}/${name}.jsonl` : null;
  fs.mkdirSync(aside, { recursive: true, mode: 0o700 });
  // The new log grows in a folder of its own, where no other process looks.
  const work = path.join(aside, `.${name}`);
  const fd = fs.openSync(logPath, 'r');
  try {
    if (fs.fstatSync(fd).size !== lost.size) throw changed(logPath);
    fs.mkdirSync(work, { recursive: true, mode: 0o700 });
    if (file !== null) copyRange(fs, fd, lost.cutAt, lost.size, path.join(aside, `${name}.jsonl`));
    syncDirectory(fs, aside);
    copyRange(fs, fd, 0, lost.cutAt, path.join(work, LOG_FILE));
  } finally {
    fs.closeSync(fd);
  }
  await tell(work, eventOf(lost, file), env);
  fs.renameSync(path.join(work, LOG_FILE), logPath);
  syncDirectory(fs, dir);
  // All of the new file was synced, so what failed to be is no longer part of the log.
  removeSyncFailure(fs, dir);
  fs.rmSync(work, { recursive: true, force: true });
  return file;
};

/** Through the same code as every append, so that the line is as every other. */
const tell = async (dir: string, event: NewEvent, env: QuarantineEnv): Promise<void> => {
  const store = openJsonlStore({ dir, ...env });
  try {
    const version = await store.headOf(SYSTEM_STREAM);
    const commitId = freshUlid(env.clock.now(), env.random);
    await store.append(SYSTEM_STREAM, version, [event], { commitId, durable: true });
  } finally {
    await store.close();
  }
};

const eventOf = (lost: LostPart, file: string | null): NewEvent => {
  const { line, offset, reason, durableSeq, unreadableLines, runsTouched } = lost;
  return {
    type: 'LogQuarantined',
    data: {
      line,
      offset,
      reason,
      durableSeq,
      eventsSetAside: lost.events,
      unreadableLines,
      bytesSetAside: lost.size - lost.cutAt,
      ...(file === null ? {} : { file }),
      runsTouched,
      runs: [...lost.runs.keys()].slice(0, NAMED_RUNS),
    },
  };
};

const changed = (logPath: string): Error =>
  conflictError('log-changed', 'somebody wrote to the log while you were asked: nothing was changed', {
    where: logPath,
    hint: 'Stop every wf process of this home, then try again: wf doctor --quarantine',
  });
