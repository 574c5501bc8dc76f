/**
 * `wf why --not <key|time|last>`: why something did not run. A key is answered from its own stream; a time, and
 * `last`, from one walk through the log, for requests that started nothing are in no index.
 */
import { systemClock } from '../effects/clock.ts';
import { loadState } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, notFoundError, usageError } from '../errors.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { workflowStream } from '../events/streams.ts';
import { keysNamed } from '../home/key-lookup.ts';
import { scheduledWorkflows } from '../home/standing-rows.ts';
import { didRun, type NotRun, notRun } from '../projections/why/key-sentences.ts';
import { nowOf } from '../projections/why/now.ts';
import { isAbout, type NumberedSkip, slotNotRun } from '../projections/why/slot-sentences.ts';
import { DURATION_HELP } from '../workflow/duration.ts';
import { openToRead } from './home-of.ts';
import { printJson } from './render/list.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { minute, safe } from './render/text.ts';
import { timedLines } from './render/why-text.ts';
import { type TimeSpan, timeSpanOf } from './time-span.ts';
import { type Invocation, option } from './verb.ts';
import { asKeyEvent } from './why.ts';

/** Newest last; what is older was the same, mostly. */
const MOST_SHOWN = 20;

type Found = {
  /** Requests that started nothing, oldest first. */
  readonly items: readonly NotRun[];
  /** How many there are, shown or not. */
  readonly total: number;
  /** Runs that were started for what was asked about. */
  readonly started: number;
};

export async function whyNot(invocation: Invocation, asked: string): Promise<ExitCode> {
  const span = timeSpanOf(asked, systemClock.now());
  if (span === null && asked.trim() === '')
    throw usageError('why-not-what', '--not needs a key, a time or `last`', {
      where: '--not',
      hint: `For example: --not last, --not 2026-11-23, or ${DURATION_HELP}.`,
    });
  const home = await openToRead(invocation);
  if (home === null) {
    if (invocation.json) print(invocation, asked, span, { items: [], total: 0, started: 0 }, []);
    else invocation.io.out(nothingYet(invocation));
    return ExitCode.ok;
  }
  const workflow = option(invocation, 'workflow');
  const found =
    asked === 'last' || span !== null
      ? await walk(home, asked === 'last', span, workflow)
      : await ofKey(home, asked, workflow);
  print(invocation, asked, span, found, await runsInTheWay(home, found.items));
  return ExitCode.ok;
}

/** What the runs that answered are doing now: a closed gate is why nothing has happened although they "ran". */
async function runsInTheWay(home: OpenHome, items: readonly NotRun[]): Promise<readonly RunNow[]> {
  const ids = [...new Set(items.flatMap(({ runId }) => (runId === null ? [] : [runId])))];
  const runs: RunNow[] = [];
  for (const runId of ids) {
    const state = await loadState(home, runId);
    if (state.version > 0) runs.push({ runId, status: state.status, now: nowOf(state) });
  }
  return runs;
}

type RunNow = { readonly runId: string; readonly status: string; readonly now: string };

async function ofKey(home: OpenHome, key: string, workflow: string | undefined): Promise<Found> {
  const keys = keysNamed(home.index, key, workflow);
  const slots = key.includes('@') ? await skippedSlots(home, key, workflow) : [];
  if (keys.length === 0 && slots.length > 0) return { items: slots, total: slots.length, started: 0 };
  if (keys.length === 0)
    throw notFoundError('key-unknown', `nobody has asked for anything with the key ${JSON.stringify(key)}`, {
      where: '--not',
      hint: 'So nothing ran. Keys are shown by `wf show` and `wf run … --dry-run`; a time shows all of its requests: --not 2h',
    });
  const items: NotRun[] = [];
  let total = 0;
  let started = 0;
  for (const { stream } of keys) {
    let claimed: NotRun | null = null;
    let answered = false;
    for await (const stored of home.store.read(stream)) {
      const event = asKeyEvent(stored);
      if (event.type === 'KeyClaimed') {
        claimed = didRun(event);
        started += event.data.runVersion === 0 ? 1 : 0;
      }
      const item = notRun(event);
      if (item === null) continue;
      answered = true;
      total += 1;
      items.push(item);
      if (items.length > MOST_SHOWN) items.shift();
    }
    // Never refused and never reused: the run there is may be what waits.
    if (claimed !== null && !answered) items.push(claimed);
  }
  return { items: items.toSorted((a, b) => a.seq - b.seq), total, started };
}

/** A slot's key, `<schedule>@<time>`: one that was skipped was never asked for. */
async function skippedSlots(
  home: OpenHome,
  key: string,
  workflow: string | undefined,
): Promise<readonly NotRun[]> {
  const items: NotRun[] = [];
  for (const id of scheduledWorkflows(home.index)) {
    if (workflow !== undefined && id !== workflow) continue;
    for await (const stored of home.store.read(workflowStream(id))) {
      if (stored.type !== 'ScheduleSlotSkipped') continue;
      const skip = asSkip(stored);
      if (isAbout(skip, key)) items.push(slotNotRun(skip));
    }
  }
  return items;
}

/** The type was just looked at; the store has checked the version. */
const asSkip = (stored: StoredEvent): NumberedSkip => stored as unknown as NumberedSkip;

async function walk(
  home: OpenHome,
  onlyLast: boolean,
  span: TimeSpan | null,
  workflow: string | undefined,
): Promise<Found> {
  const items: NotRun[] = [];
  let total = 0;
  let started = 0;
  for await (const stored of home.store.readAll(null)) {
    if (!stored.stream.startsWith('key/') && stored.type !== 'ScheduleSlotSkipped') continue;
    if (span !== null && (stored.ts < span.from || stored.ts >= span.to)) continue;
    if (stored.type === 'ScheduleSlotSkipped') {
      const skip = asSkip(stored);
      if (workflow !== undefined && skip.data.workflowId !== workflow) continue;
      total += 1;
      items.push(slotNotRun(skip));
      if (items.length > (onlyLast ? 1 : MOST_SHOWN)) items.shift();
      continue;
    }
    const event = asKeyEvent(stored);
    if (workflow !== undefined && event.data.workflowId !== workflow) continue;
    if (event.type === 'KeyClaimed' && event.data.runVersion === 0) started += 1;
    const item = notRun(event);
    if (item === null) continue;
    total += 1;
    items.push(item);
    if (items.length > (onlyLast ? 1 : MOST_SHOWN)) items.shift();
  }
  return { items, total: onlyLast ? items.length : total, started };
}

function print(
  invocation: Invocation,
  asked: string,
  span: TimeSpan | null,
  { items, total, started }: Found,
  runs: readonly RunNow[],
): void {
  if (invocation.json) {
    const where = span === null ? {} : { from: span.from, to: span.to };
    printJson(invocation, { schema: 'wf.why-not/1', asked, ...where, total, started, items, runs });
    return;
  }
  const when = span === null ? '' : ` between ${minute(span.from)} and ${minute(span.to)} (UTC)`;
  const runsStarted = `${started} run${started === 1 ? '' : 's'} started`;
  if (items.length === 0) {
    invocation.io.out(
      `No request is recorded that started nothing${when}; ${runsStarted}. What nobody asked for did not run.\n`,
    );
    return;
  }
  const left = total > items.length ? `  … ${total - items.length} older\n` : '';
  const now = runs.map(({ runId, now: text }) => `  run ${runId}: ${safe(text)}\n`).join('');
  invocation.io.out(`${left}${timedLines(items)}${now === '' ? '' : `now\n${now}`}`);
}
