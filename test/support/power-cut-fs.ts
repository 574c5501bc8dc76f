/**
 * A fake file system that can lose power, fill up and fail at any call, for what no test can do to a real disk.
 *
 * The model, from what POSIX promises (fsync(2), rename(2)) and what is known of ext4, xfs and btrfs beyond it (the
 * methods of ALICE, OSDI 2014, and CrashMonkey, OSDI 2018; failed syncs: Rebello et al., ATC 2020):
 * - A sector of 512 bytes is written whole or not at all. What was written since the last sync of its file may be on
 *   the disk in any of the states it went through, or not at all: any subset, in any order. A page of 4 KiB at a time
 *   is a choice among the same states.
 * - The length of a file is lost or kept independently. Kept without its data, the data reads as zeros.
 * - fdatasync makes the data and the length durable, not the name.
 * - Making, renaming and removing is durable when the folder was synced. Until then any combination is possible in
 *   which no change is kept without an earlier one of the same name; a rename is one change, in both folders.
 * - A write that the power cut interrupts has reached memory up to any byte.
 * - After a failed sync nothing more is certain, later syncs leave those pages out, and they are read either as they
 *   were written or (evicted) as they are on the disk. Who had the file open is told once, as by Linux since 4.13.
 * - Sectors that were durable do not rot, and a disk does not call durable what is not.
 * What a real machine promises beyond this (ext4 and xfs keep changes of names in order, and write data before the
 * length) is not relied on.
 */
import type { FileStats, FileSystem, FolderEntry } from '../../src/log/file-system.ts';
import type { CutDisk, Ino } from './power-cut-disk.ts';
import {
  type Call,
  failure,
  findIno,
  foldersAbove,
  type Machine,
  parts,
  placeOf,
} from './power-cut-machine.ts';

type OpenFile = {
  readonly ino: Ino;
  readonly path: string;
  readonly append: boolean;
  at: number;
  told: number;
};

/** What one process has of the machine: its descriptors. Processes see each other's writes at once. */
const COPY = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true } as const;

export const processOn = (on: Machine): FileSystem => {
  const { disk } = on;
  const open = new Map<number, OpenFile>();
  let nextFd = 10;

  const ask = (name: Call['name'], path: string, changes: boolean, more: Partial<Call> = {}) =>
    on.beforeCall({ n: ++on.calls, name, path, changes, ...more });
  /** How many bytes the call may move. */
  const call = (...asked: Parameters<typeof ask>): number => {
    const fault = ask(...asked);
    if (fault !== undefined && 'error' in fault) throw failure(fault.error, asked[0], asked[1]);
    return fault?.short ?? Number.POSITIVE_INFINITY;
  };
  const find = (path: string): Ino | undefined => findIno(disk, path);
  const existing = (path: string, name: string): Ino => {
    const ino = find(path);
    if (ino === undefined) throw failure('ENOENT', name, path);
    return ino;
  };
  const opened = (fd: number, name: string): OpenFile => {
    const file = open.get(fd);
    if (file === undefined) throw failure('EBADF', name, String(fd));
    return file;
  };
  const content = (ino: Ino) => {
    const file = disk.files.get(ino);
    if (file === undefined) throw failure('EISDIR', 'read', String(ino));
    return file;
  };
  const statsOf = (ino: Ino): FileStats => ({
    dev: 1,
    ino,
    size: disk.files.get(ino)?.size ?? 4096,
    isFile: () => disk.files.has(ino),
    isDirectory: () => disk.names(ino) !== undefined,
    isSymbolicLink: () => false,
  });
  const statAt = (path: string): FileStats | undefined => {
    const ino = find(path);
    return ino === undefined ? undefined : statsOf(ino);
  };
  const removeName = (path: string, name: Call['name'], emptied?: Ino): void => {
    const place = placeOf(disk, path);
    call(name, path, true);
    disk.change({ changes: [{ ...place, ino: null }], ...(emptied === undefined ? {} : { emptied }) });
  };
  const removeTree = (path: string): void => {
    const ino = existing(path, 'rm');
    const names = disk.names(ino);
    for (const name of [...(names?.keys() ?? [])]) removeTree(`${path}/${name}`);
    removeName(path, 'rmSync', names === undefined ? undefined : ino);
  };
  const sync = (fd: number, name: 'fdatasyncSync' | 'fsyncSync'): void => {
    const entry = opened(fd, name);
    const file = disk.files.get(entry.ino);
    const fault = ask(name, entry.path, true);
    const error = fault !== undefined && 'error' in fault ? fault.error : undefined;
    if (error !== undefined) file?.failSync(fault !== undefined && 'evicted' in fault && fault.evicted);
    else if (file === undefined) disk.syncNames(entry.ino);
    else file.sync();
    const failed = file?.failedSyncs ?? 0;
    if (error === undefined && entry.told === failed) return;
    entry.told = failed;
    throw failure(error ?? 'EIO', name, entry.path);
  };

  const fs: FileSystem = {
    openSync(path, flags) {
      const ino = find(path);
      const creates = flags !== 'r' && ino === undefined;
      const empties = flags === 'w' && ino !== undefined && content(ino).size > 0;
      if (flags === 'wx' && ino !== undefined) throw failure('EEXIST', 'open', path);
      if (flags === 'r') existing(path, 'open');
      const place = creates ? placeOf(disk, path) : undefined;
      call('openSync', path, creates || empties);
      if (empties) content(ino).truncate(0, ++disk.time);
      const file = ino ?? disk.newFile();
      if (place !== undefined) disk.change({ changes: [{ ...place, ino: file }] });
      const append = flags === 'a' || flags === 'a+';
      const told = disk.files.get(file)?.failedSyncs ?? 0;
      open.set(nextFd, { ino: file, path, append, at: 0, told });
      return nextFd++;
    },
    closeSync(fd) {
      opened(fd, 'close');
      open.delete(fd);
    },
    readSync(fd, buffer, start, length, position) {
      const { ino, path } = opened(fd, 'read');
      const bytes = content(ino).read(position, Math.min(length, call('readSync', path, false)));
      buffer.set(bytes, start);
      return bytes.length;
    },
    writeSync(fd, bytes, start, length) {
      const entry = opened(fd, 'write');
      const file = content(entry.ino);
      const position = entry.append ? file.size : entry.at;
      const wanted = bytes.slice(start, start + length);
      const writePart = (other: CutDisk, n: number): void =>
        other.files.get(entry.ino)?.write(position, wanted.subarray(0, n), ++other.time);
      const allowed = call('writeSync', entry.path, true, { bytes: length, writePart });
      const grows = (n: number): number => Math.max(0, position + n - file.size);
      const n = Math.min(length, allowed, length - Math.max(0, grows(length) - disk.freeBytes));
      if (n <= 0 && length > 0) throw failure('ENOSPC', 'write', entry.path);
      disk.freeBytes -= grows(n);
      writePart(disk, n);
      entry.at = position + n;
      return n;
    },
    ftruncateSync(fd, bytes) {
      const { ino, path } = opened(fd, 'ftruncate');
      call('ftruncateSync', path, true);
      disk.freeBytes += Math.max(0, content(ino).size - bytes);
      content(ino).truncate(bytes, ++disk.time);
    },
    fstatSync: (fd) => statsOf(opened(fd, 'fstat').ino),
    statSync: statAt,
    lstatSync: statAt,
    existsSync: (path) => find(path) !== undefined,
    fdatasyncSync: (fd) => sync(fd, 'fdatasyncSync'),
    fsyncSync: (fd) => sync(fd, 'fsyncSync'),
    readFileSync: ((path: string, encoding?: 'utf8') => {
      const file = content(existing(path, 'open'));
      call('readFileSync', path, false);
      const bytes = file.read(0, file.size);
      return encoding === undefined ? bytes : bytes.toString(encoding);
    }) as FileSystem['readFileSync'],
    writeFileSync(file, data, options = {}) {
      const fd = typeof file === 'number' ? file : fs.openSync(file, options.flag ?? 'w');
      try {
        const bytes = Buffer.from(data as string);
        for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
        if (options.flush === true) fs.fsyncSync(fd);
      } finally {
        if (typeof file !== 'number') fs.closeSync(fd);
      }
    },
    mkdirSync(path) {
      const all = parts(path);
      let first: string | undefined;
      for (let depth = 1; depth <= all.length; depth++) {
        const at = `/${all.slice(0, depth).join('/')}`;
        if (find(at) !== undefined) continue;
        const place = placeOf(disk, at);
        call('mkdirSync', at, true);
        disk.change({ changes: [{ ...place, ino: disk.newFolder() }] });
        first ??= at;
      }
      return first;
    },
    readdirSync: ((path: string, options?: { readonly withFileTypes: true }): string[] | FolderEntry[] => {
      const names = disk.names(existing(path, 'scandir'));
      if (names === undefined) throw failure('ENOTDIR', 'scandir', path);
      const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
      if (options === undefined) return sorted.map(([name]) => name);
      return sorted.map(([name, ino]) => ({ name, isDirectory: () => disk.names(ino) !== undefined }));
    }) as FileSystem['readdirSync'],
    renameSync(from, to) {
      const ino = existing(from, 'rename');
      const [source, target] = [placeOf(disk, from), placeOf(disk, to)];
      const replaced = find(to);
      if (replaced !== undefined && (disk.names(replaced)?.size ?? 0) > 0)
        throw failure('ENOTEMPTY', 'rename', to);
      call('renameSync', from, true);
      const changes = [
        { ...source, ino: null },
        { ...target, ino },
      ];
      disk.change({
        changes,
        ...(source.folder === target.folder ? {} : { movedInto: foldersAbove(disk, to) }),
      });
    },
    linkSync(from, to) {
      const ino = existing(from, 'link');
      if (find(to) !== undefined) throw failure('EEXIST', 'link', to);
      const place = placeOf(disk, to);
      call('linkSync', to, true);
      disk.change({ changes: [{ ...place, ino }] });
    },
    unlinkSync(path) {
      existing(path, 'unlink');
      removeName(path, 'unlinkSync');
    },
    rmSync(path, { force, recursive }) {
      if (find(path) === undefined && force === true) return;
      const names = disk.names(existing(path, 'rm'));
      if (names !== undefined && recursive !== true) throw failure('ERR_FS_EISDIR', 'rm', path);
      removeTree(path);
    },
    cpSync(from, to) {
      const names = disk.names(existing(from, 'cp'));
      if (names === undefined) return fs.writeFileSync(to, fs.readFileSync(from));
      fs.mkdirSync(to, { recursive: true, mode: 0o700 });
      for (const name of names.keys()) fs.cpSync(`${from}/${name}`, `${to}/${name}`, COPY);
    },
  };
  return fs;
};
