/**
 * `wf replay RUN --against DEFINITION`: the recorded requests and effect results, decided again by another definition
 * (or by today's code, where it is the run's own). Nothing of the world is handed in, so nothing of it can be reached.
 * Exit 1 where it comes out otherwise, as for every check that finds a difference.
 */
import { asRunEvent } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { readText } from '../engine/texts.ts';
import { conflictError, ExitCode, isRefusal } from '../errors.ts';
import type { RunEvent } from '../events/run-events.ts';
import { runStream } from '../events/streams.ts';
import { coldSha256 } from '../log/hash.ts';
import { type FoldableEvent, foldRun } from '../workflow/evolve.ts';
import { inputFor } from '../workflow/input-fields.ts';
import { type Divergence, type Replayed, replayAgainst } from '../workflow/replay/replay-against.ts';
import { definitionNamed } from './definition-named.ts';
import { printJson } from './render/list.ts';
import { oneLine } from './render/text.ts';
import type { Invocation } from './verb.ts';

export async function againstDefinition(
  invocation: Invocation,
  home: OpenHome,
  runId: string,
  against: string,
): Promise<ExitCode> {
  const seqs = new Map<number, number>();
  const events: FoldableEvent[] = [];
  for await (const event of home.store.read(runStream(runId))) {
    seqs.set(event.streamVersion, event.seq);
    events.push(asRunEvent(event));
  }
  const state = foldRun(events);
  if (state.erased !== null)
    throw conflictError('run-erased', `the texts of run ${runId} were erased: it cannot be decided again`, {
      hint: `What is left of it: wf show ${runId}`,
    });
  return decideAgainst(invocation, against, {
    runId,
    workflowId: state.workflowId,
    events,
    seqs,
    input: await readText(home.ports.blobs, state.input),
    home: home.paths.home,
  });
}

export type RecordedRun = {
  readonly runId: string;
  readonly workflowId: string;
  readonly events: readonly FoldableEvent[];
  /** Positions in the log by version in the run's stream. */
  readonly seqs: ReadonlyMap<number, number>;
  /** What was asked, whole. */
  readonly input: string;
  readonly home: string;
};

export async function decideAgainst(
  invocation: Invocation,
  against: string,
  { runId, workflowId, events, seqs, input: text, home }: RecordedRun,
): Promise<ExitCode> {
  const { definition, hash, file } = await definitionNamed(invocation, against);
  const input = inputFor(definition, text);
  const { same, divergence } = isRefusal(input)
    ? refused(events[0], input.message)
    : replayAgainst(
        { definition, definitionHash: hash, input, home, connected: {}, sha256: coldSha256 },
        events,
      );
  const view = {
    schema: 'wf.replay-against/1',
    runId,
    workflowId,
    against: { id: definition.id, file, hash },
    events: events.length,
    same,
    divergence: divergence === null ? null : divergenceView(divergence, seqs.get(divergence.n) ?? null),
  };
  if (invocation.json) printJson(invocation, view);
  else invocation.io.out(screen(view));
  return divergence === null ? ExitCode.ok : ExitCode.bug;
}

/** The other definition would not have taken the request at all. */
const refused = (first: FoldableEvent | undefined, reason: string): Replayed => ({
  same: 0,
  divergence: { n: 1, recorded: first ?? null, decided: null, fields: [], reason },
});

function divergenceView(divergence: Divergence, seq: number | null) {
  const { n, recorded, decided, fields, reason } = divergence;
  return {
    n,
    seq,
    recorded: recorded === null ? null : eventView(recorded),
    decided: decided === null ? null : eventView(decided),
    fields: [...fields],
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Without one-time words: a recorded brief's word proves who was given it. */
function eventView({ type, data }: RunEvent) {
  const { nonce, salt: _salt, ...rest } = data as { nonce?: string; salt?: string };
  const text = JSON.stringify(rest);
  return { type, data: JSON.parse(nonce ? text.replaceAll(nonce, '[nonce]') : text) as object };
}

type View = {
  readonly runId: string;
  readonly against: { readonly id: string; readonly hash: string };
  readonly events: number;
  readonly same: number;
  readonly divergence: ReturnType<typeof divergenceView> | null;
};

function screen({ runId, against, events, same, divergence }: View): string {
  const by = `${against.id} (${against.hash.slice(0, 12)})`;
  if (divergence === null)
    return `= run ${runId}: decided again by ${by}, all ${events} events come out the same. Nothing was performed.\n`;
  const { n, seq, recorded, decided, fields, reason } = divergence;
  const where = seq === null ? `after its last event` : `at its event ${n} (#${seq})`;
  const head = `* run ${runId}: decided again by ${by}, it goes another way ${where}, after ${same} that are the same.\n`;
  const why = reason === undefined ? '' : `  why       ${oneLine(reason, WIDTH)}\n`;
  const of = (event: { readonly type: string; readonly data: object } | null): string =>
    event === null ? 'nothing' : `${event.type} ${oneLine(words(event.data, fields), WIDTH)}`.trimEnd();
  return `${head}  recorded  ${of(recorded)}\n  decided   ${of(decided)}\n${why}Nothing was performed.\n`;
}

const WIDTH = 300;

/** What differs; of an event of another type, all there is. */
const words = (data: object, fields: readonly string[]): string =>
  Object.entries(data)
    .filter(([name]) => fields.length === 0 || fields.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
