/** How long each stage, attempt and wait of a run took, as bars on one scale. Pure: the same run, the same picture. */
import { DELIVER_PREFIX, stageOfAct } from '../../workflow/acts.ts';
import type { RunState } from '../../workflow/state.ts';
import { duration, oneLine } from './text.ts';

/** A run that took less has no picture worth looking at, and a stage that took less than a tenth of it no row. */
const SHORTEST_MS = 1000;
const BAR_COLUMNS = 40;
const NAME_COLUMNS = 22;

type Span = {
  readonly name: string;
  /** Part of the stage above it. */
  readonly inner: boolean;
  readonly from: number;
  readonly to: number;
  /** Somebody or a time was waited for: nothing was at work. */
  readonly waited: boolean;
};

export type TimelineContext = { readonly nowMs: number; readonly unicode: boolean };

/** Empty where there is nothing to compare. */
export function timeline(run: RunState, context: TimelineContext): string {
  const spans = spansOf(run, context.nowMs);
  const from = Date.parse(run.createdAt);
  const to = Math.max(...spans.map((span) => span.to));
  if (!(to - from >= SHORTEST_MS) || run.imported !== undefined || run.erased !== null) return '';
  const rows = spans
    .filter((span) => span.inner || span.to - span.from >= SHORTEST_MS / 10)
    .map((span) => {
      const name = `${span.inner ? '  ' : ''}${oneLine(span.name, NAME_COLUMNS - 2)}`.padEnd(NAME_COLUMNS);
      return `  ${name} ${bar(span, from, to - from, context.unicode)} ${duration(span.to - span.from)}\n`;
    });
  return `Time\n${rows.join('')}`;
}

function bar(span: Span, from: number, total: number, unicode: boolean): string {
  const at = (ms: number): number => Math.floor(((ms - from) / total) * BAR_COLUMNS);
  const start = Math.min(Math.max(0, at(span.from)), BAR_COLUMNS - 1);
  const length = Math.max(
    1,
    Math.min(BAR_COLUMNS, Math.round(((span.to - from) / total) * BAR_COLUMNS)) - start,
  );
  const mark = span.waited ? (unicode ? '░' : '.') : unicode ? '█' : '#';
  return `${' '.repeat(start)}${mark.repeat(length)}`.padEnd(BAR_COLUMNS);
}

/** Stages in their order, each followed by its attempts and questions where those say more than the stage does. */
function spansOf(run: RunState, nowMs: number): readonly Span[] {
  const end = run.finishedAt === null && run.status === 'running' ? nowMs : Date.parse(run.updatedAt);
  const spans: Span[] = [];
  for (const { name, startedAt, finishedAt } of run.stages) {
    const acts = run.effects.filter(({ step }) => stageOfAct(step) === name);
    if (startedAt === null && acts.length === 0) continue;
    const began = Math.min(
      ...[...acts.map(({ intendedAt }) => intendedAt), ...(startedAt === null ? [] : [startedAt])].map(
        Date.parse,
      ),
    );
    const ended = finishedAt === null || Date.parse(finishedAt) < began ? end : Date.parse(finishedAt);
    spans.push({ name, inner: false, from: began, to: ended, waited: false });
    spans.push(...questions(run, name, began, ended, nowMs));
    if (acts.length < 2) continue;
    for (const { step, attempt, intendedAt, endedAt } of acts) {
      const from = Date.parse(intendedAt);
      spans.push({
        name: `${step.startsWith(DELIVER_PREFIX) ? step.slice(DELIVER_PREFIX.length) : step}${attempt > 1 ? `, attempt ${attempt}` : ''}`,
        inner: true,
        from,
        to: endedAt === null ? Math.max(from, end) : Date.parse(endedAt),
        waited: false,
      });
    }
  }
  return spans;
}

/** A person was asked while the stage stood still. */
function questions(run: RunState, stage: string, began: number, ended: number, nowMs: number): Span[] {
  if (stage !== 'execute' && stage !== 'deliver') return [];
  return run.approvals.flatMap(({ requestedAt, decidedAt, status }) => {
    const from = Date.parse(requestedAt);
    if (from < began || from > ended) return [];
    const to = decidedAt === undefined ? (status === 'pending' ? nowMs : ended) : Date.parse(decidedAt);
    return [{ name: 'waits for a yes', inner: true, from, to, waited: true }];
  });
}
