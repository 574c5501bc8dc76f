/**
 * `wf definitions torture`: what becomes of a workflow when it is killed anywhere, tried on a home that is nowhere.
 * Reads the definition and config.json; starts, sends and writes nothing.
 */
import { openReadOnly } from '../engine/open-home.ts';
import { prepareRequest } from '../engine/prepare-request.ts';
import { type Message, messageForRoute, messagesFor } from '../engine/torture/messages.ts';
import { torture } from '../engine/torture/torture.ts';
import { ExitCode, isRefusal, refusalToError } from '../errors.ts';
import { bulkSha256 } from '../log/hash.ts';
import { classify } from '../workflow/stages/classify.ts';
import { homeDir } from './home-dir.ts';
import { printJson } from './render/list.ts';
import { tortureText } from './render/torture-text.ts';
import { readInputOption } from './run-request.ts';
import { argument, flag, type Invocation, option } from './verb.ts';

type Opened = Awaited<ReturnType<typeof openReadOnly>>;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { env, packageDir } = invocation;
  const home = homeDir(invocation);
  const opened = await openReadOnly({ home, env, packageDir });
  const { ports, config } = opened;
  const loaded = await ports.definitions.load(argument(invocation, 0));
  const asked = await askedFor(invocation, opened);
  const { messages, leftOut } =
    asked === null ? messagesFor(loaded.definition) : { messages: [asked], leftOut: [] };
  const twice = flag(invocation, 'twice');
  if (twice && !invocation.json) invocation.io.err('killing twice: this may take a minute\n');
  const report = await torture({
    loaded,
    home,
    messages,
    connected: ports.connected,
    redact: ports.redact,
    sha256: bulkSha256(),
    toolCommand: ports.world.toolCommand,
    declaresKey: config.openclaw?.script === undefined,
    twice,
  });
  const { id, source, hash } = loaded;
  const shown = messages.map((message) => ({ ...message, input: ports.redact(message.input).text }));
  const view = { workflowId: id, definition: { source, hash }, messages: shown, leftOut, ...report };
  if (invocation.json) printJson(invocation, { schema: 'wf.torture/1', ...view });
  else invocation.io.out(tortureText(view));
  return report.ok ? ExitCode.ok : ExitCode.bug;
}

/** The request that was named, checked as `run` would; null = one for each route. */
async function askedFor(invocation: Invocation, { ports }: Opened): Promise<Message | null> {
  const workflowId = argument(invocation, 0);
  const given = await readInputOption(invocation, true);
  const route = option(invocation, 'route');
  if (given === undefined && route === undefined) return null;
  const { definition } = await ports.definitions.load(workflowId);
  const input = given ?? messageForRoute(definition, route ?? '').input;
  const requested = route === undefined ? {} : { route };
  const { context } = await prepareRequest(ports, {
    workflowId,
    input,
    ...requested,
    force: false,
    detach: false,
  });
  const found = classify(definition, context.input, route);
  if (isRefusal(found)) throw refusalToError(found);
  return {
    input,
    route: found.route,
    risk: found.risk,
    ...(route === undefined ? {} : { requested: route }),
  };
}
