/** The files that a log consists of, in the order of their events. */
import { GENESIS_HASH } from '../events/codec.ts';
import type { FileSystem } from './file-system.ts';
import { type FileHeader, readHeader } from './segment-header.ts';
import { segmentsBefore } from './segments.ts';

export type LogPart = {
  readonly file: string;
  readonly header: FileHeader;
  /** Position in the whole log after the last byte of it that counts. */
  readonly to: number;
  readonly isClosed: boolean;
};

/** What a log that was never archived would have, were it written. */
const NO_HEADER: FileHeader = { firstSeq: 1, prevHash: GENESIS_HASH, globalOffset: 0, length: 0 };

/** @param end position in the whole log up to which it is settled */
export const filesOfLog = (fs: FileSystem, dir: string, end: number): readonly LogPart[] => {
  const file = `${dir}/events.jsonl`;
  const header = headerOfFile(fs, file);
  return [
    ...segmentsBefore(fs, dir, header.globalOffset).map((segment) => ({
      ...{ file: segment.file, header: segment, to: segment.end, isClosed: true },
    })),
    { file, header, to: end, isClosed: false },
  ];
};

export const headerOfFile = (fs: FileSystem, file: string): FileHeader => {
  const fd = fs.openSync(file, 'r');
  try {
    return readHeader(fs, fd, file) ?? NO_HEADER;
  } finally {
    fs.closeSync(fd);
  }
};
