/** The closed files of an archived log, `logs/segments/<firstSeq>-<lastSeq>.jsonl`: they are read and never appended to. */
import type { FileSystem } from './file-system.ts';
import { type FileHeader, readHeader } from './segment-header.ts';

export const SEGMENTS_DIR = 'segments';
/** Nobody writes to a closed file by accident. */
export const CLOSED_MODE = 0o400;

export type Segment = FileHeader & {
  readonly file: string;
  /** Position in the whole log after its last event. */
  readonly end: number;
};

const NAME = /^\d+-\d+\.jsonl$/;

export const segmentName = (firstSeq: number, lastSeq: number): string => `${firstSeq}-${lastSeq}.jsonl`;

/**
 * Those that come before a position, in their order. One that begins there or later was being made when its process
 * died: its events are still in the file that goes on.
 */
export const segmentsBefore = (fs: FileSystem, dir: string, position: number): readonly Segment[] =>
  allSegments(fs, dir)
    .filter(({ globalOffset }) => globalOffset < position)
    .sort((a, b) => a.globalOffset - b.globalOffset);

/** Every file there of that name. */
export const allSegments = (fs: FileSystem, dir: string): readonly Segment[] => {
  const folder = `${dir}/${SEGMENTS_DIR}`;
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => NAME.test(name))
    .flatMap((name) => readSegment(fs, `${folder}/${name}`));
};

const readSegment = (fs: FileSystem, file: string): readonly Segment[] => {
  const fd = fs.openSync(file, 'r');
  try {
    const header = readHeader(fs, fd, file);
    if (header === null) return [];
    return [{ ...header, file, end: header.globalOffset + fs.fstatSync(fd).size - header.length }];
  } finally {
    fs.closeSync(fd);
  }
};
