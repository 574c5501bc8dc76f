/** Facts about one tool on one host: stream `tool/<host>/<name>`. Its state is a set of command hashes. */
import { z } from 'zod';
import { type EventOf, id, owner, problem, sha256Hex, text } from './shared.ts';

export const toolEventSchemas = {
  /** Durable before the bootstrap command runs; the owner tells a waiting run whether it is still being worked on. */
  ToolBootstrapStarted: z.strictObject({
    tool: id,
    commandHash: sha256Hex,
    command: z.array(z.string()),
    runId: id.exactOptional(),
    owner,
  }),
  ToolBootstrapped: z.strictObject({ tool: id, commandHash: sha256Hex, output: text.exactOptional() }),
  ToolBootstrapFailed: z.strictObject({
    tool: id,
    commandHash: sha256Hex,
    error: problem,
    output: text.exactOptional(),
  }),
  /** The script engine had a marker: which command it stands for is not known, so the next run bootstraps again. */
  ToolImported: z.strictObject({ tool: id }),
  /** The marker was taken away by a person: the next run bootstraps again. */
  ToolReset: z.strictObject({ tool: id, by: z.string() }),
} as const;
export type ToolEvent = EventOf<typeof toolEventSchemas>;
