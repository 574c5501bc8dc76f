/**
 * The file system as log and projections use it: handed in, so that a test can have one that loses power, fills up
 * or fails at any call. Names, results and error codes are those of `node:fs`, which is the real one as it stands.
 */

export type FileStats = {
  readonly dev: number;
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
};

export type FolderEntry = { readonly name: string; isDirectory(): boolean };

/** Every call is synchronous and throws what the system answers (`ENOENT`, `ENOSPC`, `EIO` …) as `error.code`. */
export type FileSystem = {
  openSync(path: string, flags: 'r' | 'w' | 'wx' | 'a' | 'a+', mode?: number): number;
  closeSync(fd: number): void;
  /** May answer fewer bytes than asked for; 0 at the end of the file. */
  readSync(fd: number, buffer: Uint8Array, start: number, length: number, position: number): number;
  /** Writes at the end or at the descriptor's place; may write fewer bytes than asked for. */
  writeSync(fd: number, bytes: Uint8Array, start: number, length: number): number;
  ftruncateSync(fd: number, bytes: number): void;
  fstatSync(fd: number): FileStats;
  statSync(path: string, options: { readonly throwIfNoEntry: false }): FileStats | undefined;
  lstatSync(path: string, options: { readonly throwIfNoEntry: false }): FileStats | undefined;
  existsSync(path: string): boolean;
  /** Data, and of the metadata what is needed to read it again. */
  fdatasyncSync(fd: number): void;
  /** A file with all metadata; a folder with the names in it. */
  fsyncSync(fd: number): void;
  readFileSync(path: string): Buffer;
  readFileSync(path: string, encoding: 'utf8'): string;
  writeFileSync(
    file: string | number,
    data: string | Uint8Array,
    options?: {
      readonly encoding?: 'utf8';
      readonly mode?: number;
      readonly flag?: 'wx';
      readonly flush?: boolean;
    },
  ): void;
  /** Answers the first folder it had to make. */
  mkdirSync(path: string, options: { readonly recursive: true; readonly mode: number }): string | undefined;
  readdirSync(path: string): string[];
  readdirSync(path: string, options: { readonly withFileTypes: true }): FolderEntry[];
  renameSync(from: string, to: string): void;
  linkSync(existing: string, name: string): void;
  unlinkSync(path: string): void;
  rmSync(path: string, options: { readonly recursive?: true; readonly force?: true }): void;
  cpSync(
    from: string,
    to: string,
    options: {
      readonly recursive: true;
      readonly verbatimSymlinks: true;
      readonly preserveTimestamps: true;
    },
  ): void;
};

/** The real one: no layer in between, so it costs nothing. */
export const nodeFs: FileSystem = process.getBuiltinModule('node:fs');
