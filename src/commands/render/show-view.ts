/** One run with everything about it, as `wf show --json` prints it (`wf.show/1`). Fields are only ever added. */
import { previewOf, type Text } from '../../events/envelope.ts';
import { movedPaths } from '../../projections/moved-paths.ts';
import type { Notice } from '../../projections/notices.ts';
import { recordPath, summaryPath } from '../../projections/run-files.ts';
import { costOf } from '../../workflow/cost.ts';
import { type Approval, type Effect, outputOf, type RunState } from '../../workflow/state.ts';
import { absolute } from './paths.ts';
import { runView } from './run-view.ts';
import { withoutNonce } from './without-nonce.ts';

/** The definition's file as it is now, beside the one the run is pinned to. */
export type DefinitionNow = {
  readonly hash: string;
  /** Null when there is no usable file any more. */
  readonly currentHash: string | null;
  readonly changed: boolean;
};

const said = (text: Text | undefined): string | undefined =>
  text === undefined ? undefined : previewOf(text);

const effectView = (effect: Effect) => ({
  effectId: effect.effectId,
  step: effect.step,
  attempt: effect.attempt,
  dispatcher: effect.dispatcher,
  target: effect.target,
  status: effect.status,
  key: effect.key,
  idempotent: effect.idempotent,
  taskId: effect.taskId,
  approvalId: effect.approvalId,
  /** What was dispatched; long ones are cut, one-time words are hidden. */
  preview: previewOf(effect.preview),
  intendedAt: effect.intendedAt,
  endedAt: effect.endedAt,
  retryAt: effect.retryAt,
  receipt: effect.receipt,
  costUsd: effect.receipt?.costUsd ?? effect.costUsd,
  error: effect.error,
  stdout: said(effect.stdout),
  stderr: said(effect.stderr),
  report:
    effect.report === undefined
      ? undefined
      : {
          status: effect.report.status,
          by: effect.report.by,
          at: effect.report.at,
          text: said(effect.report.text),
        },
});

const approvalView = (approval: Approval) => ({
  approvalId: approval.approvalId,
  status: approval.status,
  risk: approval.risk,
  reasons: approval.reasons,
  binding: approval.binding,
  covers: approval.covers.map(({ step, dispatcher, target, message }) => ({
    step,
    dispatcher,
    target,
    message: previewOf(message),
  })),
  requestedAt: approval.requestedAt,
  by: approval.by,
  decidedAt: approval.decidedAt,
});

const noticeView = ({ on, targets, status, at, interval, error }: Notice) => ({
  on,
  targets,
  status,
  at,
  interval,
  error,
});

type Look = { readonly hasArtifacts: boolean; readonly exists: (path: string) => boolean };

function filesOf(run: RunState, home: string, { hasArtifacts, exists }: Look) {
  const summary = outputOf(run, 'deliver')?.summaryFile ?? (run.stopped ? summaryPath(run.runId) : null);
  const record = `${home}/${recordPath(run.runId)}`;
  return {
    record,
    summary: summary === null ? null : absolute(home, summary),
    briefs: [
      ...new Set(
        run.effects
          .filter((effect) => effect.dispatcher === 'manual' && effect.status !== 'withdrawn')
          .map((effect) => `${home}/tasks/${effect.taskId}.md`),
      ),
    ],
    artifacts: hasArtifacts ? `${home}/artifacts/${run.runId}` : null,
    /** False: record, summary and briefs are no files any more; `wf show --file` prints them from the log. */
    kept: exists(record),
    /** What the definition's retention gave up, and by which rule. */
    expired: { artifacts: run.artifactsExpired, files: run.filesExpired },
    /** Named by the run where the home stood before, and here now. */
    moved: movedPaths(run, home).filter(({ was, now }) => !exists(was) && exists(now)),
  };
}

export function showView(
  run: RunState,
  home: string,
  more: Look & { readonly definition: DefinitionNow; readonly notices: readonly Notice[] },
) {
  const shown = withoutNonce(run);
  return {
    schema: 'wf.show/1' as const,
    run: {
      ...runView(shown, home),
      effects: shown.effects.map(effectView),
      approvals: shown.approvals.map(approvalView),
      /** US dollars as far as they are known, and how many turns said nothing of theirs. */
      cost: costOf(run),
      /** Who was told what about it. */
      notices: more.notices.map(noticeView),
      /** What each stage left behind, by its name; null until it completed. */
      outputs: Object.fromEntries(shown.stages.map(({ name, output }) => [name, output])),
    },
    definition: more.definition,
    files: filesOf(run, home, more),
  };
}

export type ShowView = ReturnType<typeof showView>;
