/** What `config.json` may hold. Loaded only where there is such a file: zod and the JSONC parser are slow to start. */
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { z } from 'zod';
import { usageError, type WfError } from '../errors.ts';
import { ID_PATTERN } from '../events/shared.ts';
import { urlProblem } from '../workflow/check-http.ts';
import { commandProblems } from '../workflow/command-safety.ts';
import { nearest } from '../workflow/did-you-mean.ts';
import { DURATION_HELP, DURATION_PATTERN, durationMs, parseDuration } from '../workflow/duration.ts';
import { expectedWords } from '../workflow/words-of-schema.ts';
import { type Config, DEFAULT_KEPT_RUNS } from './config.ts';
import { syntaxWords } from './json-words.ts';

const words = z.string().min(1);
const regex = z.string().min(1).refine(compiles, 'expected a regular expression');

const openclaw = z.strictObject({
  agent: words.exactOptional(),
  channel: words.exactOptional(),
  target: words.exactOptional(),
  command: words.exactOptional(),
  script: words.exactOptional(),
});
const redact = z.strictObject({
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))
    .default([]),
  patterns: z.array(regex).default([]),
});

const envNames = z
  .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))
  .default([]);
const name = z.string().regex(ID_PATTERN, 'expected letters, digits, ".", "_" and "-"');
const argument = z.string().refine((value) => !value.includes('\0'), 'expected a text without NUL');
const jsonPath = z.string().regex(/^[^.]+(?:\.[^.]+)*$/, 'expected keys with dots between them');

const agent = z
  .strictObject({
    command: argument.min(1),
    args: z.array(argument).default([]),
    brief: z.enum(['stdin', 'file', 'argument']).default('stdin'),
    env: envNames,
    outputFormat: z.enum(['text', 'json']).default('text'),
    resultPath: jsonPath.exactOptional(),
    costPath: jsonPath.exactOptional(),
    errorPath: jsonPath.exactOptional(),
    notPerformedExitCodes: z.array(z.int().min(1).max(255)).default([]),
    auto: z.boolean().default(false),
  })
  .superRefine((value, context) => refuseCode(value, ['brief'], context));

const viaOpenclaw = z.strictObject({ via: z.literal('openclaw'), channel: words, target: words });
const viaCommand = z
  .strictObject({
    via: z.literal('command'),
    command: argument.min(1),
    args: z.array(argument).default([]),
    env: envNames,
  })
  .superRefine((value, context) => refuseCode(value, ['text'], context));
const viaDesktop = z.strictObject({ via: z.literal('desktop') });
const message = z.discriminatedUnion('via', [viaOpenclaw, viaCommand, viaDesktop], {
  error: 'expected an object with "via": "openclaw", "command" or "desktop"',
});

const DEFAULT_PING_PAUSE = '1m';
const ping = z.strictObject({
  url: z.string().superRefine((url, context) => {
    const problem = urlProblem(url);
    // The address itself may be a secret.
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  every: z
    .string()
    .regex(DURATION_PATTERN, `expected ${DURATION_HELP}`)
    .refine((text) => (parseDuration(text) ?? 0) >= 1_000, 'expected at least "1s"')
    .default(DEFAULT_PING_PAUSE),
});

/** What is sent may hold what a user typed: it must never name a program or be code. */
function refuseCode(
  { command, args }: { readonly command: string; readonly args: readonly string[] },
  names: readonly string[],
  context: z.RefinementCtx,
): void {
  // The check of definitions knows {{task}} for such a text.
  const asTask = (text: string): string =>
    names.reduce(
      (rest, one) => rest.replaceAll(new RegExp(`\\{\\{\\s*${one}\\s*\\}\\}`, 'g'), '{{task}}'),
      text,
    );
  for (const { kind, index } of commandProblems(asTask(command), args.map(asTask))) {
    if (kind !== 'program' && kind !== 'code') continue;
    const path = index === 0 ? ['command'] : ['args', index - 1];
    context.addIssue({ code: 'custom', path, message: `{{${names[0]}}} would be run as code here` });
  }
}

export const configSchema = z.strictObject({
  $schema: z.string().exactOptional(),
  openclaw: openclaw.exactOptional(),
  agents: z.record(name, agent).default({}),
  messages: z.record(name, message).default({}),
  ping: ping.exactOptional(),
  allowedRoots: z.array(z.string().startsWith('/', 'expected an absolute path')).default([]),
  keepRunFiles: z.int().min(1).default(DEFAULT_KEPT_RUNS),
  redact: redact.prefault({}),
});

const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(configSchema.shape),
  openclaw: Object.keys(openclaw.shape),
  redact: Object.keys(redact.shape),
  ping: Object.keys(ping.shape),
};
const AGENT_KEYS = Object.keys(agent.shape);
const MESSAGE_KEYS = [...new Set([...Object.keys(viaOpenclaw.shape), ...Object.keys(viaCommand.shape)])];

const knownAt = (path: readonly (string | number)[]): readonly string[] => {
  if (path[0] === 'agents' && path.length === 2) return AGENT_KEYS;
  if (path[0] === 'messages' && path.length === 2) return MESSAGE_KEYS;
  return KNOWN_KEYS[path.join('.')] ?? [];
};

/** @throws {WfError} usage (2): `config-syntax` or `config-invalid`, both with file:line:column */
export function parseConfig(source: string, file: string): Config {
  const text = source.replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const tree = treeOf(text, errors, file);
  const [error] = errors;
  if (error !== undefined || tree === undefined) {
    const what = syntaxWords(text, error && printParseErrorCode(error.error));
    throw invalid('config-syntax', `config.json is not JSON: ${what}`, file, text, error?.offset ?? 0);
  }
  const parsed = configSchema.safeParse(getNodeValue(tree));
  if (parsed.success) {
    const { $schema: _schema, agents, messages, ping: watchdog, ...config } = parsed.data;
    return {
      ...config,
      agents: new Map(Object.entries(agents)),
      messages: new Map(Object.entries(messages)),
      ...(watchdog === undefined ? {} : { ping: { url: watchdog.url, everyMs: durationMs(watchdog.every) } }),
    };
  }
  // A key mistyped is one missing too: what was written leads to the mistake, what was not only to its trace.
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])] as (string | number)[];
  const name = path.join('.');
  const guess = unknown === undefined ? undefined : nearest(unknown, knownAt(path.slice(0, -1)));
  const message =
    unknown === undefined
      ? `config.json: ${name === '' ? 'it' : name} ${isThere(tree, path) ? 'does not fit' : 'is missing'}: ${issue === undefined ? 'unknown reason' : expectedWords(issue)}`
      : `config.json: unknown key ${name}${guess === undefined ? '' : `; did you mean ${guess}?`}`;
  throw invalid('config-invalid', message, file, text, offsetOf(tree, path));
}

/** The parser calls itself for every bracket: some thousands of them are more than the stack has room for. */
function treeOf(text: string, errors: ParseError[], file: string): Node | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw invalid('config-syntax', 'config.json is nested too deeply', file, text, 0);
  }
}

function invalid(code: string, message: string, file: string, text: string, offset: number): WfError {
  const before = text.slice(0, offset).split('\n');
  return usageError(code, message, {
    where: `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`,
    hint: 'Correct the file, or remove it to use the defaults.',
  });
}

const isThere = (tree: Node, path: readonly (string | number)[]): boolean =>
  findNodeAtLocation(tree, [...path]) !== undefined;

/** Of the nearest thing on the path that exists; a key's own place where it is the key that is wrong. */
function offsetOf(tree: Node, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

function compiles(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
