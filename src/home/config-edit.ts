/**
 * Adds an agent to the text of config.json and leaves every other byte alone. What was there before is kept beside
 * it, so that the last change can be taken back for as long as nobody has edited the file since.
 */
import fs from 'node:fs';
import { findNodeAtLocation, getNodeValue, parseTree } from 'jsonc-parser';
import { usageError } from '../errors.ts';
import type { AgentEntry } from './agent-presets.ts';
import { parseConfig } from './config-schema.ts';
import { insertLast, replaceValue } from './jsonc-surgery.ts';
import { replaceSynced, temporaryOf } from './synced-file.ts';

/** @param text null where there is no file. @throws {WfError} config-syntax, config-invalid (2) */
export function withAgent(text: string | null, name: string, entry: AgentEntry, file: string): string {
  if (text === null) return checked(`${JSON.stringify({ agents: { [name]: entry } }, null, 2)}\n`, file);
  parseConfig(text, file);
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const plain = text.slice(bom.length);
  const tree = parseTree(plain, [], { allowTrailingComma: true });
  if (tree === undefined) throw usageError('config-syntax', 'config.json is empty', { where: file });
  const agents = findNodeAtLocation(tree, ['agents']);
  const own = agents?.children?.find((property) => property.children?.[0]?.value === name)?.children?.[1];
  if (own !== undefined) {
    const same = JSON.stringify(getNodeValue(own)) === JSON.stringify(entry);
    return same ? text : checked(bom + replaceValue(plain, own, entry), file);
  }
  return checked(
    bom +
      (agents === undefined
        ? insertLast(plain, tree, { [name]: entry }, 'agents')
        : insertLast(plain, agents, entry, name)),
    file,
  );
}

const checked = (text: string, file: string): string => {
  parseConfig(text, file);
  return text;
};

type Undo = { readonly before: string | null; readonly afterSha256: string };
const undoFile = (home: string): string => `${home}/.config-undo.json`;

/** The file itself where it is a link: a rename would put a file in the link's place. */
const realFile = (file: string): string => (fs.existsSync(file) ? fs.realpathSync(file) : file);

/** @returns null where there is none */
export const configText = (file: string): string | null =>
  fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;

/** On disk when it returns. The way back is written first: a crash between leaves the file as it was. */
export function writeConfig(
  home: string,
  file: string,
  change: { readonly before: string | null; readonly after: string },
  sha256: (text: string) => string,
): void {
  const afterSha256 = sha256(change.after);
  const undo: Undo = { before: change.before, afterSha256 };
  place(undoFile(home), `${JSON.stringify(undo, null, 2)}\n`, sha256);
  place(realFile(file), change.after, sha256);
}

/** @throws {WfError} nothing-to-undo, config-changed (2) */
export function undoConfig(
  home: string,
  file: string,
  sha256: (text: string) => string,
): { readonly before: string; readonly after: string | null } {
  const undo = undoFile(home);
  const kept = configText(undo);
  if (kept === null)
    throw usageError('nothing-to-undo', 'config.json has not been changed by wf connect', { where: file });
  const { before, afterSha256 } = JSON.parse(kept) as Undo;
  const now = configText(file);
  if (now === null || sha256(now) !== afterSha256)
    throw usageError('config-changed', 'config.json has been changed since: it is left as it is', {
      where: file,
      hint: `What it was before stands in ${undo}: take over by hand what you want of it.`,
    });
  if (before === null) fs.rmSync(file);
  else place(realFile(file), before, sha256);
  fs.rmSync(undo);
  return { before: now, after: before };
}

const place = (file: string, text: string, sha256: (text: string) => string): void => {
  replaceSynced(file, temporaryOf(file, sha256(text)), text, { exclusive: false });
};
