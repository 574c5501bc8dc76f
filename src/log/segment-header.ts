/**
 * The first line of a file of an archived log: which part of the log the file holds. It is no event: its bytes count
 * in no position, and a log that was never archived has none. Frozen like the lines (test/golden/).
 */
import { corruptLogError } from '../errors.ts';
import type { FileSystem } from './file-system.ts';
import { coldSha256 } from './hash.ts';
import { readFully } from './line-reader.ts';

export type SegmentOpened = {
  /** Seq of the file's first event. */
  readonly firstSeq: number;
  /** Hash of the event before it. */
  readonly prevHash: string;
  /** Position of the file's first event in the whole log, in bytes. */
  readonly globalOffset: number;
};

export type FileHeader = SegmentOpened & {
  /** Bytes of the line, its newline included; 0 where there is none. */
  readonly length: number;
};

/** No event has it: events begin with 1. */
const MARK = '{"seq":0,';
const LONGEST = 512;
const HEADER =
  /^(\{"seq":0,"type":"SegmentOpened","schemaVersion":1,"data":(\{"firstSeq":\d+,"prevHash":"[0-9a-f]{64}","globalOffset":\d+\}))(,"hash":"([0-9a-f]{64})"\}\n)/;

/** The line with its newline; `hash` is SHA-256 of the bytes before the field. */
export const encodeHeader = ({ firstSeq, prevHash, globalOffset }: SegmentOpened): string => {
  const data = JSON.stringify({ firstSeq, prevHash, globalOffset });
  const head = `{"seq":0,"type":"SegmentOpened","schemaVersion":1,"data":${data}`;
  return `${head},"hash":"${coldSha256(head)}"}\n`;
};

/** Null for a file without one. @throws {WfError} log-corrupt (65) for one that is not as it was written */
export const readHeader = (fs: FileSystem, fd: number, file: string): FileHeader | null => {
  const bytes = Buffer.allocUnsafe(LONGEST);
  const text = bytes.toString('latin1', 0, readFully(fs, fd, bytes, 0, LONGEST, 0));
  if (!text.startsWith(MARK)) return null;
  const [line, head = '', data = '', , hash] = HEADER.exec(text) ?? [];
  if (line === undefined || coldSha256(head) !== hash) {
    throw corruptLogError('the first line of a file of the log is damaged: where it belongs is not known', {
      where: `${file}, line 1`,
      hint: 'Nothing was changed. Put this file back from a backup.',
    });
  }
  return { ...(JSON.parse(data) as SegmentOpened), length: line.length };
};
