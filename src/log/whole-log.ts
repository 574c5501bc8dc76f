/**
 * A file system in which `events.jsonl` is the whole log, also when parts of it were closed and moved to
 * `logs/segments/`: positions are those that every line has had since it was written, so that nobody who reads by
 * offset has to know about files. Only reading crosses files; what is appended goes to the one that is open.
 */
import { bug, corruptLogError } from '../errors.ts';
import type { FileStats, FileSystem } from './file-system.ts';
import { type FileHeader, readHeader } from './segment-header.ts';
import { type Segment, segmentsBefore } from './segments.ts';

const LOG_NAME = '/events.jsonl';

/** An open log that has closed files before it. */
type View = {
  readonly file: string;
  readonly dev: number;
  readonly ino: number;
  readonly header: FileHeader;
  /** Read when somebody looks that far back. */
  segments?: readonly Segment[];
  /** The one that was read last. */
  reading?: { readonly segment: Segment; readonly fd: number };
};

const wrapped = new WeakMap<FileSystem, FileSystem>();

/** The same one for the same file system; a wrapped one is itself. */
export const wholeLog = (fs: FileSystem): FileSystem => {
  const known = wrapped.get(fs);
  if (known !== undefined) return known;
  const whole = wrap(fs);
  wrapped.set(fs, whole);
  wrapped.set(whole, whole);
  return whole;
};

const wrap = (fs: FileSystem): FileSystem => {
  const views = new Map<number, View>();
  const own: Partial<FileSystem> = {
    openSync(path, flags, mode) {
      const fd = fs.openSync(path, flags, mode);
      // Who only writes has no use for positions.
      if (!path.endsWith(LOG_NAME) || !(flags === 'r' || flags === 'a+')) return fd;
      const header = headerOf(fs, fd, path);
      if (header !== null) {
        const { dev, ino } = fs.fstatSync(fd);
        views.set(fd, { file: path, dev, ino, header });
      }
      return fd;
    },
    closeSync(fd) {
      const view = views.get(fd);
      if (view?.reading !== undefined) fs.closeSync(view.reading.fd);
      views.delete(fd);
      fs.closeSync(fd);
    },
    readSync(fd, buffer, start, length, position) {
      const view = views.get(fd);
      if (view === undefined) return fs.readSync(fd, buffer, start, length, position);
      const { header } = view;
      if (position >= header.globalOffset)
        return fs.readSync(fd, buffer, start, length, position - header.globalOffset + header.length);
      const { segment, fd: closed } = segmentAt(fs, view, position);
      // Not beyond its end: what follows is in the next file, and for the next call.
      const most = Math.min(length, segment.end - position);
      const n = fs.readSync(closed, buffer, start, most, position - segment.globalOffset + segment.length);
      if (n === 0) throw missing(view, position);
      return n;
    },
    fstatSync(fd) {
      const view = views.get(fd);
      return view === undefined ? fs.fstatSync(fd) : sized(fs.fstatSync(fd), view.header);
    },
    statSync(path, options) {
      const found = fs.statSync(path, options);
      if (found === undefined || views.size === 0) return found;
      for (const { dev, ino, header } of views.values())
        if (found.ino === ino && found.dev === dev) return sized(found, header);
      return found;
    },
    ftruncateSync(fd, bytes) {
      const header = views.get(fd)?.header;
      if (header !== undefined && bytes < header.globalOffset)
        throw bug(`the log was to be cut at byte ${bytes}, in a closed file`);
      fs.ftruncateSync(fd, header === undefined ? bytes : bytes - header.globalOffset + header.length);
    },
  };
  // Everything else is the file system's own, as it is at the time of the call.
  return Object.assign(Object.create(fs) as FileSystem, own);
};

const headerOf = (fs: FileSystem, fd: number, path: string): FileHeader | null => {
  try {
    return readHeader(fs, fd, path);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
};

const sized = (stats: FileStats, { globalOffset, length }: FileHeader): FileStats =>
  Object.create(stats, { size: { value: globalOffset + stats.size - length } }) as FileStats;

const segmentAt = (fs: FileSystem, view: View, position: number): NonNullable<View['reading']> => {
  const { reading } = view;
  if (reading !== undefined && holds(reading.segment, position)) return reading;
  const dir = view.file.slice(0, -LOG_NAME.length);
  view.segments ??= segmentsBefore(fs, dir, view.header.globalOffset);
  const segment = view.segments.find((one) => holds(one, position));
  if (segment === undefined) throw missing(view, position);
  if (reading !== undefined) fs.closeSync(reading.fd);
  delete view.reading;
  view.reading = { segment, fd: fs.openSync(segment.file, 'r') };
  return view.reading;
};

const holds = (segment: Segment, position: number): boolean =>
  position >= segment.globalOffset && position < segment.end;

const missing = ({ file, header }: View, position: number): Error =>
  corruptLogError(`a closed file of the log is missing: none holds byte ${position}`, {
    where: `${file.slice(0, -LOG_NAME.length)}/segments`,
    hint: `Nothing was changed. Put the files there back from a backup: all before seq ${header.firstSeq} belong to the log.`,
  });
