/** A recorded run as another definition can be asked about it: its events and its request, whole. Reads only. */
import { runStream } from '../events/streams.ts';
import { isErased } from '../events/upcast.ts';
import { type FoldableEvent, foldRun } from '../workflow/evolve.ts';
import type { RunState } from '../workflow/state.ts';
import { asRunEvent } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { readText } from './texts.ts';

export type RecordedRun = {
  readonly run: RunState;
  readonly events: readonly FoldableEvent[];
  /** The request's text. */
  readonly input: string;
};

/** A sentence where there is nothing to ask about: what it was made of is not in the log (any more). */
export async function recordedRun(
  ports: Pick<EnginePorts, 'store' | 'blobs'>,
  runId: string,
): Promise<RecordedRun | string> {
  const events: FoldableEvent[] = [];
  for await (const event of ports.store.read(runStream(runId))) events.push(asRunEvent(event));
  const run = foldRun(events);
  if (run.erased !== null || events.some((event) => isErased(event.data))) return 'its texts were erased';
  if (run.imported !== undefined) return 'it was imported: what it ran with is not known';
  try {
    return { run, events, input: await readText(ports.blobs, run.input) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
