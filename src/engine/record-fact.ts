/** One fact about a run from outside its owner, durable before it is acknowledged. */
import { isRefusal, refusalToError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import { ConflictError } from '../log/event-store.ts';
import type { OutsideCommand } from '../workflow/command.ts';
import { decide } from '../workflow/decide.ts';
import type { Definition } from '../workflow/definition.ts';
import type { RunState } from '../workflow/state.ts';
import { contextOf, loadState, requireRun, syncSeen } from './load-run.ts';
import type { EnginePorts } from './ports.ts';
import { externalise } from './texts.ts';

/**
 * Records the fact. Asked again with the same content it changes nothing and succeeds.
 * @throws {WfError} exit 3 for an unknown run, exit 4 when the run's state does not allow it
 */
export async function recordFact(
  ports: EnginePorts,
  runId: string,
  command: OutsideCommand,
): Promise<RunState> {
  for (;;) {
    const run = await requireRun(ports, runId);
    const now = new Date(ports.clock.now()).toISOString();
    const context = await contextOf(ports, run);
    const { definition } = context;
    const decided = decide(context, run, { ...command, now, salt: ports.randomWord(16) });
    if (isRefusal(decided)) throw refusalToError(decided);
    if (decided.length === 0) {
      await syncSeen(ports);
      return run;
    }
    const events = await externalise(ports.blobs, decided);
    try {
      // Acknowledged only once it is on disk: an approval or a report must survive a power cut.
      await ports.store.append(runStream(runId), run.version, events, {
        commitId: ports.newId(),
        durable: true,
      });
      failpoint('fact.recorded');
      const after = await loadState(ports, runId);
      cleanUpEnded(ports, run, after);
      // What only this makes known: whoever goes on with the run tells the rest where it stops.
      if (command.type === 'Expire' || after.status === 'cancelled') await tellOf(ports, after, definition);
      return after;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** The fact is recorded, whoever hears of it. */
async function tellOf(ports: EnginePorts, run: RunState, definition: Definition): Promise<void> {
  if (definition.notify.length === 0) return;
  try {
    await ports.notify?.(run, definition);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    ports.onNotice?.(`nobody could be told about run ${run.runId}: ${why}`);
  }
}

/** A doubt that was ended leaves files behind that nobody needs any more. */
function cleanUpEnded(ports: EnginePorts, before: RunState, after: RunState): void {
  for (const { effectId, status } of before.effects) {
    const now = after.effects.find((effect) => effect.effectId === effectId)?.status;
    if (status === 'unknown' && now !== 'unknown') ports.world.cleanUp(effectId);
  }
}
