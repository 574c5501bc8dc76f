/**
 * Reads a file that is about to leave the machine. The bytes that are hashed are the bytes that are sent, so what was
 * approved is what goes out; a link that leads elsewhere, and what the engine keeps for itself, are refused.
 */
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

const MAX_BYTES = 64 * 1024 * 1024;
const CLOSED = ['logs', 'state', 'blobs', 'definitions', 'run', 'feedback', 'config.json'];

export type SentFile = { readonly bytes: Buffer } | { readonly code: string; readonly problem: string };

const refused = (code: string, problem: string): SentFile => ({ code, problem });

/** @param file absolute path; `sha256`: the only content that may be sent */
export function readSentFile(
  home: string,
  file: { readonly path: string; readonly sha256?: string },
): SentFile {
  const shown = file.path;
  const place = placeProblem(home, file.path);
  if (place !== undefined) return refused('file-not-sendable', `${shown} ${place}`);
  let bytes: Buffer;
  try {
    bytes = readRegular(file.path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refused(
      'file-unreadable',
      `${shown} cannot be sent: ${why === 'ENOENT' ? 'it is not there' : why}`,
    );
  }
  if (file.sha256 === undefined || sha256(bytes) === file.sha256) return { bytes };
  return refused(
    'file-changed',
    `${shown} is not what was approved: its bytes have changed since. Resume, and it is asked again`,
  );
}

/** A pipe would be waited for, a device read for ever, and a link may lead to anything. */
function readRegular(file: string): Buffer {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if (stat.size > MAX_BYTES)
      throw new Error(`it has ${stat.size} bytes, and at most ${MAX_BYTES} are sent`);
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const sha256 = (bytes: Buffer): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');

/** Inside the home a file is what it seems: in the folder its path names, and in none that is ours. */
function placeProblem(home: string, file: string): string | undefined {
  const stated = path.resolve(file);
  const root = path.resolve(home);
  let real: string;
  let realRoot: string;
  try {
    // Of its folder: the last part is opened without following it.
    real = path.join(fs.realpathSync(path.dirname(stated)), path.basename(stated));
    realRoot = fs.realpathSync(root);
  } catch {
    return undefined;
  }
  const first = (from: string, target: string): string | undefined => {
    const relative = path.relative(from, target);
    return relative.startsWith('..') || path.isAbsolute(relative) ? undefined : relative.split('/')[0];
  };
  const inHome = first(root, stated) ?? first(realRoot, stated);
  const really = first(realRoot, real);
  if (really !== undefined && CLOSED.includes(really.toLowerCase()))
    return 'is not for sending: it is part of the record';
  return inHome !== undefined && inHome !== really ? 'leads out of its folder by a link' : undefined;
}
