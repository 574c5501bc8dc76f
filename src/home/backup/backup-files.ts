/** Everything of a backup beside its log: long values, checked by their hash; definitions and configuration. */
import type { Sha256Hex } from '../../log/event-store.ts';
import { nodeFs } from '../../log/file-system.ts';
import { syncDirectory } from '../../log/recover.ts';
import { isMissing } from '../file-errors.ts';

const fs = process.getBuiltinModule('node:fs');

export type BlobsCopied = {
  readonly copied: number;
  readonly total: number;
  /** Named by the log, and not there or not what their name says: damage of the runs that name them. */
  readonly missing: readonly string[];
};

/** Before the log that names them. What is there with its length was checked when it was copied. */
export async function copyBlobs(
  from: string,
  to: string,
  hashes: ReadonlySet<string>,
  sha256: Sha256Hex,
): Promise<BlobsCopied> {
  const missing: string[] = [];
  let copied = 0;
  if (hashes.size > 0) fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const hash of hashes) {
    const size = fs.statSync(`${from}/${hash}`, { throwIfNoEntry: false })?.size;
    if (size !== undefined && fs.statSync(`${to}/${hash}`, { throwIfNoEntry: false })?.size === size)
      continue;
    const bytes = readOrNull(`${from}/${hash}`);
    if (bytes === null || sha256(bytes) !== hash) {
      missing.push(hash);
      continue;
    }
    writeWhole(to, hash, bytes);
    copied += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (copied > 0) syncDirectory(nodeFs, to);
  return { copied, total: hashes.size - missing.length, missing };
}

/** After the log: what it no longer names was erased, here too. */
export function removeOtherBlobs(dir: string, hashes: ReadonlySet<string>): number {
  const others = namesIn(dir).filter((name) => !hashes.has(name));
  for (const name of others) fs.rmSync(`${dir}/${name}`, { force: true });
  if (others.length > 0) syncDirectory(nodeFs, dir);
  return others.length;
}

/**
 * The files of a folder and of folders in it as they are now. A link to a file is copied as that file, one to a folder
 * is left out: it may lead anywhere, and round in a circle. What is gone goes.
 */
export function mirrorFolder(from: string, to: string): number {
  const names = namesIn(from);
  if (names.length === 0 && !fs.existsSync(to)) return 0;
  fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  let files = 0;
  for (const name of names) {
    const isFolder = fs.lstatSync(`${from}/${name}`, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder) files += mirrorFolder(`${from}/${name}`, `${to}/${name}`);
    else files += mirrorFile(`${from}/${name}`, to, name) ? 1 : 0;
  }
  for (const name of namesIn(to)) {
    if (!fs.existsSync(`${from}/${name}`)) fs.rmSync(`${to}/${name}`, { recursive: true, force: true });
  }
  syncDirectory(nodeFs, to);
  return files;
}

/** Answers whether there is such a file. The same length and time of change is the same file. */
export function mirrorFile(from: string, dir: string, name: string): boolean {
  const wanted = fs.statSync(from, { throwIfNoEntry: false });
  const target = `${dir}/${name}`;
  if (wanted?.isFile() !== true) {
    fs.rmSync(target, { recursive: true, force: true });
    return false;
  }
  const found = fs.statSync(target, { throwIfNoEntry: false });
  if (found?.size === wanted.size && found.mtimeMs === wanted.mtimeMs) return true;
  const temporary = `${dir}/.${name}.${process.pid}.tmp`;
  fs.copyFileSync(from, temporary);
  fs.chmodSync(temporary, 0o600);
  fs.utimesSync(temporary, wanted.atime, wanted.mtime);
  const fd = fs.openSync(temporary, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(temporary, target);
  return true;
}

/** Whole or not there; the caller syncs the folder. */
function writeWhole(dir: string, name: string, bytes: Uint8Array): void {
  const temporary = `${dir}/.${name}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, bytes, { mode: 0o600, flush: true });
  fs.renameSync(temporary, `${dir}/${name}`);
}

function readOrNull(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
