/**
 * Replaces the data of events by `{"erased":true}`: in a copy of the file, synced, which then takes the file's name.
 * At every instant the log is whole, before or after; why not in place: docs/decisions/009. Legal only once RunErased
 * is on disk. Most of the copy is made while others append; the lock is held for what they added meanwhile.
 */

import { dataSpan, erasedData, isErasedText } from '../events/codec.ts';
import { failpoint } from '../failpoint.ts';
import { copyEdited, copyEditedNow, type Edit } from './copy-edited.ts';
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';
import { readLineAt } from './line-reader.ts';
import { syncDirectory } from './recover.ts';
import { CLOSED_MODE } from './segments.ts';

const path = process.getBuiltinModule('node:path');

export type EraseTarget = {
  readonly fs: FileSystem;
  readonly file: string;
  /** Where the lines begin, in the file. */
  readonly lineOffsets: readonly number[];
  /** Up to here the file does not change any more. */
  readonly settledEnd: number;
  /** A file that nobody appends to any more; it stays read-only. */
  readonly isClosed: boolean;
  /** Runs the action while nobody can append. */
  readonly exclusively: (action: () => void) => Promise<void>;
};

/** The copy in the making. A crash leaves it behind; it holds nothing that is to go, and is made anew. */
export const erasingPath = (file: string): string => `${file}.erasing`;

/** Answers how many lines it changed. @throws {WfError} io (74); the log is as it was then */
export const eraseData = async (target: EraseTarget): Promise<number> => {
  const { fs, file } = target;
  try {
    for (;;) {
      const lines = await eraseOnce(target);
      if (lines !== 'replaced') return lines;
    }
  } catch (error) {
    fs.rmSync(erasingPath(file), { force: true });
    if (error instanceof Error && 'exitCode' in error) throw error;
    throw fsFailure(error, 'write the log without the erased texts', file);
  }
};

const eraseOnce = async ({
  fs,
  file,
  lineOffsets,
  settledEnd,
  isClosed,
  exclusively,
}: EraseTarget): Promise<number | 'replaced'> => {
  const fresh = erasingPath(file);
  fs.rmSync(fresh, { force: true });
  const source = fs.openSync(file, 'r');
  let copy: number | undefined;
  try {
    const edits = lineOffsets.flatMap((offset) => editOf(fs, source, offset));
    if (edits.length === 0) return 0;
    const opened = fs.fstatSync(source);
    copy = fs.openSync(fresh, 'wx', isClosed ? CLOSED_MODE : 0o600);
    const out = copy;
    await copyEdited(fs, source, out, { from: 0, to: settledEnd, edits });
    // So that little is left to sync while everybody waits.
    fs.fsyncSync(out);
    let isReplaced = false;
    await exclusively(() => {
      const now = fs.statSync(file, { throwIfNoEntry: false });
      isReplaced = now?.ino !== opened.ino || now.dev !== opened.dev;
      if (isReplaced || now === undefined) return;
      copyEditedNow(fs, source, out, { from: settledEnd, to: now.size, edits: [] });
      fs.fsyncSync(out);
      failpoint('erase.log.copied');
      // A crash before the rename leaves the log as it was, after it the erased one; both are whole.
      fs.renameSync(fresh, file);
      failpoint('erase.log.swapped');
      syncDirectory(fs, path.dirname(file));
    });
    return isReplaced ? 'replaced' : edits.length;
  } finally {
    fs.closeSync(source);
    if (copy !== undefined) fs.closeSync(copy);
  }
};

/** None for a line whose data is gone already, or too short to be replaced. */
const editOf = (fs: FileSystem, fd: number, offset: number): readonly Edit[] => {
  const line = readLineAt(fs, fd, offset)?.toString('latin1') ?? '';
  const span = dataSpan(line);
  if (span === null || isErasedText(line.slice(span.from, span.to))) return [];
  const erased = erasedData(span.to - span.from);
  return erased === null ? [] : [{ at: offset + span.from, bytes: Buffer.from(erased, 'latin1') }];
};
