/** A run as `--json` shows it (`wf.run/1`). Fields are only ever added. */
import { previewOf } from '../../events/envelope.ts';
import { outputOf, type RunState, routeOf, taskOf } from '../../workflow/state.ts';
import { absolute } from './paths.ts';

export function runView(run: RunState, home: string) {
  const classified = outputOf(run, 'classify');
  const summary = outputOf(run, 'deliver')?.summaryFile ?? (run.stopped ? `outbox/${run.runId}.md` : null);
  return {
    runId: run.runId,
    workflowId: run.workflowId,
    status: run.status,
    outcome: run.outcome,
    route: routeOf(run),
    risk: classified?.risk ?? null,
    task: previewOf(taskOf(run)),
    idempotencyKey: run.key,
    forced: run.forced,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    finishedAt: run.finishedAt,
    waiting: run.waiting,
    error: run.error,
    summaryFile: summary === null ? null : absolute(home, summary),
    tasks: run.effects
      .filter((effect) => effect.taskId !== undefined && effect.status === 'handed_off')
      .map((effect) => ({
        taskId: effect.taskId,
        step: effect.step,
        dispatcher: effect.dispatcher,
        ...(effect.receipt?.jobId === undefined ? {} : { jobId: effect.receipt.jobId }),
        ...(effect.dispatcher === 'manual' ? { brief: absolute(home, `tasks/${effect.taskId}.md`) } : {}),
      })),
    stages: run.stages.map(({ name, status, attempts, startedAt, finishedAt, error }) => ({
      name,
      status,
      attempts,
      startedAt,
      finishedAt,
      error,
    })),
    definitionHash: run.definitionHash,
    ...(run.erased === null ? {} : { erasedAt: run.erased.at }),
  };
}
