/**
 * The definitions that have schedules, as their files stand now. A file is read again only when it has changed: a server
 * asks every few seconds, for months. Remembers no more than there are files.
 */
import type { Definition } from '../workflow/definition.ts';
import { type DefinitionPlaces, listDefinitions } from './definitions.ts';

const fs = process.getBuiltinModule('node:fs');

type Loaded = { readonly definition: Definition };
type Known<T> = { readonly stamp: string; readonly loaded: T | null };

export type ScheduledDefinitions<T> = {
  readonly definitions: readonly T[];
  /** Ids of those that cannot be read or are invalid. */
  readonly broken: ReadonlySet<string>;
};

/** @param onBroken told once for each content of a file */
export function watchScheduled<T extends Loaded>(
  places: DefinitionPlaces,
  load: (id: string) => Promise<T>,
  onBroken: (id: string, error: unknown) => void,
): () => Promise<ScheduledDefinitions<T>> {
  let known: ReadonlyMap<string, Known<T>> = new Map();
  return async () => {
    const now = new Map<string, Known<T>>();
    for (const { id, file } of listDefinitions(places)) {
      const stamp = stampOf(file);
      const before = known.get(id);
      if (before?.stamp === stamp) now.set(id, before);
      else now.set(id, { stamp, loaded: await loadOrTell(id, load, onBroken) });
    }
    known = now;
    const definitions: T[] = [];
    const broken = new Set<string>();
    for (const [id, { loaded }] of now) {
      if (loaded === null) broken.add(id);
      else if (loaded.definition.schedules.length > 0) definitions.push(loaded);
    }
    return { definitions, broken };
  };
}

async function loadOrTell<T>(
  id: string,
  load: (id: string) => Promise<T>,
  onBroken: (id: string, error: unknown) => void,
): Promise<T | null> {
  try {
    return await load(id);
  } catch (error) {
    onBroken(id, error);
    return null;
  }
}

/** Changes whenever an editor saves, by rename or in place. */
function stampOf(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${file} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}
