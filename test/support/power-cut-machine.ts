/** A machine with one disk and any number of processes, each of whose calls can be watched, refused or cut short. */
import type { FileSystem } from '../../src/log/file-system.ts';
import { CutDisk, type Ino, ROOT } from './power-cut-disk.ts';

/** One call of a process; reads are counted too, but change nothing. */
export type Call = {
  /** From 1, over all processes of this disk. */
  readonly n: number;
  readonly name: keyof FileSystem;
  readonly path: string;
  readonly changes: boolean;
  /** For a write: puts the first bytes of it on another copy of the disk, as a cut in its middle does. */
  readonly writePart?: (disk: CutDisk, bytes: number) => void;
  readonly bytes?: number;
};

export type Fault =
  | { readonly error: string }
  /** A sync that fails, and whether its pages are dropped. */
  | { readonly error: string; readonly evicted: boolean }
  /** A read or a write of no more than this many bytes. */
  | { readonly short: number };

export type Machine = {
  readonly disk: CutDisk;
  calls: number;
  /** Asked before each call is made. It may look at the disk, let another process act, or throw. */
  beforeCall: (call: Call) => Fault | undefined;
};

export const machine = (disk = new CutDisk()): Machine => ({ disk, calls: 0, beforeCall: () => undefined });

/** Folders as they were for long: their names are on the disk. */
export const makeDurableFolder = ({ disk }: Machine, path: string): void => {
  let folder = ROOT;
  for (const name of parts(path)) {
    let ino = disk.names(folder)?.get(name);
    if (ino === undefined) {
      ino = disk.newFolder();
      disk.change({ changes: [{ folder, name, ino }] });
      disk.syncNames(folder);
    }
    folder = ino;
  }
};

export const parts = (path: string): string[] => path.split('/').filter((part) => part !== '');
/** As node:fs throws it. */
export const failure = (code: string, call: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${call} '${path}'`), { code });

export const findIno = (disk: CutDisk, path: string): Ino | undefined => {
  let ino: Ino | undefined = ROOT;
  for (const name of parts(path)) ino = ino === undefined ? undefined : disk.names(ino)?.get(name);
  return ino;
};

/** Where a name stands or would stand. */
export const placeOf = (disk: CutDisk, path: string): { readonly folder: Ino; readonly name: string } => {
  const all = parts(path);
  const folder = findIno(disk, all.slice(0, -1).join('/'));
  if (folder === undefined || disk.names(folder) === undefined) throw failure('ENOENT', 'open', path);
  return { folder, name: all.at(-1) ?? '' };
};

/** The folders on the way to a name, the top one left out. */
export const foldersAbove = (disk: CutDisk, path: string): Ino[] => {
  const all = parts(path).slice(0, -1);
  return all.map((_, i) => findIno(disk, all.slice(0, i + 1).join('/')) ?? ROOT);
};
