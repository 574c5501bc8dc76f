/**
 * One pass over events of the log: rows into `index.db`, files into a sink. Catching up, rebuilding and checking
 * are this same code over different ranges and places, which is why their results are the same bytes.
 */
import type { StoredEvent } from '../events/envelope.ts';
import type { KeyEvent } from '../events/key-events.ts';
import type { NotifyEvent } from '../events/notify-events.ts';
import type { StoredRunEvent } from '../events/run-events.ts';
import { familyOf, keyStream, runIdOf, runStream } from '../events/streams.ts';
import type { SystemEvent } from '../events/system-events.ts';
import type { ToolEvent } from '../events/tool-events.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import type { Sha256Hex } from '../log/event-store.ts';
import { markerPath, taskPath } from '../projections/run-files.ts';
import { evolveRunFold, noRunFold, type RunFold, type RunRow } from '../projections/run-row.ts';
import { blobText } from './blob-text.ts';
import type { HomeBlobs } from './blobs.ts';
import type { FileSink } from './file-sink.ts';
import type { IndexDb } from './index-db.ts';
import { dropFiles, KeptFiles, type KeptRow } from './kept-files.ts';
import { type AnswerChange, answerKey, indexJsonBytes, writeKeyEvent } from './key-rows.ts';
import type { LocatedEvent, LogEvents, LogLine } from './log-events.ts';
import { writeNotifyEvent } from './notify-rows.ts';
import { writeRunFiles } from './run-file-writer.ts';
import { type FoldedRun, type RunRowBefore, type RunRows, rowsOf, writeRun } from './run-rows.ts';
import { writePauseEvent, writeScheduleEvent } from './standing-rows.ts';
import { OffsetBuffer, offsetsOf } from './stream-index.ts';
import { markerBytes, writeToolEvent, writeWorkflowEvent } from './workflow-rows.ts';

/** Folds kept between passes, so that a run in progress is not read again from its first event. */
export type FoldCache = Map<string, RunFold>;
const MAX_CACHED_FOLDS = 1_000;
/** Runs held in memory while their files are written again. */
const MAX_TOUCHED = 1_000;

export type FoldContext = {
  readonly index: IndexDb;
  readonly log: LogEvents;
  readonly sink: FileSink;
  readonly blobs: Pick<HomeBlobs, 'getSync'>;
  readonly sha256: Sha256Hex;
  readonly cache: FoldCache;
  /** How many of the newest runs have files. */
  readonly keptRuns: number;
  /** Whether files go where those of earlier passes are: a run without a row may have some, written before its turn. */
  readonly inPlace?: boolean;
  /** Whether others fold runs of this range too, see {@link LogFold.take}. */
  readonly sharesRuns?: boolean;
  /** Makes the map from what changed since it last did, where somebody remembers it. */
  readonly map?: { readonly bytes: (changes: readonly AnswerChange[]) => string };
};

type Written = {
  readonly fold: RunFold;
  readonly row: RunRow;
  readonly before: RunRowBefore | undefined;
  /** Whose files are there, by the hand of this process. */
  readonly since: RunFold | undefined;
};

export class LogFold {
  readonly #context: FoldContext;
  readonly #resolve: ReturnType<typeof blobText>;
  readonly #kept: KeptFiles;
  readonly #offsets = new OffsetBuffer();
  readonly #runs = new Map<string, RunFold>();
  readonly #taken: FoldedRun[] = [];
  /** Runs whose files were taken away; empty where nobody else writes them. */
  readonly #dropped = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #tools = new Set<string>();
  /** Whether `state/index.json` has to be written. */
  #mapChanged = false;
  /** Noted only for who remembers the map. */
  readonly #answers: AnswerChange[] = [];

  constructor(context: FoldContext) {
    this.#context = context;
    this.#resolve = blobText(context.blobs);
    this.#kept = new KeptFiles(context.index, context.keptRuns);
  }

  apply({ event, lineOffset }: LocatedEvent): void {
    const { index } = this.#context;
    this.#offsets.add(event.stream, event.streamVersion, lineOffset);
    // The family of the stream says which events it can hold; the log's types were checked when it was read.
    switch (familyOf(event.stream)) {
      case 'run':
        this.#applyToRun(event);
        return;
      case 'key':
        writeKeyEvent(index, event as StoredEvent & KeyEvent);
        if (event.type === 'KeyClaimed') this.#keys.add(event.stream);
        return;
      case 'tool':
        writeToolEvent(index, event as StoredEvent & ToolEvent);
        this.#tools.add((event as StoredEvent & ToolEvent).data.tool);
        return;
      case 'system':
        writePauseEvent(index, event as StoredEvent & SystemEvent);
        return;
      case 'workflow':
        writePauseEvent(index, event as StoredEvent & WorkflowEvent);
        writeScheduleEvent(index, event as StoredEvent & WorkflowEvent);
        writeWorkflowEvent(index, event as StoredEvent & WorkflowEvent, lineOffset, this.#resolve);
        return;
      case 'notify':
        writeNotifyEvent(index, event as StoredEvent & NotifyEvent);
        return;
    }
  }

  /** Writes everything touched since the last flush. Memory is bounded by how often this is called. */
  flush(): void {
    const { index, sink, cache, map } = this.#context;
    this.#offsets.flush(index);
    const written: Written[] = [];
    for (const [runId, fold] of this.#runs) {
      const cached = cache.get(runId);
      remember(cache, runId, fold);
      if (fold.state.runId !== runId) continue;
      const { row, before } = this.#writeRows(rowsOf(fold));
      // What had no row was written before its turn; what was pushed out has lost its files.
      const since = before === undefined || this.#kept.isNew(before) ? cached : undefined;
      this.#kept.enter(row, before);
      written.push({ fold, row, before, since });
    }
    const taken = this.#taken.splice(0);
    for (const rows of taken) {
      const { row, before } = this.#writeRows(rows);
      this.#kept.enter(row, before);
    }
    // Who is pushed out is known before a file is written: what one flush brings in and drops again is never made.
    for (const row of this.#kept.pushOut()) if (!this.#runs.has(row.runId)) this.#drop(row);
    for (const one of written) this.#settleFiles(one);
    for (const { row, hasFiles } of taken) if (hasFiles && !this.#kept.has(row)) this.#drop(row);
    for (const stream of this.#keys) {
      const change = answerKey(index, stream);
      if (change === null) continue;
      this.#mapChanged = true;
      if (map !== undefined) this.#answers.push(change);
    }
    for (const tool of this.#tools) sink.own(markerPath(tool), markerBytes(index, tool));
    this.#runs.clear();
    this.#keys.clear();
    this.#tools.clear();
  }

  /** A line of a run that somebody else folds: only its place is noted here. */
  note({
    stream,
    streamVersion,
    lineOffset,
  }: Pick<LogLine, 'stream' | 'streamVersion' | 'lineOffset'>): void {
    this.#offsets.add(stream, streamVersion, lineOffset);
  }

  /** Runs that somebody else has folded and made files of; their lines were noted, and the next flush writes the rows. */
  take(runs: readonly FoldedRun[]): void {
    for (const run of runs) {
      // Its files were taken away here while they were made there: from then on it is folded here.
      if (this.#dropped.has(run.row.runId)) this.touchRun(run.row.runId);
      else this.#taken.push(run);
    }
  }

  /** Before a long range, see {@link KeptFiles.raiseFloor}. */
  skipFilesBefore(floor: number): void {
    const { index, sink } = this.#context;
    for (const row of this.#kept.raiseFloor(floor)) dropFiles(index, sink, row);
  }

  /** Before a range: another number of runs keeps its files since the last one. */
  settleKeptRuns(): void {
    for (const row of this.#kept.settleLimit()) this.touchRun(row.runId);
    this.flush();
  }

  /** Takes files away again that a power cut may have brought back, see {@link KeptFiles.droppedSince}. */
  dropSince(floor: number, gone: number): void {
    const { index, sink } = this.#context;
    for (const row of this.#kept.droppedSince(floor, gone)) dropFiles(index, sink, row);
  }

  /** After the last flush: the map is written once, however many runs finished. */
  finish(options: { readonly writeMap: boolean }): void {
    this.#kept.save();
    if (!this.#mapChanged && !options.writeMap) return;
    const { index, sink, map } = this.#context;
    sink.own('state/index.json', map?.bytes(this.#answers) ?? indexJsonBytes(index));
  }

  /** Marks a run or tool as touched without a new event, so that its files are written again. */
  touchRun(runId: string): void {
    if (!this.#runs.has(runId)) this.#runs.set(runId, this.#load(runId, Number.POSITIVE_INFINITY));
    this.#context.cache.delete(runId);
    if (this.#runs.size >= MAX_TOUCHED) this.flush();
  }

  touchTool(tool: string): void {
    this.#tools.add(tool);
  }

  #applyToRun(event: StoredEvent): void {
    const runId = runIdOf(event.stream);
    if (runId === undefined) return;
    let fold = this.#runs.get(runId) ?? this.#context.cache.get(runId);
    // Folded before its turn, up to an event that is on disk and so within this pass.
    const isAhead = fold !== undefined && fold.state.version >= event.streamVersion;
    if (fold === undefined || (!isAhead && fold.state.version !== event.streamVersion - 1)) {
      fold = this.#load(runId, event.streamVersion - 1);
    }
    this.#runs.set(runId, isAhead ? fold : evolveRunFold(fold, event as StoredEvent & StoredRunEvent));
  }

  /** From the run's own lines, found through the offsets flushed before. */
  #load(runId: string, throughVersion: number): RunFold {
    let fold = noRunFold;
    if (throughVersion === 0) return fold;
    for (const offset of offsetsOf(this.#context.index, runStream(runId), 1)) {
      const event = this.#context.log.at(offset) as StoredEvent & StoredRunEvent;
      if (event.streamVersion > throughVersion) break;
      fold = evolveRunFold(fold, event);
    }
    return fold;
  }

  #writeRows(rows: RunRows): Pick<Written, 'row' | 'before'> {
    const { index, sink, sha256 } = this.#context;
    const { row, before, oldTasks } = writeRun(index, rows);
    for (const taskId of oldTasks) sink.own(taskPath(taskId), null);
    this.#keys.add(keyStream(sha256(`${row.workflowId}\n${row.key}`)));
    return { row, before };
  }

  #drop(row: KeptRow): void {
    const { index, sink, sharesRuns } = this.#context;
    if (sharesRuns === true) this.#dropped.add(row.runId);
    dropFiles(index, sink, row);
  }

  #settleFiles({ fold, row, before, since }: Written): void {
    const { index, sink, inPlace } = this.#context;
    if (this.#kept.has(row)) {
      if (before !== undefined && before.copyFile !== null && before.copyFile !== row.copyFile)
        sink.copy(before.copyFile, null);
      writeRunFiles(sink, this.#resolve, fold, {
        copy: row.copyFile,
        isNew: before === undefined,
        since,
      });
    } else if (before !== undefined) {
      dropFiles(index, sink, before.copyFile === null ? row : { ...row, copyFile: before.copyFile });
    } else if (inPlace === true) {
      // It has ended and was given up within one pass. No copy: that place may be another run's by now.
      dropFiles(index, sink, { ...row, copyFile: null });
    }
  }
}

export function remember(cache: FoldCache, runId: string, fold: RunFold): void {
  cache.delete(runId);
  const { status } = fold.state;
  // What ended is rarely touched again.
  if (status === 'completed' || status === 'failed' || status === 'cancelled') return;
  cache.set(runId, fold);
  if (cache.size <= MAX_CACHED_FOLDS) return;
  const [oldest] = cache.keys();
  if (oldest !== undefined) cache.delete(oldest);
}
