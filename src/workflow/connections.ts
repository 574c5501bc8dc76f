/** What a definition needs of the machine it runs on: names in config.json, and secrets in the environment. */
import type { Connected } from './context.ts';
import type { Definition, Step } from './definition.ts';

export type MissingConnection = {
  /** Name of the act that needs it. */
  readonly step: string;
  readonly code: 'agent-unknown' | 'message-target-unknown' | 'credential-missing';
  readonly message: string;
  readonly hint: string;
};

/** @param hasVariable whether the environment has a variable that is not empty */
export const missingConnections = (
  { steps, actions }: Pick<Definition, 'steps' | 'actions'>,
  connected: Connected,
  hasVariable: (name: string) => boolean,
): readonly MissingConnection[] =>
  [...steps, ...actions].flatMap((step) => missingFor(step, connected, hasVariable) ?? []);

function missingFor(
  { id: step, dispatcher, agent, to, http }: Step,
  connected: Connected,
  hasVariable: (name: string) => boolean,
): MissingConnection | undefined {
  if (dispatcher === 'agent' && agent !== undefined && connected.agents?.has(agent) !== true)
    return {
      step,
      code: 'agent-unknown',
      message: `step ${step} goes to the agent "${agent}", which config.json does not name`,
      hint: `Connect it: wf connect agent ${agent}`,
    };
  if (dispatcher === 'message' && to !== undefined && connected.messages?.has(to) !== true)
    return {
      step,
      code: 'message-target-unknown',
      message: `${step} sends a message to "${to}", which config.json does not name`,
      hint: `Add it to config.json: "messages": {"${to}": {"via": "command", "command": "/usr/bin/notify-send", "args": ["wf", "{{text}}"]}}`,
    };
  if (dispatcher !== 'http' || http?.auth === undefined) return undefined;
  const name = 'bearerEnv' in http.auth ? http.auth.bearerEnv : http.auth.hmacEnv;
  if (hasVariable(name)) return undefined;
  return {
    step,
    code: 'credential-missing',
    message: `${step} needs the environment variable ${name}, which is not set`,
    hint: `Set ${name} where wf is started.`,
  };
}
