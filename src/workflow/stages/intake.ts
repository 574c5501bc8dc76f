/**
 * intake: what a request says. Trims it, refuses what cannot be a task, and tells a structured task (a JSON object
 * with `task`, `prompt` or `message`) from a plain one. Its fields are reachable only as `{{input.<name>}}`.
 */
import { type Refusal, refuse } from '../../errors.ts';
import type { StageOutputs } from '../../events/run-events.ts';

export const MAX_INPUT_BYTES = 256 * 1024;

export type RunInput = {
  /** The trimmed text, whole. */
  readonly text: string;
  readonly kind: 'text' | 'structured';
  readonly task: string;
  /** Fields of a structured input as text; a Map, for their names are the user's. */
  readonly fields: ReadonlyMap<string, string>;
};

const TASK_FIELDS = ['task', 'prompt', 'message'] as const;
const NO_FIELDS: ReadonlyMap<string, string> = new Map();

/** UTF-8 length without an encoder: the pure rooms have none. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

export function readInput(raw: string): RunInput | Refusal {
  const text = raw.trim();
  if (text === '')
    return bad(
      'input-empty',
      'the input is empty',
      'Give a task: --input "…", --input-file FILE or --input -',
    );
  if (text.includes('\0'))
    return bad('input-nul', 'the input contains a NUL character', 'Remove it: no program can be given one.');
  if (!text.isWellFormed())
    return bad('input-encoding', 'the input is not well-formed Unicode', 'Save it as UTF-8.');
  const bytes = utf8Length(text);
  if (bytes > MAX_INPUT_BYTES) {
    return bad(
      'input-too-large',
      `the input is ${bytes} bytes; the limit is ${MAX_INPUT_BYTES}`,
      'Put the material into a file and name the file in the task.',
    );
  }
  if (!text.startsWith('{')) return plain(text);
  const object = parseObject(text);
  if (object === null) return plain(text);
  const fields = new Map(Object.entries(object).map(([name, value]) => [name, asText(value)]));
  const name = TASK_FIELDS.find((candidate) => fields.has(candidate));
  if (name === undefined) return plain(text);
  const task = fields.get(name)?.trim() ?? '';
  if (task === '' || typeof object[name] !== 'string') {
    return bad(
      'input-empty',
      `the field "${name}" of the input is not a text`,
      `Write {"${name}": "what is to be done", …}.`,
    );
  }
  return { text, kind: 'structured', task, fields };
}

const bad = (code: string, message: string, hint: string): Refusal => refuse(code, message, hint, 2);

const plain = (text: string): RunInput => ({ text, kind: 'text', task: text, fields: NO_FIELDS });

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const intakeOutput = (input: RunInput, redactions: number): StageOutputs['intake'] => ({
  kind: input.kind,
  bytes: utf8Length(input.text),
  redactions,
  ...(input.kind === 'structured' ? { task: input.task, fields: [...input.fields.keys()] } : {}),
});
