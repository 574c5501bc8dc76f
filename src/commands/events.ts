/**
 * `wf events`: the log as it is, one event a line. With `--json` it is NDJSON, the one exception from "one value":
 * a log has no end to wait for. Each line is written as soon as it is known.
 */
import { processInterrupts } from '../engine/interrupts.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, usageError } from '../errors.ts';
import { type StoredEvent, seq } from '../events/envelope.ts';
import { runStream } from '../events/streams.ts';
import { schemaVersionOf, schemaVersions } from '../events/types.ts';
import { nearest } from '../workflow/did-you-mean.ts';
import { homeDir } from './home-dir.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { eventLine } from './render/event-line.ts';
import { nothingYet } from './render/nothing-yet.ts';
import { runUnknown } from './run-unknown.ts';
import { flag, type Invocation, option } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');
const POLL_MS = 200;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const type = typeOf(invocation);
  const follow = flag(invocation, 'follow');
  const named = option(invocation, 'run');
  const interrupts = follow ? processInterrupts(() => undefined) : null;
  const stop = new AbortController();
  interrupts?.stop.addEventListener('abort', () => stop.abort());
  if (follow && named === undefined) await homeExists(invocation, stop.signal);
  const home = stop.signal.aborted ? null : await openToRead(invocation);
  if (home === null) {
    if (named !== undefined) throw runUnknown(invocation, named);
    if (!invocation.json && !stop.signal.aborted) invocation.io.out(nothingYet(invocation));
    return ExitCode.ok;
  }
  const stream = named === undefined ? null : runStream(await resolveRun(home, named));
  const isWanted = (event: StoredEvent): boolean =>
    (stream === null || event.stream === stream) && (type === undefined || event.type === type);
  const printer = invocation.json ? await ndjsonPrinter(invocation) : textPrinter(invocation);
  const print = async (event: StoredEvent): Promise<void> => {
    await printer.print(event);
    // `| head` has seen enough.
    if (invocation.io.isOutputClosed?.() === true) stop.abort();
  };
  await printAll(home, stream, { isWanted, print, stop: stop.signal, follow });
  await printer.end();
  return ExitCode.ok;
}

type Printing = {
  readonly isWanted: (event: StoredEvent) => boolean;
  readonly print: (event: StoredEvent) => Promise<void>;
  readonly stop: AbortSignal;
  readonly follow: boolean;
};

async function printAll(home: OpenHome, stream: string | null, printing: Printing): Promise<void> {
  const { isWanted, print, stop, follow } = printing;
  const head = (await home.store.head()) ?? { seq: seq(0) };
  const known = stream === null ? home.store.readAll(null, { until: head }) : home.store.read(stream);
  for await (const event of known) {
    if (stop.aborted || event.seq > head.seq) break;
    if (isWanted(event)) await print(event);
  }
  if (follow) await home.store.subscribe(head, print, { signal: stop, filter: isWanted });
}

/** @throws {WfError} exit 2 for a type no version has ever written */
function typeOf(invocation: Invocation): string | undefined {
  const type = option(invocation, 'type');
  if (type === undefined || schemaVersionOf(type) !== undefined) return type;
  const guess = nearest(type, Object.keys(schemaVersions));
  throw usageError('event-type-unknown', `there is no event type ${JSON.stringify(type)}`, {
    where: '--type',
    hint:
      guess === undefined
        ? `Types are: ${Object.keys(schemaVersions).join(', ')}.`
        : `Did you mean ${guess}?`,
  });
}

async function homeExists(invocation: Invocation, signal: AbortSignal): Promise<void> {
  const log = `${homeDir(invocation)}/logs/events.jsonl`;
  while (!signal.aborted && !fs.existsSync(log)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

type Printer = { print(event: StoredEvent): Promise<void>; end(): Promise<void> };

const textPrinter = ({ io }: Invocation): Printer => ({
  print: async (event) => io.out(eventLine(event)),
  end: async () => undefined,
});

async function ndjsonPrinter({ io }: Invocation): Promise<Printer> {
  const { default: ndjson } = await import('ndjson');
  const lines = ndjson.stringify();
  lines.on('data', (line: Buffer | string) => io.out(line.toString()));
  return {
    // The line has left before the next event is looked at: a reader sees what has happened so far.
    print: (event) =>
      new Promise((resolve, reject) => {
        lines.write(event, (error) => (error ? reject(error) : setImmediate(resolve)));
      }),
    end: () =>
      new Promise((resolve, reject) => {
        lines.once('end', resolve).once('error', reject).end();
      }),
  };
}
