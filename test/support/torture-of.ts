/** Tortures a definition that is written down in a test. */

import type { Outcome, Phase } from '../../src/engine/torture/judge.ts';
import type { TorturedEngine } from '../../src/engine/torture/life.ts';
import { type Message, messagesFor } from '../../src/engine/torture/messages.ts';
import type { TortureReport } from '../../src/engine/torture/report.ts';
import { torture } from '../../src/engine/torture/torture.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';

export type TortureSpec = {
  /** Everything of the definition but its id. */
  readonly definition: object;
  readonly connected?: boolean;
  readonly declaresKey?: boolean;
  readonly engine?: TorturedEngine;
  readonly twice?: boolean;
  readonly maxLives?: number;
  readonly messages?: readonly Message[];
};

export function tortureOf(spec: TortureSpec): Promise<TortureReport> {
  const raw = { id: 'mine', classify: { routes: [], highRiskWords: [] }, ...spec.definition };
  const errors = checkDefinition(raw, {}).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const definition = normaliseDefinition(raw);
  const body = JSON.stringify(raw);
  const sha256 = bulkSha256();
  return torture({
    loaded: {
      id: 'mine',
      source: 'home',
      body,
      hash: sha256(body),
      definition,
      warnings: [],
      file: 'mine.json',
    },
    home: '/home/of/nobody',
    connected: spec.connected === true ? { openclaw: {} } : {},
    redact: (text) => ({ text, count: 0 }),
    sha256,
    toolCommand: (tool) => [tool.command ?? '', ...tool.args],
    declaresKey: spec.declaresKey ?? true,
    messages: spec.messages ?? messagesFor(definition).messages,
    twice: spec.twice ?? false,
    ...(spec.maxLives === undefined ? {} : { maxLives: spec.maxLives }),
    ...(spec.engine === undefined ? {} : { engine: spec.engine }),
  });
}

/** What became of a step, by where it was killed; several outcomes of one phase stand beside each other. */
export function byPhase(report: TortureReport, step = 'main'): Partial<Record<Phase, readonly Outcome[]>> {
  const found: Partial<Record<Phase, Outcome[]>> = {};
  for (const { phase, outcome } of report.steps.find((one) => one.step === step)?.crashes ?? []) {
    found[phase] ??= [];
    found[phase].push(outcome);
  }
  return found;
}

/** What became of a first attempt that went wrong. */
export const byTrouble = (report: TortureReport, step = 'main'): Readonly<Record<string, Outcome>> =>
  Object.fromEntries(
    (report.steps.find((one) => one.step === step)?.troubles ?? []).map(({ trouble, outcome }) => [
      trouble,
      outcome,
    ]),
  );

export const keysOf = (report: TortureReport, step = 'main'): readonly string[] =>
  (report.steps.find((one) => one.step === step)?.advice ?? []).map(({ key }) => key);
