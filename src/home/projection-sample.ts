/**
 * A quick look at projections, beside projection-check.ts, which compares all of them: every name, the counts, the
 * map, the markers, and the files of some runs byte for byte. It holds the write lock for a moment at a time, so that
 * a home at work goes on; what is being written just then is not judged.
 */
import type { StoredEvent } from '../events/envelope.ts';
import type { StoredRunEvent } from '../events/run-events.ts';
import { runStream } from '../events/streams.ts';
import type { EventStore } from '../log/event-store.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { markerPath, runFiles } from '../projections/run-files.ts';
import { evolveRunFold, noRunFold } from '../projections/run-row.ts';
import { blobText } from './blob-text.ts';
import type { ProjectorDeps } from './fold-range.ts';
import { hasFiles } from './kept-files.ts';
import { indexJsonBytes } from './key-rows.ts';
import { LogEvents } from './log-events.ts';
import { firstDifference, type ProjectionProblem } from './projection-check.ts';
import { compareNames } from './projection-names.ts';
import { offsetsOf, readCheckpoint } from './stream-index.ts';
import { beginWrite, rollback } from './transaction.ts';
import { markerBytes } from './workflow-rows.ts';
import { writablePath } from './writable-path.ts';

const fs = process.getBuiltinModule('node:fs');

export type SampleDeps = Omit<ProjectorDeps, 'store'> & {
  readonly store: Pick<EventStore, 'head' | 'headOf'>;
};
export type Sample = {
  readonly problems: readonly ProjectionProblem[];
  /** Runs whose files were compared, and how many there are. */
  readonly compared: number;
  readonly runs: number;
};
type OnProgress = (done: number, total: number) => void;

/** Compared in one hold of the lock: some ten milliseconds. */
const BATCH_RUNS = 25;
const NEWEST = 200;
const LIVE = 200;
const SPREAD = 100;

export async function sampleProjections(deps: SampleDeps, onProgress?: OnProgress): Promise<Sample> {
  const { index } = deps;
  const problems = [...(await small(deps)), ...(await compareNames(deps))];
  const chosen = choose(deps);
  for (let at = 0; at < chosen.length; at += BATCH_RUNS) {
    problems.push(...(await compareRuns(deps, chosen.slice(at, at + BATCH_RUNS))));
    onProgress?.(at, chosen.length);
  }
  const runs = index.get<{ n: number }>('SELECT count(*) AS n FROM runs')?.n ?? 0;
  return { problems, compared: chosen.length, runs };
}

/** The newest, those under way, and some of all times. */
function choose({ index }: SampleDeps): readonly string[] {
  const ids = (sql: string, ...params: (number | string)[]): string[] =>
    index.all<{ runId: string }>(sql, ...params).map(({ runId }) => runId);
  const chosen = new Set(ids('SELECT runId FROM runs ORDER BY firstSeq DESC LIMIT ?', NEWEST));
  for (const status of ['running', 'waiting'])
    for (const id of ids('SELECT runId FROM runs WHERE status = ? LIMIT ?', status, LIVE)) chosen.add(id);
  const last = index.get<{ seq: number | null }>('SELECT max(firstSeq) AS seq FROM runs')?.seq ?? 0;
  for (let n = 0; n < SPREAD; n++) {
    const from = Math.floor((last * n) / SPREAD);
    for (const id of ids('SELECT runId FROM runs WHERE firstSeq >= ? ORDER BY firstSeq LIMIT 1', from))
      chosen.add(id);
  }
  return [...chosen];
}

/** Under the write lock files and rows stand at the same place, unless a process died between them. */
async function locked<T>(deps: SampleDeps, work: (log: LogEvents) => T): Promise<T> {
  const { index } = deps;
  await beginWrite(index);
  const log = new LogEvents(deps.fs, deps.paths.log);
  try {
    return work(log);
  } finally {
    log.close();
    rollback(index);
  }
}

async function compareRuns(deps: SampleDeps, runIds: readonly string[]): Promise<ProjectionProblem[]> {
  const found = await locked(deps, (log) =>
    runIds.flatMap((runId) => {
      const problems = compareRun(deps, log, runId);
      return problems.version === 0 ? [] : [{ runId, ...problems }];
    }),
  );
  const judged: ProjectionProblem[] = [];
  for (const { runId, version, problems } of found) {
    // Files go before rows: where the log has more, they may be ahead, and the next command writes them again.
    const isAhead = problems.length > 0 && (await deps.store.headOf(runStream(runId))) > version;
    if (!isAhead) judged.push(...problems);
  }
  return judged;
}

function compareRun(
  { index, paths, blobs, allowedRoots }: SampleDeps,
  log: LogEvents,
  runId: string,
): { readonly version: number; readonly problems: readonly ProjectionProblem[] } {
  let fold = noRunFold;
  for (const offset of offsetsOf(index, runStream(runId), 1))
    fold = evolveRunFold(fold, log.at(offset) as StoredEvent & StoredRunEvent);
  const { state } = fold;
  if (state.runId !== runId) {
    const path = `state/index.db#stream_offsets/${runStream(runId)}`;
    return { version: Number.POSITIVE_INFINITY, problems: [{ path, problem: 'different' }] };
  }
  const isKept = hasFiles(index, runId);
  const problems: ProjectionProblem[] = [];
  for (const [path, whole] of runFiles(state, blobText(blobs))) {
    // A copy that was delivered elsewhere stays when the run's files go.
    const isOurs = PROJECTED_DIRS.some((dir) => path.startsWith(`${dir}/`));
    if (!isKept && !isOurs) continue;
    const text = isKept ? whole : null;
    const file = placeOf(paths.home, allowedRoots, path);
    if (file !== null) problems.push(...compare(path, file, text));
  }
  return { version: state.version, problems };
}

/** A copy of a summary stands where a user wanted it; one that may not be written is not there. */
const placeOf = (home: string, allowedRoots: readonly string[], path: string): string | null =>
  PROJECTED_DIRS.some((dir) => path.startsWith(`${dir}/`))
    ? `${home}/${path}`
    : writablePath(home, allowedRoots, path);

function compare(path: string, file: string, wanted: string | null): ProjectionProblem[] {
  const found =
    fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true ? fs.readFileSync(file) : null;
  if (wanted === null) return found === null ? [] : [{ path, problem: 'unexpected' }];
  if (found === null) return [{ path, problem: 'missing' }];
  const expected = Buffer.from(wanted);
  return found.equals(expected) ? [] : [{ path, problem: 'different', at: firstDifference(expected, found) }];
}

/** The map, the markers and the counts: few, and each is one query away. */
async function small(deps: SampleDeps): Promise<ProjectionProblem[]> {
  const { index, paths } = deps;
  const { seq, problems } = await locked(deps, () => {
    const tools = index.all<{ tool: string }>('SELECT DISTINCT tool FROM tools').map(({ tool }) => tool);
    return {
      seq: readCheckpoint(index)?.seq ?? 0,
      problems: [
        ...compare('state/index.json', paths.indexJson, indexJsonBytes(index)),
        ...tools.flatMap((tool) => {
          const path = markerPath(tool);
          return compare(path, `${paths.home}/${path}`, markerBytes(index, tool));
        }),
      ],
    };
  });
  const isAhead = ((await deps.store.head())?.seq ?? 0) > seq;
  const counts = index.all<{ status: string }>(
    `SELECT status FROM (SELECT status, count(*) AS n FROM runs GROUP BY status) AS r
     WHERE n != ifnull((SELECT n FROM counters WHERE name = 'runs.' || r.status), 0)`,
  );
  return [
    ...(isAhead ? [] : problems),
    ...counts.map(({ status }): ProjectionProblem => {
      return { path: `state/index.db#counters/runs.${status}`, problem: 'different' };
    }),
  ];
}
