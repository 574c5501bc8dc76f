/** Programs and environment variables a definition names, each with who uses it. What is there, the caller looks. */
import type { Definition, Step } from './definition.ts';

export type Need = {
  readonly kind: 'program' | 'environment';
  /** Path or name of the program as the file has it, templates included; or the variable's name. */
  readonly name: string;
  /** Words for people: `tool restic`, `step backup`, `verify`. */
  readonly usedBy: readonly string[];
};

/** In the order of the file; each program and each variable once. */
export function definitionNeeds(definition: Definition): readonly Need[] {
  const found: { kind: Need['kind']; name: string; usedBy: string[] }[] = [];
  const add = (kind: Need['kind'], name: string, who: string): void => {
    const known = found.find((need) => need.kind === kind && need.name === name);
    if (known === undefined) found.push({ kind, name, usedBy: [who] });
    else if (!known.usedBy.includes(who)) known.usedBy.push(who);
  };
  for (const tool of definition.tools)
    if (tool.command !== undefined) add('program', tool.command, `tool ${tool.name}`);
  for (const { step, who } of actsOf(definition)) {
    if (step.command !== undefined) add('program', step.command, who);
    for (const name of step.env) add('environment', name, who);
    const auth = step.http?.auth;
    if (auth !== undefined) add('environment', 'bearerEnv' in auth ? auth.bearerEnv : auth.hmacEnv, who);
  }
  return found;
}

const actsOf = ({ steps, verifyCommand, actions }: Definition): { step: Step; who: string }[] => [
  ...steps.map((step) => ({ step, who: `step ${step.id}` })),
  ...(verifyCommand === undefined ? [] : [{ step: verifyCommand, who: 'verify' }]),
  ...actions.map((step) => ({ step, who: step.id })),
];
