/** Definitions of the script engine: in place they stay where they are, from elsewhere they are copied; never over one. */
import { isMissing } from '../../home/file-errors.ts';
import { entriesOf } from '../../home/folder-names.ts';
import type { HomePaths } from '../../home/paths.ts';
import { createSynced } from '../../home/synced-file.ts';
import type { ReadDefinition } from './plan-rest.ts';

const fs = process.getBuiltinModule('node:fs');

export type DefinitionCopy = {
  /** Below `definitions/`. */
  readonly name: string;
  /** `kept`: the home has another file of that name, which stays. */
  readonly action: 'stays' | 'copied' | 'same' | 'kept' | 'unreadable';
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.jsonc?$/;
const MAX_BYTES = 1024 * 1024;

/** Looks at everything; writes nothing when it is a dry run. @throws {WfError} write-failed (74) */
export function copyDefinitions(
  dir: string,
  paths: HomePaths,
  { dryRun, inPlace }: { readonly dryRun: boolean; readonly inPlace: boolean },
): readonly DefinitionCopy[] {
  const read = readDefinition(dir);
  return namesIn(`${dir}/definitions`).map((name): DefinitionCopy => {
    if (inPlace) return { name, action: 'stays' };
    const text = read(name);
    if (text === null) return { name, action: 'unreadable' };
    const target = `${paths.definitions}/${name}`;
    if (fs.existsSync(target))
      return { name, action: fs.readFileSync(target, 'utf8') === text ? 'same' : 'kept' };
    if (!dryRun) createSynced(target, text);
    return { name, action: 'copied' };
  });
}

function namesIn(folder: string): readonly string[] {
  const own = [...entriesOf(folder)].filter(({ name, isFolder }) => !isFolder && NAME.test(name));
  const backups = [...entriesOf(`${folder}/.backups`)].filter(
    ({ name, isFolder }) => !isFolder && NAME.test(name),
  );
  return [...own.map(({ name }) => name), ...backups.map(({ name }) => `.backups/${name}`)].sort();
}

/** Plain UTF-8 files of at most a definition's size. */
export const readDefinition =
  (dir: string): ReadDefinition =>
  (name) => {
    try {
      const file = `${dir}/definitions/${name}`;
      const stat = fs.lstatSync(file);
      if (!stat.isFile() || stat.size > MAX_BYTES) return null;
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fs.readFileSync(file));
    } catch (error) {
      if (isMissing(error) || error instanceof TypeError) return null;
      throw error;
    }
  };
