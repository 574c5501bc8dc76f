/**
 * Brings events of older versions to today's shape after decoding, one version at a time. Stored bytes never
 * change; an upcaster is pure and, once released, is never edited.
 */
import { bug } from '../errors.ts';
import type { StoredEvent } from './envelope.ts';
import { schemaVersionOf } from './types.ts';

/** Turns data of version n into data of version n + 1. */
export type Upcaster = (data: object) => object;
/** By type, then by the version it starts from. */
export type Upcasters = ReadonlyMap<string, ReadonlyMap<number, Upcaster>>;

/** None yet: every type is at version 1. */
export const upcasters: Upcasters = new Map();

export const isErased = (data: object): boolean => (data as { erased?: unknown }).erased === true;

/** The event as today's code knows it; the same object when nothing has to change. Erased data stays erased. */
export const upcast = (
  event: StoredEvent,
  registry: Upcasters = upcasters,
  versionOf: (type: string) => number | undefined = schemaVersionOf,
): StoredEvent => {
  const target = versionOf(event.type);
  if (target === undefined || event.schemaVersion >= target || isErased(event.data)) return event;
  let data = event.data;
  for (let version = event.schemaVersion; version < target; version++) {
    const step = registry.get(event.type)?.get(version);
    if (step === undefined) throw bug(`no upcaster for ${event.type} from version ${version}`);
    data = step(data);
  }
  return { ...event, data, schemaVersion: target };
};
