/**
 * A run from its first request to its end, crashes included, as the people around it would live it: after a crash
 * the same request again (or `wf resume`), a yes to an approval, the truth about a doubt, a report of work that was
 * handed over, and a failed run taken up again.
 */
import { WfError } from '../../errors.ts';
import { previewOf } from '../../events/envelope.ts';
import { runFiles, summaryPath } from '../../projections/run-files.ts';
import type { OutsideCommand } from '../../workflow/command.ts';
import type { RunState, RunStatus } from '../../workflow/state.ts';
import type { Answer } from '../answer.ts';
import { recordAndContinue } from '../outside-commands.ts';
import type { EnginePorts } from '../ports.ts';
import type { RunRequest } from '../prepare-request.ts';
import { resumeRun } from '../resume-run.ts';
import { startRun } from '../start-run.ts';
import type { ScratchHome } from './scratch-home.ts';

/** The commands of the engine under torture; a broken one can be handed in, to see that it is caught. */
export type TorturedEngine = {
  run(ports: EnginePorts, request: RunRequest): Promise<Answer>;
  resume(ports: EnginePorts, runId: string): Promise<Answer>;
  say(ports: EnginePorts, runId: string, command: OutsideCommand): Promise<Answer>;
};

export const ENGINE: TorturedEngine = {
  run: startRun,
  resume: (ports, runId) => resumeRun(ports, { runId, takeOver: false, withCurrentDefinition: false }),
  say: (ports, runId, command) => recordAndContinue(ports, runId, command, { detach: false }),
};

/** How the next command after a crash is given. */
export type Way = 'same-request' | 'resume';

export type Life = {
  /** `stuck`: it did not come to rest; `refused`: the next command was not accepted. */
  readonly end: RunStatus | 'stuck' | 'refused';
  readonly commands: number;
  /** Steps a person had to look after, in order. */
  readonly doubts: readonly string[];
  /** Somebody was told to wait because an act's process was still alive. */
  readonly stillWorking: boolean;
  readonly approvals: number;
  /** Times a failed run was taken up again by hand. */
  readonly resumed: number;
  /** Why the end is `refused`. */
  readonly problem?: string;
};

const MAX_COMMANDS = 60;
const MAX_RESUMES = 3;
const WHO = 'torture';

export async function live(
  home: ScratchHome,
  engine: TorturedEngine,
  request: RunRequest,
  way: Way,
  approver: string,
): Promise<Life> {
  const doubts: string[] = [];
  let approvals = 0;
  let resumed = 0;
  let stillWorking = false;
  const lived = (end: Life['end'], commands: number, problem?: string): Life => ({
    end,
    commands,
    doubts,
    stillWorking,
    approvals,
    resumed,
    ...(problem === undefined ? {} : { problem }),
  });
  const again = (ports: EnginePorts): Promise<Answer> => engine.run(ports, request);
  let next: (ports: EnginePorts) => Promise<Answer> = again;
  for (let commands = 1; commands <= MAX_COMMANDS; commands++) {
    const told = await home.process(next);
    const { run, refusal } = await outcomeOf(home, told, way);
    if (refusal !== undefined) return lived('refused', commands, refusal);
    if (told instanceof WfError && told.code === 'still-working') {
      stillWorking = true;
      continue;
    }
    next = again;
    if (run === null) continue;
    const { runId } = run;
    const say = (command: OutsideCommand) => (ports: EnginePorts) => engine.say(ports, runId, command);
    if (told === 'killed') {
      if (way === 'resume' && (run.status === 'running' || run.status === 'waiting'))
        next = (ports) => engine.resume(ports, runId);
      continue;
    }
    switch (run.status) {
      case 'completed':
      case 'cancelled':
        return lived(run.status, commands);
      case 'failed':
        if (resumed === MAX_RESUMES) return lived('failed', commands);
        resumed += 1;
        next = (ports) => engine.resume(ports, runId);
        continue;
      case 'handed_off':
        next = say({ type: 'Report', status: 'ok', by: WHO });
        continue;
      case 'running':
        continue;
      case 'waiting':
        break;
    }
    switch (run.waiting?.for) {
      case 'approval':
        approvals += 1;
        next = say({ type: 'Approve', approvalId: run.waiting.id, by: approver, isOwner: true });
        break;
      case 'outcome':
        next = say({ type: 'Report', status: 'ok', by: WHO });
        break;
      case 'unknown-effect': {
        const { id } = run.waiting;
        const happened = home.records.acts.some((act) => act.effectId === id && act.happened);
        doubts.push(run.effects.find(({ effectId }) => effectId === id)?.step ?? '');
        next = say({ type: 'Resolve', verdict: happened ? 'sent' : 'not-sent', by: WHO });
        break;
      }
      case 'retry':
      case undefined:
        break;
    }
  }
  return lived('stuck', MAX_COMMANDS);
}

type Told = Answer | WfError | 'killed';

/** What stands in the log now, and whether what was told can be true. */
async function outcomeOf(
  home: ScratchHome,
  told: Told,
  way: Way,
): Promise<{ readonly run: RunState | null; readonly refusal?: string }> {
  const run = home.run();
  if (told === 'killed') return { run };
  if (told instanceof WfError) {
    if (told.code === 'still-working') return { run };
    return { run, refusal: `${way}: ${told.message}` };
  }
  if (run !== null) assertSummary(home, run);
  return { run };
}

/** Whoever is told of a stop is told where its summary is: it must be there, and be of this very state. */
function assertSummary(home: ScratchHome, run: RunState): void {
  if (home.isProjected(run)) return;
  const path = summaryPath(run.runId);
  const wanted = runFiles(run, previewOf).get(path);
  if (wanted === undefined || wanted === null) return;
  const found = home.files()?.get(path);
  if (found === wanted) return;
  const text =
    typeof found !== 'string'
      ? 'a stop was told, and its summary was not there'
      : 'a stop was told, and its summary was of an earlier state';
  home.records.faults.push({ kind: 'summary', text });
}
