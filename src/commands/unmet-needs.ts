/** What a definition needs and this machine does not have: programs, names in config.json, environment variables. */
import { findProgram } from '../effects/probe-program.ts';
import type { Config } from '../home/config.ts';
import { missingConnections } from '../workflow/connections.ts';
import type { Definition } from '../workflow/definition.ts';
import { definitionNeeds } from '../workflow/definition-needs.ts';

export type UnmetNeed = {
  readonly kind: 'program' | 'environment' | 'config';
  /** The program, the variable, or what config.json has to name. */
  readonly name: string;
  /** Who needs it: `tool restic`, `step backup`. */
  readonly usedBy: readonly string[];
  readonly hint: string;
};

type Here = {
  readonly home: string;
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export function unmetNeeds(definition: Definition, here: Here): readonly UnmetNeed[] {
  const named = merged([...connections(definition, here), ...listeners(definition, here)]);
  return [...programs(definition, here), ...named, ...variables(definition, here)];
}

function programs(definition: Definition, { home, env }: Here): UnmetNeed[] {
  return definitionNeeds(definition)
    .filter(({ kind }) => kind === 'program')
    .map((need) => ({ ...need, name: need.name.replaceAll('{{home}}', home) }))
    .filter(({ name }) => !name.includes('{{') && findProgram(name, env) === undefined)
    .map(({ name, usedBy }) => ({
      kind: 'program',
      name,
      usedBy,
      hint: name.startsWith(`${home}/`)
        ? 'write it, and make it executable'
        : 'install it, or change the path',
    }));
}

function variables(definition: Definition, { env }: Here): UnmetNeed[] {
  return definitionNeeds(definition)
    .filter(({ kind, name }) => kind === 'environment' && (env[name] ?? '').trim() === '')
    .map(({ name, usedBy }) => ({
      kind: 'environment',
      name,
      usedBy,
      hint: 'set it where wf is started',
    }));
}

function connections(definition: Definition, { config }: Here): UnmetNeed[] {
  const connected = { agents: config.agents, messages: new Set(config.messages.keys()) };
  const missing = missingConnections(definition, connected, () => true).map(({ step, code, hint }) => {
    const act = [...definition.steps, ...definition.actions].find(({ id }) => id === step);
    const name = code === 'agent-unknown' ? `agents.${act?.agent ?? ''}` : `messages.${act?.to ?? ''}`;
    return { kind: 'config' as const, name, usedBy: [wordOf(definition, step)], hint };
  });
  if (config.openclaw !== undefined) return missing;
  const usedBy = definition.steps
    .filter(({ dispatcher }) => dispatcher === 'openclaw')
    .map(({ id }) => wordOf(definition, id));
  const agent = definition.steps.find(({ dispatcher }) => dispatcher === 'openclaw')?.agent;
  if (usedBy.length === 0) return missing;
  const hint = `name it in config.json: "openclaw": ${JSON.stringify({ agent: agent ?? 'personal-assistant' })}`;
  return [...missing, { kind: 'config', name: 'openclaw', usedBy, hint }];
}

/** Who is to be told: no run is held up by a name that is missing, so nothing else would say it before the night. */
const listeners = ({ notify }: Definition, { config }: Here): UnmetNeed[] =>
  notify
    .flatMap(({ to }) => to)
    .filter((name) => !config.messages.has(name))
    .map((name) => ({
      kind: 'config',
      name: `messages.${name}`,
      usedBy: ['notify'],
      hint: `a note on this desktop: "messages": {${JSON.stringify(name)}: {"via": "desktop"}} in config.json`,
    }));

/** Each name once, with everybody who uses it. */
function merged(needs: readonly UnmetNeed[]): readonly UnmetNeed[] {
  const byName = new Map<string, UnmetNeed>();
  for (const need of needs) {
    const known = byName.get(need.name);
    const usedBy = [...new Set([...(known?.usedBy ?? []), ...need.usedBy])];
    byName.set(need.name, { ...(known ?? need), usedBy });
  }
  return [...byName.values()];
}

const wordOf = ({ steps }: Definition, id: string): string =>
  steps.some((step) => step.id === id) ? `step ${id}` : id;
