/**
 * The workflows that are tortured. What a step does to the world is a line in `$HOME/effects`, outside the
 * home: `begin KEY` when it happens and `end KEY` later, so that a kill can fall between the two.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const sh = (script: string) => ({ command: '/bin/sh', args: ['-c', script] });
export const act = (sleepS: string): string =>
  `echo "begin $WF_EFFECT_KEY" >> "$HOME/effects"; sleep ${sleepS}; echo "end $WF_EFFECT_KEY" >> "$HOME/effects"`;
/** The first attempt says that it did nothing, the next ones act. */
const REFUSES_FIRST = `case "$WF_EFFECT_KEY" in *:1) exit 75;; esac; ${act('0.02')}`;
/** The first attempt acts and fails: only somebody who asks for it makes another. */
const FAILS_FIRST = `${act('0.02')}; case "$WF_EFFECT_KEY" in *:1) exit 3;; esac`;

/** Every step but those named here may happen once an attempt only. */
export const IDEMPOTENT_STEPS: ReadonlySet<string> = new Set(['twice', 'verify.command', 'deliver.note']);

const DEFINITIONS = [
  { id: 'once', execute: sh(act('0.05')) },
  /** Long enough to be killed at its work, and for the index to be told how far the log is on disk. */
  { id: 'slow', execute: sh(act('0.4')) },
  /** Its input is a blob. */
  { id: 'long', execute: sh(act('0.01')) },
  {
    id: 'steps',
    execute: {
      steps: [
        { id: 'first', ...sh(act('0.02')) },
        { id: 'twice', ...sh(act('0.08')), idempotent: true, retry: { maxAttempts: 20, backoff: '10ms' } },
        { id: 'last', ...sh(act('0.01')) },
      ],
    },
  },
  {
    id: 'busy',
    execute: {
      ...sh(REFUSES_FIRST),
      notPerformedExitCodes: [75],
      retry: { maxAttempts: 20, backoff: '30ms' },
    },
  },
  {
    id: 'whole',
    execute: sh(act('0.01')),
    verify: { command: sh(act('0.01')) },
    deliver: {
      actions: [
        { id: 'post', ...sh(act('0.02')) },
        { id: 'note', ...sh(act('0.01')), idempotent: true },
      ],
    },
  },
  { id: 'fails', execute: sh(FAILS_FIRST) },
  { id: 'hand', execute: { dispatcher: 'manual' } },
  {
    id: 'tooled',
    autoConfigure: {
      allowlist: ['press'],
      toolCommands: { press: sh('sleep 0.1; echo "tool press" >> "$HOME/tools"') },
    },
    execute: sh(act('0.02')),
  },
] as const;
export const WORKFLOWS: readonly string[] = DEFINITIONS.map(({ id }) => id);

export function writeDefinitions(home: string): void {
  for (const definition of DEFINITIONS) define(home, definition);
}

type AnyDefinition = {
  readonly id: string;
  readonly execute: object;
  readonly selfImprove?: object;
  readonly retention?: object;
  readonly notify?: readonly object[];
  readonly limits?: object;
  readonly schedules?: readonly object[];
};

export function define(home: string, definition: AnyDefinition): void {
  mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
  const file = join(home, 'definitions', `${definition.id}.json`);
  writeFileSync(file, JSON.stringify(definition, null, 2), { mode: 0o600 });
}
