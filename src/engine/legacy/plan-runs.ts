/**
 * Runs and keys of the script engine as commits of ours. Where its files contradict each other the run's own record
 * is believed: it was written last and whole, while its log has one line a run from before the run had ended.
 */
import { runStream } from '../../events/streams.ts';
import type { LegacyHome, LegacyItem } from '../../home/legacy-files.ts';
import type { LegacyRecord } from '../../home/legacy-record.ts';
import { streamOfKey } from '../key-claims.ts';
import type { EnginePorts } from '../ports.ts';
import type { Known, PlannedItem } from './plan.ts';

export type Contradiction = { readonly runId?: string; readonly what: string; readonly rule: string };
type Ports = Pick<EnginePorts, 'sha256' | 'redact' | 'randomWord'>;
type Run = LegacyItem<LegacyRecord>;

const MAX_ERROR_CHARS = 2_000;
const BELIEVED = 'the record is believed';

export function planRuns(
  ports: Ports,
  legacy: LegacyHome,
  known: Known,
): { readonly items: readonly PlannedItem[]; readonly contradictions: readonly Contradiction[] } {
  const contradictions: Contradiction[] = [];
  const items: PlannedItem[] = [];
  const byAge = legacy.runs.toSorted((a, b) => compare(a.value.createdAt, b.value.createdAt));
  const finished = new Map<string, string>();
  for (const run of byAge) {
    const { runId, workflowId, idempotencyKey, status, createdAt, updatedAt } = run.value;
    const keyOf = `${workflowId}\n${idempotencyKey}`;
    const before = finished.get(keyOf);
    // The script engine never started a finished key again unless it was forced to.
    const forced = before !== undefined && before <= createdAt;
    if (status === 'completed') finished.set(keyOf, updatedAt);
    const isOther = known.version(runStream(runId)) > 0 && !known.causes.has(`legacy:${run.hash}`);
    if (isOther) {
      contradictions.push({
        runId,
        what: `${run.file} differs from the run ${runId} that is here already`,
        rule: 'what is here stays',
      });
      continue;
    }
    contradictions.push(...contradictionsOf(run, legacy));
    items.push(importedRun(ports, run, forced));
  }
  const claims = claimOrder(byAge, legacy.index).filter((run) =>
    items.some((item) => item.cause === `legacy:${run.hash}`),
  );
  for (const run of claims) {
    const { runId, workflowId, idempotencyKey } = run.value;
    const stream = streamOfKey(ports, workflowId, redacted(ports, idempotencyKey));
    if (known.ownClaims.has(stream)) {
      contradictions.push({
        runId,
        what: `its key was used in this home, too`,
        rule: 'a request for it is answered as this home would have answered it',
      });
      continue;
    }
    const forced = items.find((item) => item.cause === `legacy:${run.hash}`)?.forced ?? false;
    items.push(claim(ports, run, stream, forced));
  }
  contradictions.push(...lostEntries(legacy));
  return { items, contradictions };
}

function importedRun(ports: Ports, run: Run, forced: boolean): PlannedItem {
  const { value } = run;
  const input = ports.redact(value.input.trim());
  const isOver = value.status === 'completed' || value.status === 'failed';
  const error = value.status === 'completed' ? null : errorOf(ports, value, isOver);
  const stdout = value.context?.execution?.stdout;
  return {
    kind: 'runs',
    cause: `legacy:${run.hash}`,
    stream: runStream(value.runId),
    occurredAt: value.createdAt,
    forced,
    events: [
      {
        type: 'RunImported',
        // Until its end: that is when the record got what it says.
        at: value.updatedAt,
        data: {
          runId: value.runId,
          workflowId: value.workflowId,
          key: redacted(ports, value.idempotencyKey),
          inputHash: ports.sha256(value.input.trim().toWellFormed()),
          input: input.text.toWellFormed(),
          redactions: input.count,
          forced,
          status: value.status === 'completed' ? 'completed' : 'failed',
          createdAt: value.createdAt,
          finishedAt: value.updatedAt,
          ...(value.context?.route === undefined ? {} : { route: redacted(ports, value.context.route) }),
          stages: value.stages.map((stage) => ({
            stage: stage.name,
            status: stage.status,
            attempts: stage.attempts,
            ...(stage.startedAt == null ? {} : { startedAt: stage.startedAt }),
            ...(stage.finishedAt == null ? {} : { finishedAt: stage.finishedAt }),
            ...(stage.error == null ? {} : { error: short(ports, stage.error) }),
          })),
          ...(error === null ? {} : { error }),
          ...(stdout === undefined ? {} : { stdout: redacted(ports, stdout) }),
          body: redacted(ports, run.text),
          salt: ports.randomWord(16),
        },
      },
    ],
  };
}

function errorOf(ports: Ports, record: LegacyRecord, isOver: boolean) {
  const started = record.stages.findLast((stage) => stage.attempts > 0)?.name ?? 'intake';
  if (!isOver) {
    const message = `the script engine left it ${JSON.stringify(record.status.slice(0, 40))} at ${started}: whether its act was done is not known`;
    return { stage: started, code: 'legacy-interrupted', message: message.toWellFormed() };
  }
  const failed = record.stages.find((stage) => stage.status === 'failed');
  return {
    stage: failed?.name ?? started,
    code: 'legacy',
    message: short(ports, failed?.error ?? 'the record has no reason'),
  };
}

/** Oldest first, as they were claimed; for each key the run last that the script engine answered with. */
function claimOrder(runs: readonly Run[], index: LegacyHome['index']): readonly Run[] {
  const answers = (run: Run): boolean =>
    run.value.status === 'completed' && index.get(run.value.idempotencyKey) === run.value.runId;
  return [...runs.filter((run) => !answers(run)), ...runs.filter(answers)];
}

function claim(ports: Ports, run: Run, stream: string, forced: boolean): PlannedItem {
  const { runId, workflowId, idempotencyKey, input, createdAt } = run.value;
  const data = {
    workflowId,
    key: redacted(ports, idempotencyKey),
    runId,
    runVersion: 0,
    inputHash: ports.sha256(input.trim().toWellFormed()),
    forced,
  };
  return {
    kind: 'keys',
    cause: `legacy:${run.hash}:key`,
    stream,
    occurredAt: createdAt,
    events: [{ type: 'KeyClaimed', data }],
  };
}

function contradictionsOf(run: Run, legacy: LegacyHome): Contradiction[] {
  const { runId, status, stages, idempotencyKey } = run.value;
  const found: Contradiction[] = [];
  const line = legacy.logLines.findLast((item) => item.value.runId === runId);
  if (line !== undefined && line.value.status !== status)
    found.push({
      runId,
      what: `the log says ${line.value.status}, the record says ${status}`,
      rule: BELIEVED,
    });
  if (status !== 'completed' && status !== 'failed')
    found.push({
      runId,
      what: `the record says ${status}, and nobody is at work on it any more`,
      rule: 'imported as failed (legacy-interrupted): look whether its act was done before the same is asked for again',
    });
  const open = stages.find((stage) => stage.status !== 'completed');
  if (status === 'completed' && open !== undefined)
    found.push({
      runId,
      what: `the record says completed, its stage ${open.name} says ${open.status}`,
      rule: 'completed',
    });
  if (status !== 'completed' && legacy.index.get(idempotencyKey) === runId)
    found.push({
      runId,
      what: `state/index.json answers its key with it, the record says ${status}`,
      rule: BELIEVED,
    });
  return found;
}

/** Keys whose run cannot be imported: their next request starts the work anew, and that has to be said. */
function lostEntries(legacy: LegacyHome): Contradiction[] {
  const runs = new Set(legacy.runs.map((run) => run.value.runId));
  return [...legacy.index].flatMap(([key, runId]) =>
    runs.has(runId)
      ? []
      : [
          {
            runId,
            what: `state/index.json has the key ${key} for it, and there is no good record of it`,
            rule: 'the key is free: the next request for it starts the work again',
          },
        ],
  );
}

const redacted = (ports: Ports, text: string): string => ports.redact(text).text.toWellFormed();
const short = (ports: Ports, text: string): string =>
  redacted(ports, text).slice(0, MAX_ERROR_CHARS).toWellFormed();
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
