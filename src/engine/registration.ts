/** Registering a definition: the fact that runs are pinned to. */
import { workflowStream } from '../events/streams.ts';
import type { Commit } from '../log/event-store.ts';
import type { EnginePorts, LoadedDefinition } from './ports.ts';
import { externalise } from './texts.ts';

/** The definition's body goes into the log once per content: a run is pinned to it whatever becomes of the file. */
export async function registration(ports: EnginePorts, loaded: LoadedDefinition): Promise<readonly Commit[]> {
  if (ports.projections.isRegistered(loaded.id, loaded.hash)) return [];
  const stream = workflowStream(loaded.id);
  let version = 0;
  for await (const event of ports.store.read(stream)) {
    version = event.streamVersion;
    const data = event.data as { definitionHash?: string };
    if (event.type === 'DefinitionRegistered' && data.definitionHash === loaded.hash) return [];
  }
  const data = {
    workflowId: loaded.id,
    definitionHash: loaded.hash,
    source: loaded.source,
    body: loaded.body,
  };
  const event = await externalise(ports.blobs, { type: 'DefinitionRegistered', data });
  return [{ stream, expectedVersion: version, events: [event], commitId: ports.newId() }];
}
