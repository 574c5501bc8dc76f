/**
 * The changes of an improvement in the text of a definition, and taking exactly those back. The text comes from a
 * file that was checked; what the person wrote around a change stays byte for byte.
 */
import type { Node } from 'jsonc-parser';
import { bug, usageError } from '../errors.ts';
import type { ImprovementChange } from '../events/workflow-events.ts';
import { ASSUMPTIONS_PATH } from '../workflow/improve/low-risk.ts';
import { at, listOf } from '../workflow/raw-value.ts';
import { insertLast, removeEntry, replaceValue } from './jsonc-surgery.ts';

type Parser = typeof import('jsonc-parser');
type Path = readonly (string | number)[];

const BOM = '\uFEFF';
const split = (text: string): readonly [string, string] =>
  text.startsWith(BOM) ? [BOM, text.slice(1)] : ['', text];

const treeOf = ({ parseTree }: Parser, text: string): Node => {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  if (tree?.type !== 'object') throw notEditable('the file is not an object', []);
  return tree;
};

const notEditable = (why: string, path: Path): Error =>
  usageError('definition-not-editable', `The definition cannot be changed: ${why}.`, {
    where: path.join('.'),
    hint: 'Look at the file with `wf definitions validate`.',
  });

/** @throws {WfError} definition-not-editable: something else than an object or a list stands on the way */
export async function editDefinition(text: string, changes: readonly ImprovementChange[]): Promise<string> {
  const parser = await import('jsonc-parser');
  const [bom, json] = split(text);
  const after = changes.reduce((before, change) => edited(parser, before, change), json);
  assertCarriedOut(parser, after, changes);
  return bom + after;
}

/** A key that stands twice in an object is edited where it does not count: the last one does. */
function assertCarriedOut(parser: Parser, text: string, changes: readonly ImprovementChange[]): void {
  const content: unknown = parser.parse(text, [], { allowTrailingComma: true });
  for (const change of changes) {
    const path = change.kind === 'set-value' ? change.path : ASSUMPTIONS_PATH;
    const value = at(content, path);
    const isThere =
      change.kind === 'set-value' ? value === change.value : listOf(value).includes(change.sentence);
    if (!isThere) throw notEditable('a key stands twice, or another change undoes this one', path);
  }
}

function edited(parser: Parser, text: string, change: ImprovementChange): string {
  switch (change.kind) {
    case 'add-assumption': {
      const list = parser.findNodeAtLocation(treeOf(parser, text), [...ASSUMPTIONS_PATH]);
      if (list === undefined) return put(parser, text, ASSUMPTIONS_PATH, [change.sentence]);
      if (list.type !== 'array') throw notEditable('the assumptions are no list', ASSUMPTIONS_PATH);
      return indexOf(list, change.sentence) === -1 ? insertLast(text, list, change.sentence) : text;
    }
    case 'set-value':
      return put(parser, text, change.path, change.value);
    default:
      throw unknownChange(change);
  }
}

const unknownChange = (change: never): Error => bug(`unknown change ${JSON.stringify(change)}`);

const indexOf = (list: Node, value: unknown): number =>
  list.children?.findIndex((child) => child.value === value) ?? -1;

/** Sets the value at a path; objects that are missing on the way are written with it. */
function put(parser: Parser, text: string, path: Path, value: unknown): string {
  const tree = treeOf(parser, text);
  const there = parser.findNodeAtLocation(tree, [...path]);
  if (there !== undefined) return there.value === value ? text : replaceValue(text, there, value);
  for (let length = path.length - 1; length >= 0; length--) {
    const parent = parser.findNodeAtLocation(tree, path.slice(0, length));
    if (parent === undefined) continue;
    const [key, ...below] = path.slice(length);
    if (parent.type !== 'object' || typeof key !== 'string' || below.some((p) => typeof p === 'number'))
      break;
    const inner = below.reduceRight<unknown>((content, name) => ({ [name]: content }), value);
    return insertLast(text, parent, inner, key);
  }
  throw notEditable('there is no such place', path);
}

/**
 * Takes the changes back where they are still ours: a sentence that is still there, a number that nobody has
 * changed since. Everything that a person did to the file meanwhile stays.
 * @param beforeText the file as it was before the changes
 */
export async function revertEdits(
  currentText: string,
  changes: readonly ImprovementChange[],
  beforeText: string,
): Promise<string | { readonly conflict: string }> {
  if (currentText === (await editDefinition(beforeText, changes))) return beforeText;
  const parser = await import('jsonc-parser');
  const [bom, json] = split(currentText);
  const [, before] = split(beforeText);
  // In reverse, so that an object a first change wrote is empty when the last of its keys goes.
  const reverted = changes.toReversed().reduce((now, change) => takenBack(parser, now, change, before), json);
  return reverted === json
    ? { conflict: 'nothing of this improvement is left in the file as it was written' }
    : bom + reverted;
}

function takenBack(parser: Parser, text: string, change: ImprovementChange, before: string): string {
  const was = treeOf(parser, before);
  const is = treeOf(parser, text);
  switch (change.kind) {
    case 'add-assumption': {
      const list = parser.findNodeAtLocation(is, [...ASSUMPTIONS_PATH]);
      const old = parser.findNodeAtLocation(was, [...ASSUMPTIONS_PATH]);
      const index = list === undefined ? -1 : indexOf(list, change.sentence);
      const wasThere = old !== undefined && indexOf(old, change.sentence) !== -1;
      if (list === undefined || index === -1 || wasThere) return text;
      return withoutEmpty(parser, removeEntry(text, list, index), ASSUMPTIONS_PATH, was);
    }
    case 'set-value': {
      const node = parser.findNodeAtLocation(is, [...change.path]);
      const old = parser.findNodeAtLocation(was, [...change.path]);
      if (node?.value !== change.value || !sameStep(parser, is, was, change.path)) return text;
      if (old !== undefined) return replaceValue(text, node, old.value);
      return withoutEmpty(parser, withoutKey(text, node), change.path.slice(0, -1), was);
    }
    default:
      throw unknownChange(change);
  }
}

/** Steps may have been reordered since: a position alone does not say which step it is. */
function sameStep(parser: Parser, is: Node, was: Node, path: Path): boolean {
  const idPath = [...path.slice(0, 3), 'id'];
  if (typeof path[2] !== 'number') return true;
  return parser.findNodeAtLocation(is, idPath)?.value === parser.findNodeAtLocation(was, idPath)?.value;
}

const withoutKey = (text: string, value: Node): string => {
  const property = value.parent;
  const owner = property?.parent;
  if (property === undefined || owner === undefined) return text;
  return removeEntry(text, owner, owner.children?.indexOf(property) ?? -1);
};

/** Objects and lists that the change had to write go with it, once nothing else is in them. */
function withoutEmpty(parser: Parser, text: string, path: Path, was: Node): string {
  if (path.length === 0 || parser.findNodeAtLocation(was, [...path]) !== undefined) return text;
  const node = parser.findNodeAtLocation(treeOf(parser, text), [...path]);
  const isEmpty = node !== undefined && (node.children?.length ?? 0) === 0;
  return isEmpty ? withoutEmpty(parser, withoutKey(text, node), path.slice(0, -1), was) : text;
}
