/**
 * Where a copy of a summary may be written: `outbox/`, `artifacts/`, or a root that config allows; never outside of
 * them by `..` or a symlink, and never over what the engine itself keeps.
 */
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

const ALLOWED_IN_HOME = ['outbox', 'artifacts'];
const NEVER_IN_HOME = ['logs', 'state', 'blobs', 'definitions', 'tasks', 'run', 'config.json'];

/** The absolute path to write, or null when it may not be written. */
export function writablePath(home: string, allowedRoots: readonly string[], wanted: string): string | null {
  const target = path.resolve(home, wanted);
  const roots = [
    ...ALLOWED_IN_HOME.map((name) => path.join(home, name)),
    ...allowedRoots.map((r) => path.resolve(home, r)),
  ];
  const root = roots.find((candidate) => inside(candidate, target));
  if (root === undefined) return null;
  const real = realTarget(target);
  const realHome = realTarget(home);
  if (
    NEVER_IN_HOME.some(
      (name) => real === path.join(realHome, name) || inside(path.join(realHome, name), real),
    )
  )
    return null;
  return inside(realTarget(root), real) ? target : null;
}

const inside = (folder: string, target: string): boolean =>
  target.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** The path with every symlink on the way followed, as far as it exists. */
function realTarget(target: string): string {
  let existing = target;
  const missing: string[] = [];
  for (;;) {
    try {
      return path.join(fs.realpathSync(existing), ...missing);
    } catch {
      const parent = path.dirname(existing);
      if (parent === existing) return target;
      // A dangling symlink leads somewhere too: what it names would be made by the write.
      if (fs.lstatSync(existing, { throwIfNoEntry: false })?.isSymbolicLink() === true)
        return '/dev/null/dangling';
      missing.unshift(path.basename(existing));
      existing = parent;
    }
  }
}
