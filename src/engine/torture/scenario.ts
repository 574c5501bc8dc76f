/**
 * What the world does to a tortured run beside the crashes: how the first attempt of a step ends, whether a tool can
 * be set up, whether the work's files are there at once. Made from the definition alone.
 */
import type { DispatcherName } from '../../events/run-events.ts';
import type { Definition, Step } from '../../workflow/definition.ts';
import { DEFAULT_REQUIRED_FILE } from '../../workflow/definition-defaults.ts';

/** How the first attempt of a step goes wrong. */
export type Trouble =
  /** It could not begin, for certain. */
  | 'refused'
  /** It acted, and ended with an error. */
  | 'failed'
  /** Nobody saw its end, and it had acted. */
  | 'lost-done'
  /** Nobody saw its end, and it had not acted. */
  | 'lost-undone';

export type Scenario =
  | { readonly kind: 'well' }
  | { readonly kind: 'trouble'; readonly step: string; readonly trouble: Trouble }
  | { readonly kind: 'tool-fails'; readonly tool: string }
  /** The first look finds none of the files that the work should have made. */
  | { readonly kind: 'files-late' };

export const WELL: Scenario = { kind: 'well' };

export type StepFacts = { readonly step: Step; readonly dispatcher: DispatcherName };

/** Everything but {@link WELL}, in the order of the stages. */
export function troublesOf(definition: Definition, steps: readonly StepFacts[]): readonly Scenario[] {
  const tools = definition.tools.flatMap(({ name, command }): Scenario[] =>
    command === undefined ? [] : [{ kind: 'tool-fails', tool: name }],
  );
  const acts = steps.flatMap(({ step, dispatcher }) =>
    troublesFor(dispatcher).map((trouble): Scenario => ({ kind: 'trouble', step: step.id, trouble })),
  );
  const made = definition.requiredFiles.some((file) => file !== DEFAULT_REQUIRED_FILE);
  const acted = steps.some(({ dispatcher }) => dispatcher === 'command');
  return [...tools, ...acts, ...(made && acted ? [{ kind: 'files-late' } as const] : [])];
}

function troublesFor(dispatcher: DispatcherName): readonly Trouble[] {
  switch (dispatcher) {
    case 'manual':
      return [];
    case 'openclaw':
      // Its script refuses, hands over or leaves a doubt; work that fails there is reported, not answered.
      return ['refused', 'lost-done', 'lost-undone'];
    case 'command':
    case 'agent':
    case 'http':
    case 'message':
      return ['refused', 'failed', 'lost-done', 'lost-undone'];
  }
}

/** For a person: "its first attempt …". */
export function scenarioText(scenario: Scenario): string {
  switch (scenario.kind) {
    case 'well':
      return 'all goes well';
    case 'trouble':
      return `the first attempt of ${scenario.step} ${TROUBLE_TEXT[scenario.trouble]}`;
    case 'tool-fails':
      return `the tool ${scenario.tool} cannot be set up at first`;
    case 'files-late':
      return 'the required files are missing at first';
  }
}

export const TROUBLE_TEXT: Readonly<Record<Trouble, string>> = {
  refused: 'cannot begin',
  failed: 'acts and ends with an error',
  'lost-done': 'acts, and nobody sees its end',
  'lost-undone': 'does not act, and nobody can tell',
};
