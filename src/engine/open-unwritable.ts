/**
 * For looking at a home that may not be written: lists and lookups come from an index in memory, made from the whole
 * log by this very command. Nothing is created, and whatever would write fails.
 */
import { ioError } from '../errors.ts';
import { readConfig } from '../home/config.ts';
import { openHome } from '../home/home.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { memoryIndex } from '../home/memory-index.ts';
import { coldSha256 } from '../log/hash.ts';
import {
  assemble,
  bundledDirOf,
  lookups,
  type OpenHome,
  type OpenHomeOptions,
  openLog,
} from './open-home.ts';

export async function openUnwritable(options: OpenHomeOptions): Promise<OpenHome> {
  const { paths } = openHome(options.home, { create: false });
  await assertNotLegacy(paths);
  const config = await readConfig(paths.config);
  const { store, blobs } = openLog(options, paths, null);
  const upTo = (await store.head())?.seq ?? 0;
  const index = memoryIndex({ paths, upTo, sha256: coldSha256, blobs });
  const projector = (): never => {
    throw ioError('home-unusable', 'the home cannot be written to', {
      where: paths.home,
      hint: 'Make the folder yours and writable, or name another one with --home or WF_HOME.',
    });
  };
  const ports = assemble(options, paths, config, store, blobs, {
    ...lookups(index, () => true),
    project: async () => undefined,
    projectIfQuick: async () => undefined,
    writeEarly: async () => undefined,
    keepUp: async () => undefined,
  });
  return { paths, created: false, bundledDir: bundledDirOf(options), config, store, projector, index, ports };
}
