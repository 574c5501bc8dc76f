/**
 * Where a copy of a summary may be written: `outbox/`, `artifacts/`, or a root that config allows. Looks through
 * symbolic links, so that one planted in an allowed folder leads neither out of it nor into what the engine keeps.
 */
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

const HOME_ROOTS = ['outbox', 'artifacts'];
/** Not even where an allowed root contains the home: they are the record itself, or what decides. */
const PROTECTED = ['logs', 'state', 'blobs', 'definitions', 'tasks', 'run', 'config.json'];

/** The absolute path to write, or null when it may not be written. A relative one is taken from the home. */
export function writablePath(home: string, allowedRoots: readonly string[], wanted: string): string | null {
  if (wanted === '' || wanted.includes('\0')) return null;
  const homePath = path.resolve(home);
  const target = path.resolve(homePath, wanted);
  const realHome = resolved(homePath);
  const real = resolved(target);
  if (realHome === null || real === null) return null;
  const roots = [
    // Joined after the home is resolved: outbox/ itself must be no link that leads out.
    ...HOME_ROOTS.map((name) => ({ stated: path.join(homePath, name), real: path.join(realHome, name) })),
    ...allowedRoots.map((root) => {
      const stated = path.resolve(homePath, root);
      return { stated, real: resolved(stated) };
    }),
  ];
  const isAllowed = roots.some(
    (root) =>
      root.real !== null &&
      (isBelow(root.stated, target) || isBelow(root.real, target)) &&
      isBelow(root.real, real),
  );
  return isAllowed && !isProtected(homePath, target) && !isProtected(realHome, real) ? target : null;
}

const isBelow = (folder: string, target: string): boolean =>
  target.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** Compared without regard to case: some file systems do not tell LOGS from logs. */
function isProtected(home: string, target: string): boolean {
  const [first = ''] = path.relative(home.toLowerCase(), target.toLowerCase()).split('/');
  // The home itself: where it is a link, writing there would put a file in its place.
  return first === '' || PROTECTED.includes(first);
}

/** The path with every link on the way followed, as far as it exists; null where a link leads nowhere. */
function resolved(target: string): string | null {
  const missing: string[] = [];
  for (let existing = target; ; existing = path.dirname(existing)) {
    try {
      return path.join(fs.realpathSync(existing), ...missing);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return null;
      // Writing through it would make a file wherever it points.
      if (fs.lstatSync(existing, { throwIfNoEntry: false })?.isSymbolicLink() === true) return null;
      if (path.dirname(existing) === existing) return target;
      missing.unshift(path.basename(existing));
    }
  }
}
