/** Reads a run from the log: its state, and the context it was pinned to. */
import { isRefusal, notFoundError, refusalToError } from '../errors.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { runStream, workflowStream } from '../events/streams.ts';
import type { Position } from '../log/event-store.ts';
import type { RunContext } from '../workflow/context.ts';
import type { Definition } from '../workflow/definition.ts';
import { evolve, type FoldableEvent } from '../workflow/evolve.ts';
import { noRun, type RunState } from '../workflow/state.ts';
import { inputOf } from './input-of.ts';
import type { EnginePorts } from './ports.ts';
import { readText } from './texts.ts';

/** The state as the log has it now, and the place of its last event; version 0 when there is no such run. */
export async function loadRun(
  ports: Pick<EnginePorts, 'store'>,
  runId: string,
): Promise<{ readonly state: RunState; readonly position: Position | null }> {
  let state = noRun;
  let position: Position | null = null;
  for await (const event of ports.store.read(runStream(runId))) {
    state = evolve(state, asRunEvent(event));
    position = { seq: event.seq };
  }
  return { state, position };
}

export const loadState = async (ports: Pick<EnginePorts, 'store'>, runId: string): Promise<RunState> =>
  (await loadRun(ports, runId)).state;

/**
 * What another process wrote may be seen before it is on disk, and a power cut would take it back: nobody is told of
 * it before this. Costs nothing when it is known to be on disk.
 */
export async function syncSeen(ports: Pick<EnginePorts, 'store'>, upTo?: Position | null): Promise<void> {
  const seen = upTo === undefined ? await ports.store.head() : upTo;
  if (seen !== null) await ports.store.sync(seen);
}

/** What stands in a run's stream was decided by this decider: the store has checked type and version. */
export const asRunEvent = (event: StoredEvent): FoldableEvent => event as unknown as FoldableEvent;

/** @throws {WfError} exit 3 when there is no such run */
export async function requireRun(ports: Pick<EnginePorts, 'store'>, runId: string): Promise<RunState> {
  const state = await loadState(ports, runId);
  if (state.version === 0) {
    throw notFoundError('run-unknown', `there is no run ${runId}`, { hint: 'Look: wf runs' });
  }
  return state;
}

/** The definition a run is pinned to: from its file when that is unchanged, else from the log. */
export async function pinnedDefinition(
  ports: EnginePorts,
  workflowId: string,
  hash: string,
): Promise<Definition> {
  const current = await ports.definitions.load(workflowId).catch(() => null);
  if (current !== null && current.hash === hash) return current.definition;
  const body = await pinnedBody(ports, workflowId, hash);
  if (body !== null) return ports.definitions.parse(body);
  throw notFoundError(
    'definition-lost',
    `the definition of workflow ${workflowId} with hash ${hash} is not in the log`,
    {
      hint: 'Check the log: wf log verify',
    },
  );
}

/** The text of a definition as it was registered; null when the log does not have it. */
export async function pinnedBody(
  ports: Pick<EnginePorts, 'store' | 'blobs'>,
  workflowId: string,
  hash: string,
): Promise<string | null> {
  for await (const event of ports.store.read(workflowStream(workflowId))) {
    const data = event.data as { definitionHash?: string; body?: string };
    if (event.type === 'DefinitionRegistered' && data.definitionHash === hash && data.body !== undefined)
      return readText(ports.blobs, data.body);
  }
  return null;
}

export async function contextOf(ports: EnginePorts, state: RunState): Promise<RunContext> {
  const definition = await pinnedDefinition(ports, state.workflowId, state.definitionHash);
  const input = await inputOf(definition, await readText(ports.blobs, state.input));
  if (isRefusal(input)) throw refusalToError(input);
  const { home, connected, sha256 } = ports;
  return { definition, definitionHash: state.definitionHash, input, home, connected, sha256 };
}
