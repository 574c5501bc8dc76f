/**
 * What a history is copied from: commands of the real engine in a scratch home, and the events each of them left. So
 * a made history holds what users' homes hold: finished, failed, handed over and reported runs, tools, feedback.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeLine, isInvalid } from '../src/events/codec.ts';
import type { StoredEvent } from '../src/events/envelope.ts';

/** The workflow of nearly all runs, and of the benches that use a made home. */
export const WORKFLOW = 'bench';

const DEFINITIONS = [
  { id: WORKFLOW, execute: { command: '/bin/true' } },
  { id: 'bench-fails', execute: { command: '/bin/false' } },
  { id: 'bench-by-hand', execute: { dispatcher: 'manual' } },
  {
    id: 'bench-tool',
    autoConfigure: { enabled: true, allowlist: ['maker'], toolCommands: { maker: { command: '/bin/true' } } },
    execute: { command: '/bin/true' },
  },
] as const;

/** A home that holds the workflows and nothing else. */
export const makeEmptyHome = (home: string): void => {
  mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
  for (const definition of DEFINITIONS)
    writeFileSync(join(home, `definitions/${definition.id}.json`), JSON.stringify(definition));
};

/** The events of one run, from its key's claim to whatever was said about it last. */
export type Episode = {
  readonly events: readonly StoredEvent[];
  /** The task that its run was given. */
  readonly input: string;
};

/** One episode in so many is of this kind, the first that fits; the plain one is the rest. */
export const EVERY = { rated: 100, failed: 50, byHand: 40, tool: 20 } as const;

export type Pattern = Readonly<Record<keyof typeof EVERY | 'plain', Episode>> & {
  /** What a home records once (definitions, a tool's bootstrap), and the runs that made it do so. */
  readonly prelude: readonly StoredEvent[];
  readonly preludeRuns: number;
};

/** @param launcher the `wf` that makes the real runs */
export const makePattern = (launcher: string): Pattern => {
  const scratch = mkdtempSync(join(tmpdir(), 'wf-pattern-'));
  try {
    makeEmptyHome(scratch);
    const wf = patternHome(scratch, launcher);
    for (const { id } of DEFINITIONS) wf.run(id);
    const prelude = wf.newEvents();
    const episode = (id: string, ...after: (readonly string[])[]): Episode => {
      const input = wf.run(id);
      for (const args of after) wf.call(args);
      return { events: wf.newEvents(), input };
    };
    return {
      prelude,
      preludeRuns: DEFINITIONS.length,
      plain: episode(WORKFLOW),
      failed: episode('bench-fails'),
      byHand: episode('bench-by-hand', ['report', 'last', '--text', 'Done as written.']),
      tool: episode('bench-tool'),
      rated: episode(WORKFLOW, [
        ...['feedback', 'submit', '--run-id', 'last', '--score', '4', '--feedback', 'Good, and quick.'],
      ]),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Inputs all have one length, so that a copy's input fits wherever the pattern's length is recorded. */
export const inputOf = (kind: 'pattern' | 'history', n: number): string =>
  `${kind} ${String(n).padStart(9, '0')}`;

const patternHome = (home: string, launcher: string) => {
  let runs = 0;
  let seen = 0;
  const call = (args: readonly string[], allowed: readonly number[] = [0]): void => {
    const { status, stderr } = spawnSync(process.execPath, [launcher, ...args], {
      env: { PATH: process.env.PATH, HOME: home, WF_HOME: home },
      encoding: 'utf8',
    });
    if (status === null || !allowed.includes(status))
      throw new Error(`the pattern's ${args[0]} ended with ${status}\n${stderr}`);
  };
  return {
    call,
    /** Answers the input; a run may fail (5), for one of them has to. */
    run: (id: string): string => {
      const input = inputOf('pattern', ++runs);
      call(['run', id, '--input', input], [0, 5]);
      return input;
    },
    newEvents: (): readonly StoredEvent[] => {
      const lines = readFileSync(join(home, 'logs/events.jsonl'), 'utf8').trimEnd().split('\n');
      const events = lines.slice(seen).map((line) => {
        const event = decodeLine(line);
        if (isInvalid(event)) throw new Error(`the pattern has a bad line: ${event.invalid}`);
        return event;
      });
      seen = lines.length;
      return events;
    },
  };
};
