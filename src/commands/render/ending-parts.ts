/** What every ending of a run has in common: how the run is named, how long it took, its files, and who was told. */
import type { Told } from '../../engine/ports.ts';
import type { UntouchedTask } from '../../engine/untouched-task.ts';
import { stageOfAct } from '../../workflow/acts.ts';
import { type Effect, outputOf, type RunState } from '../../workflow/state.ts';
import { absolute, tilde } from './paths.ts';
import { duration, safe } from './text.ts';
import { toldLines } from './told-lines.ts';

export type EndingContext = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  /** Shortest unique form of an id. */
  readonly short: (runId: string) => string;
  /** Whether `wf … last` means this run: then the screens say `last`. */
  readonly isLast: boolean;
  /** Whether the file stands there: an old run answers without having files any more. */
  readonly exists: (path: string) => boolean;
  /** Who was told of the stop. */
  readonly told?: readonly Told[];
  /** The task in the queue of a run that was handed off. */
  readonly task?: UntouchedTask;
  /** How the next commands name the program: with `--home` where this one was given it. */
  readonly wf: string;
};

export const name = (run: RunState, context: EndingContext): string =>
  context.isLast ? 'last' : context.short(run.runId);

export const took = (run: RunState): string =>
  duration(Date.parse(run.updatedAt) - Date.parse(run.createdAt));

export function files(run: RunState, context: EndingContext): string {
  const { home, env } = context;
  if (run.erased !== null) return `  texts     erased at ${run.erased.at}\n`;
  const lines: string[] = [];
  for (const effect of run.effects) {
    if (effect.dispatcher === 'manual' && effect.status === 'handed_off') {
      lines.push(`  brief     ${tilde(`${home}/tasks/${effect.taskId}.md`, env)}   paste into any chat`);
    } else if (effect.status === 'handed_off' && effect.receipt?.jobId !== undefined) {
      lines.push(
        `  job       ${effect.receipt.jobId}   task ${effect.taskId}${effect.target === undefined ? '' : `   with ${safe(effect.target)}`}`,
      );
    }
  }
  const summary = absolute(home, outputOf(run, 'deliver')?.summaryFile ?? `outbox/${run.runId}.md`);
  const inLog = `${context.wf} show ${context.short(run.runId)} --file summary   not on disk`;
  lines.push(`  summary   ${context.exists(summary) ? tilde(summary, env) : inLog}`);
  return `${lines.join('\n')}\n${toldLines(context.told ?? [])}`;
}

/** The newest act of the work itself: not the one of its check or of its delivery. */
export const workOf = (run: RunState): Effect | undefined =>
  run.effects.findLast(({ step }) => stageOfAct(step) === 'execute');
