/** What the library shows of runs: the shapes of `wf … --json`, without the commands that a screen suggests. */
import { inboxViews } from '../commands/render/inbox-item.ts';
import { runItem } from '../commands/render/run-item.ts';
import { showView } from '../commands/render/show-view.ts';
import { requireRun } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { loadNotices } from '../engine/tell.ts';
import { usageError } from '../errors.ts';
import { listRuns } from '../home/read-model.ts';
import { assertRunId, limitOf } from './check-arguments.ts';
import type { InboxItem, RunDetails, RunItem } from './shapes.ts';
import type { RunsFilter } from './types.ts';

const fs = process.getBuiltinModule('node:fs');

export async function showRun(home: OpenHome, runId: string): Promise<RunDetails> {
  assertRunId(runId);
  const state = await requireRun(home.ports, runId);
  const current = await home.ports.definitions.load(state.workflowId).catch(() => null);
  const currentHash = current?.hash ?? null;
  const hash = state.definitionHash;
  const { schema: _schema, ...view } = showView(state, home.paths.home, {
    definition: { hash, currentHash, changed: currentHash !== hash },
    hasArtifacts: fs.existsSync(`${home.paths.artifacts}/${runId}`),
    exists: fs.existsSync,
    notices: (await loadNotices(home.ports, runId)).notices,
  });
  return view as RunDetails;
}

export async function runsOf(home: OpenHome, filter: RunsFilter): Promise<readonly RunItem[]> {
  const { since, limit, ...rest } = filter;
  const from = since === undefined ? {} : { since: isoOf(since) };
  const wanted = { ...rest, ...from, limit: limitOf(limit) };
  await home.ports.projections.project();
  return listRuns(home.index, wanted).map(runItem) as RunItem[];
}

function isoOf(since: Date): string {
  if (since instanceof Date && !Number.isNaN(since.getTime())) return since.toISOString();
  throw usageError('since-invalid', '"since" must be a Date', { where: 'since' });
}

export async function inboxOf(home: OpenHome): Promise<readonly InboxItem[]> {
  await home.ports.projections.project();
  return inboxViews(home.index, home.paths.home, 'wf') as InboxItem[];
}
