/**
 * What the decider knows beside the run's own events: the pinned definition, the text of the input (which the log
 * may hold as a blob), where the home is, and what config connects. All of it data, handed in by the engine.
 */
import type { Definition } from './definition.ts';
import type { RunInput } from './stages/intake.ts';

/** What config.json names, as far as a run depends on it. A program on PATH is no consent. */
export type Connected = {
  readonly openclaw?: { readonly agent?: string };
  /** By name; `auto`: steps that leave it open may go there, paid or not. */
  readonly agents?: ReadonlyMap<string, { readonly auto: boolean }>;
  /** Names of targets for messages. */
  readonly messages?: ReadonlySet<string>;
};

export type RunContext = {
  readonly definition: Definition;
  readonly definitionHash: string;
  readonly input: RunInput;
  /** Absolute path of the home; templates and briefs name it. */
  readonly home: string;
  readonly connected: Connected;
  readonly sha256: (text: string) => string;
};

/** Absolute path where the work of a run puts its files. */
export const artifactsOf = (context: RunContext, runId: string): string =>
  `${context.home}/artifacts/${runId}`;

/** A path as it is recorded: relative when it is inside the home, so that a home can be moved. */
export const homeRelative = (home: string, path: string): string =>
  path.startsWith(`${home}/`) ? path.slice(home.length + 1) : path;
