/**
 * `wf definitions preflight FILE`: the newest runs of that workflow, decided again by it: which routes, risks, questions,
 * messages and keys would be others. Nothing of the world is handed in. Exit 1 where anything would change, as for every
 * check that finds a difference.
 */
import { pinnedDefinition } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { type RecordedRun, recordedRun } from '../engine/recorded-run.ts';
import { ExitCode, isRefusal, type Refusal } from '../errors.ts';
import { listRuns } from '../home/read-model.ts';
import { lineDiff } from '../projections/diff/line-diff.ts';
import type { RunContext } from '../workflow/context.ts';
import type { Definition } from '../workflow/definition.ts';
import { inputFor } from '../workflow/input-fields.ts';
import { CHANGE_KINDS, type Change, type ChangeKind, preflight } from '../workflow/replay/preflight.ts';
import { connectedIn } from '../workflow/replay/recorded-answers.ts';
import { definitionNamed, type NamedDefinition } from './definition-named.ts';
import { openToRead } from './home-of.ts';
import { wholeNumber } from './number-option.ts';
import { printJson } from './render/list.ts';
import { type PreflightRun, type PreflightView, preflightText } from './render/preflight-text.ts';
import { argument, type Invocation } from './verb.ts';

const DEFAULT_LAST = 20;
const MAX_LAST = 1_000;
/** With their differences; the counts are of all of them. */
const SHOWN = 20;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const last = wholeNumber(invocation, 'last', 1, MAX_LAST) ?? DEFAULT_LAST;
  const named = await definitionNamed(invocation, argument(invocation, 0));
  const home = await openToRead(invocation);
  const { id } = named.definition;
  const rows = home === null ? [] : listRuns(home.index, { workflow: id, limit: last });
  const leftOut: { runId: string; reason: string }[] = [];
  const differing: PreflightRun[] = [];
  const counts = new Map<ChangeKind, number>();
  for (const { runId, task, createdAt } of rows) {
    const changes = home === null ? [] : await changesOf(home, named, runId);
    if (typeof changes === 'string') leftOut.push({ runId, reason: changes });
    else if (changes.length > 0) differing.push({ runId, task, createdAt, changes: changes.map(withLines) });
    else continue;
    for (const what of new Set(typeof changes === 'string' ? [] : changes.map((one) => one.what)))
      counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const looked = rows.length - leftOut.length;
  const view: PreflightView = {
    schema: 'wf.preflight/1',
    definition: { id, file: named.file, hash: named.hash },
    runs: looked,
    same: looked - differing.length,
    changed: Object.fromEntries(
      CHANGE_KINDS.map((what) => [what, counts.get(what) ?? 0]),
    ) as PreflightView['changed'],
    differing: differing.slice(0, SHOWN),
    leftOut,
  };
  if (invocation.json) printJson(invocation, view);
  else invocation.io.out(preflightText(view));
  return differing.length === 0 ? ExitCode.ok : ExitCode.bug;
}

/** A sentence where the run cannot be asked about. */
async function changesOf(
  home: OpenHome,
  named: NamedDefinition,
  runId: string,
): Promise<readonly Change[] | string> {
  const recorded = await recordedRun(home.ports, runId);
  if (typeof recorded === 'string') return recorded;
  const { run, events } = recorded;
  const pinned = await pinnedDefinition(home.ports, run.workflowId, run.definitionHash).catch(() => null);
  const ranWith = pinned === null ? null : contextOf(home, recorded, pinned, run.definitionHash);
  if (ranWith === null || isRefusal(ranWith)) return 'the definition it ran with cannot be read';
  return preflight(ranWith, contextOf(home, recorded, named.definition, named.hash), run, events);
}

export function contextOf(
  { ports }: OpenHome,
  { run, input: text }: RecordedRun,
  definition: Definition,
  definitionHash: string,
): RunContext | Refusal {
  const input = inputFor(definition, text);
  if (isRefusal(input)) return input;
  const { home, sha256 } = ports;
  return { definition, definitionHash, input, home, connected: connectedIn(run), sha256 };
}

const withLines = (change: Change): PreflightRun['changes'][number] => ({
  ...change,
  step: change.step ?? null,
  lines: change.what === 'message' ? lineDiff(change.before ?? '', change.after ?? '') : [],
});
