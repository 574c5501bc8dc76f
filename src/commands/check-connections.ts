/** What definitions need of this machine and do not find: a warning each, for the definition itself is in order. */
import { readConfig } from '../home/config.ts';
import { homePaths } from '../home/paths.ts';
import { missingConnections } from '../workflow/connections.ts';
import type { Definition } from '../workflow/definition.ts';
import { type Finding, warning } from '../workflow/finding.ts';
import { normaliseDefinition } from '../workflow/normalise.ts';
import { actsOf, own, textOf } from '../workflow/raw-value.ts';

/** Findings for the content of a definition file that has no error. */
export type ConnectionCheck = (raw: unknown) => readonly Finding[];

/** A config.json that cannot be read is told by who reads it; here nothing is said then. */
export async function connectionCheck(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConnectionCheck> {
  const config = await readConfig(homePaths(home).config).catch(() => null);
  if (config === null) return () => [];
  const connected = { agents: config.agents, messages: new Set(config.messages.keys()) };
  return (raw) => {
    const definition = normaliseDefinition(raw);
    const hasVariable = (name: string): boolean => (env[name] ?? '').trim() !== '';
    const missing = missingConnections(definition, connected, hasVariable).map(
      ({ step, code, message, hint }) => warning(code, pathOf(raw, step), message, hint),
    );
    return [...missing, ...missingTargets(definition, connected.messages)];
  };
}

/** No run is held up by it: it only goes on without anybody hearing of it. */
const missingTargets = ({ notify }: Definition, messages: ReadonlySet<string>): readonly Finding[] =>
  notify.flatMap(({ to }, index) =>
    to.some((name) => messages.has(name))
      ? []
      : [
          warning(
            'message-target-unknown',
            ['notify', index, 'to'],
            `nobody is told: config.json has no ${to.map((name) => `"${name}"`).join(' or ')} under "messages"`,
            `For a note on this desktop: "messages": {"${to[0]}": {"via": "desktop"}}`,
          ),
        ],
  );

function pathOf(raw: unknown, step: string): Finding['path'] {
  const found = actsOf(raw).find(({ action, path }) => {
    const id = textOf(own(action, 'id')) ?? 'main';
    return (path[0] === 'deliver' ? `deliver.${id}` : id) === step;
  });
  return found?.path ?? [];
}
