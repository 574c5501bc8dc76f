/** `wf definitions show`: a definition as it stands in its file, and as the engine reads it with every default. */
import { ExitCode } from '../errors.ts';
import { loadDefinition } from '../home/definitions.ts';
import { coldSha256 } from '../log/hash.ts';
import { placesOf } from './definition-places.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { safe } from './render/text.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const loaded = await loadDefinition({
    ...placesOf(invocation),
    id: argument(invocation, 0),
    sha256: coldSha256,
    isRegistered: () => false,
  });
  const { id, source, file, hash, body } = loaded;
  const definition = plain(loaded.definition);
  if (invocation.json) {
    printJson(invocation, { schema: 'wf.definition/1', id, source, file, hash, body, definition });
    return ExitCode.ok;
  }
  const { io, env } = invocation;
  const text = body.endsWith('\n') ? body : `${body}\n`;
  io.out(
    `${id}   ${source}   ${tilde(file, env)}\nhash ${hash}\n\nAs it is\n${safe(text)}\n` +
      `As the engine reads it (times in milliseconds)\n${safe(JSON.stringify(definition, null, 2))}\n`,
  );
  return ExitCode.ok;
}

/** Maps become objects; a key like `__proto__` stays a key. */
const plain = (value: unknown): unknown => {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as Map<string, unknown>)].map(([key, item]) => [key, plain(item)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
};
