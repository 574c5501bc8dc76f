/** Who holds an SQLite lock, read from the kernel's own list where there is one (Linux). Only for error messages. */
const fs = process.getBuiltinModule('node:fs');

/** First byte of SQLite's RESERVED lock, which BEGIN IMMEDIATE takes. */
const RESERVED_BYTE = '1073741825';
/** In WAL mode the writer's lock, on the file `-shm`. */
export const WAL_WRITE_BYTE = '120';

/** Pid that holds the write lock on the file with this inode; undefined where it cannot be known. */
export const lockHolderPid = (inode: number, byte = RESERVED_BYTE): number | undefined => {
  let table: string;
  try {
    table = fs.readFileSync('/proc/locks', 'utf8');
  } catch {
    return undefined;
  }
  for (const row of table.split('\n')) {
    // `1: POSIX  ADVISORY  WRITE 9311 fe:00:4243464 1073741825 1073741825`
    const [, kind, , mode, pid, file, start] = row.split(/\s+/);
    const onFile = file?.endsWith(`:${inode}`) === true;
    if (onFile && kind === 'POSIX' && mode === 'WRITE' && start === byte && Number(pid) > 0) {
      return Number(pid);
    }
  }
  return undefined;
};
