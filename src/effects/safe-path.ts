/**
 * Where a definition may have files written: outbox/, artifacts/, or a root that config allows. Looks through
 * symbolic links, so that a link planted inside an allowed folder cannot lead out of it or into the log.
 */
import { usageError, type WfError } from '../errors.ts';

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

const HOME_ROOTS = ['outbox', 'artifacts'];
/** Never, not even when an allowed root contains the home: they are the record itself, or what decides. */
const PROTECTED = ['logs', 'state', 'blobs', 'definitions', 'tasks', 'run', 'config.json'];

const refused = (given: string, why: string): WfError =>
  usageError('path-not-writable', `${given} may not be written: ${why}`, {
    where: given,
    hint: 'Write below outbox/ or artifacts/ of the home, or allow its folder as a writable root in config.json.',
  });

const isBelow = (root: string, candidate: string): boolean => {
  const relative = path.relative(root, candidate);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
};

/** Compared without regard to case: some file systems do not tell LOGS from logs. */
function protectedPart(home: string, candidate: string): string | undefined {
  const [first = ''] = path.relative(home.toLowerCase(), candidate.toLowerCase()).split(path.sep);
  return PROTECTED.includes(first) ? first : undefined;
}

function isLink(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** The path with the links of its deepest existing ancestor resolved. Throws on a link that leads nowhere. */
function resolveLinks(given: string, absolute: string): string {
  const missing: string[] = [];
  for (let current = absolute; ; current = path.dirname(current)) {
    try {
      return path.join(fs.realpathSync(current), ...missing);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT')
        throw refused(given, `${current} cannot be resolved (${code ?? 'unknown error'})`);
      // Writing through a dangling link would make a file wherever it points.
      if (isLink(current)) throw refused(given, `${current} is a symbolic link that leads nowhere`);
      missing.unshift(path.basename(current));
      if (path.dirname(current) === current) return absolute;
    }
  }
}

/**
 * The absolute path to write to, links resolved. A relative path is taken from the home.
 * @throws {WfError} path-not-writable (2): outside every root, in a protected place, or led there by a link
 */
export function resolveWritable(home: string, allowedRoots: readonly string[], given: string): string {
  if (given === '' || given.includes('\0')) throw refused(JSON.stringify(given), 'it is not a file name');
  const homePath = path.resolve(home);
  const absolute = path.resolve(homePath, given);
  const realHome = resolveLinks(homePath, homePath);
  const real = resolveLinks(given, absolute);

  const within = [
    // The home's own roots are joined after resolving it: outbox/ itself must not be a link that leads out.
    ...HOME_ROOTS.map((name) => ({ stated: path.join(homePath, name), real: path.join(realHome, name) })),
    ...allowedRoots.map((root) => {
      const stated = path.resolve(homePath, root);
      return { stated, real: resolveLinks(root, stated) };
    }),
  ].filter((root) => isBelow(root.stated, absolute) || isBelow(root.real, absolute));
  if (within.length === 0) throw refused(given, 'it is outside every folder that may be written');
  if (!within.some((root) => isBelow(root.real, real))) {
    throw refused(given, `a symbolic link leads it out, to ${real}`);
  }
  const part = protectedPart(homePath, absolute) ?? protectedPart(realHome, real);
  if (part !== undefined) throw refused(given, `${part} of the home is written by the engine alone`);
  return real;
}
