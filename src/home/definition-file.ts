/**
 * The text of a definition file: bytes to JSON, and from a finding back to its line. JSON with comments is read;
 * the parser for it, and for places in errors, is loaded only when plain JSON does not do.
 */
import type { Node, ParseError } from 'jsonc-parser';
import { usageError, type WfError } from '../errors.ts';
import { type DefinitionPath, type Finding, formatPath } from '../workflow/finding.ts';
import { syntaxWords } from './json-words.ts';

/** A place in a text, both counted from 1; columns in UTF-16 units, as editors count. */
export type Location = { readonly line: number; readonly column: number };

const MAX_SHOWN = 5;
const MAX_IN_DETAILS = 100;

const parser = (): Promise<typeof import('jsonc-parser')> => import('jsonc-parser');

const locationAt = (text: string, offset: number): Location => {
  const before = text.slice(0, offset);
  return {
    line: before.split('\n').length,
    column: before.length - (before.lastIndexOf('\n') + 1) + 1,
  };
};

const shown = (file: string, at: Location | undefined): string =>
  at === undefined ? file : `${file}:${at.line}:${at.column}`;

const withoutBom = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/**
 * The text of a definition file.
 * @throws {WfError} definition-encoding: the bytes are no UTF-8
 */
export const decodeDefinition = (bytes: Uint8Array, file: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw usageError('definition-encoding', 'The definition is not valid UTF-8.', {
      where: file,
      hint: 'Save the file as UTF-8.',
      cause,
    });
  }
};

/** A value from the tree, with `__proto__` as a plain own key, as JSON.parse has it. */
const valueOfNode = (node: Node): unknown => {
  switch (node.type) {
    case 'array':
      return (node.children ?? []).map(valueOfNode);
    case 'object': {
      const object = {};
      for (const { children } of node.children ?? []) {
        const [key, value] = children ?? [];
        if (key === undefined || value === undefined) continue;
        Object.defineProperty(object, String(key.value), {
          value: valueOfNode(value),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
      return object;
    }
    default:
      return node.value;
  }
};

/** The parser calls itself for every bracket: some thousands of them are more than the stack has room for. */
const treeOf = async (text: string, errors: ParseError[]): Promise<Node | 'too-deep' | undefined> => {
  const { parseTree } = await parser();
  try {
    return parseTree(text, errors);
  } catch (cause) {
    if (cause instanceof RangeError) return 'too-deep';
    throw cause;
  }
};

const parseWithComments = async (text: string, where: string): Promise<unknown> => {
  const { printParseErrorCode } = await parser();
  const errors: ParseError[] = [];
  const tree = await treeOf(text, errors);
  if (tree === 'too-deep') {
    throw usageError('definition-syntax', 'The definition is nested too deeply.', {
      where,
      hint: 'No key of a definition needs more than a handful of brackets inside each other.',
    });
  }
  const [first] = errors;
  if (first === undefined && tree !== undefined) return valueOfNode(tree);
  const at = locationAt(text, first?.offset ?? 0);
  const what = syntaxWords(text, first && printParseErrorCode(first.error));
  throw usageError(
    'definition-syntax',
    `The definition is not valid JSON: ${what} (line ${at.line}, column ${at.column}).`,
    {
      where: shown(where, at),
      hint: 'Comments are allowed; texts and keys stand in double quotes, and no comma after the last entry.',
      details: { line: at.line, column: at.column },
    },
  );
};

/**
 * The content of a definition, not yet checked. Comments are allowed, a BOM is passed over.
 * @param where the file's name, for messages
 * @throws {WfError} definition-syntax, with line and column
 */
export const parseDefinitionText = async (
  text: string,
  where: string,
): Promise<{ readonly raw: unknown }> => {
  const json = withoutBom(text);
  try {
    return { raw: JSON.parse(json) as unknown };
  } catch {
    return { raw: await parseWithComments(json, where) };
  }
};

type Locate = (path: DefinitionPath) => Location | undefined;

const locator = async (text: string): Promise<Locate> => {
  const { findNodeAtLocation } = await parser();
  const json = withoutBom(text);
  const tree = await treeOf(json, []);
  return (path) => {
    if (tree === undefined || tree === 'too-deep') return undefined;
    for (let length = path.length; length >= 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length));
      if (node === undefined) continue;
      const offset = node.parent?.type === 'property' ? node.parent.offset : node.offset;
      return locationAt(json, offset);
    }
    return undefined;
  };
};

/** Where a path stands in a text; the nearest place above it when the path itself is missing there. */
export const locate = async (text: string, path: DefinitionPath): Promise<Location | undefined> =>
  (await locator(text))(path);

const describeAt = (finding: Finding, at: Location | undefined): string => {
  const place = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
  const hint = finding.hint === undefined ? '' : `. ${finding.hint}`;
  return `${formatPath(finding.path)}${place}: ${finding.message}${hint}`;
};

/** The error a definition with findings ends with: up to five errors by place; more of them in `details`. */
export const definitionError = async (
  findings: readonly Finding[],
  text: string,
  file: string,
): Promise<WfError> => {
  const find = await locator(text);
  const errors = findings.filter((finding) => finding.severity === 'error');
  const lines = errors.slice(0, MAX_SHOWN).map((finding) => describeAt(finding, find(finding.path)));
  const more = errors.length - lines.length;
  const first = errors[0];
  return usageError(
    'definition-invalid',
    [
      `The definition cannot be used: ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}.`,
      ...lines.map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
    {
      where: shown(file, first === undefined ? undefined : find(first.path)),
      hint: errors.some(({ code }) => code === 'not-carried-out-yet')
        ? 'Take out what is not carried out yet: ignoring it would run something else than what the file says.'
        : 'Correct the file, then look again with `wf definitions validate`.',
      details: {
        findings: findings
          .slice(0, MAX_IN_DETAILS)
          .map(({ path, ...finding }) => ({ ...finding, path: formatPath(path), ...find(path) })),
      },
    },
  );
};
