/** Looks whether files are there and as they should be. Reads only, so it needs no intent and can be repeated at will. */
import type { FileToCheck } from '../workflow/stages/verify.ts';

const fs = process.getBuiltinModule('node:fs');

export type FileCheck = { readonly file: string; readonly exists: boolean; readonly failed?: string[] };

/** Larger files are not read for `contains` or `json`: to say so is better than to fill the memory. */
const MAX_READ_BYTES = 64 * 1024 * 1024;
/** File systems and clocks differ by this much; a file of another run is older by far. */
const CLOCK_SLACK_MS = 2_000;

function statOf(path: string): import('node:fs').Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    // What we may not look at is not known to be there: the check must not pass.
    return undefined;
  }
}

/** One answer per file, in order. Without a rule a regular file or a folder counts, with one only a file. */
export const checkFiles = (files: readonly FileToCheck[]): FileCheck[] =>
  files.map(({ file, rule }) => {
    const found = statOf(file);
    if (found === undefined || !(found.isFile() || found.isDirectory())) return { file, exists: false };
    if (rule === undefined) return { file, exists: true };
    const failed = found.isFile() ? problemsOf(file, found, rule) : ['is a folder, not a file'];
    return failed.length === 0 ? { file, exists: true } : { file, exists: true, failed };
  });

type Rule = NonNullable<FileToCheck['rule']>;

function problemsOf(path: string, { size, mtimeMs }: import('node:fs').Stats, rule: Rule): string[] {
  const problems: string[] = [];
  const { changedSince, slackMs = CLOCK_SLACK_MS } = rule;
  if (changedSince !== undefined && mtimeMs < Date.parse(changedSince) - slackMs) {
    problems.push(
      `is not fresh: it was last changed ${new Date(mtimeMs).toISOString()}, before this run's work began`,
    );
  }
  if (size < rule.minBytes) problems.push(`has ${size} bytes, expected at least ${rule.minBytes}`);
  if (!rule.json && rule.contains.length === 0 && rule.notContains.length === 0) return problems;
  const text = readText(path, size);
  if (typeof text !== 'string') return [...problems, text.unreadable];
  for (const wanted of rule.contains)
    if (!text.includes(wanted)) problems.push(`does not contain ${JSON.stringify(wanted)}`);
  for (const unwanted of rule.notContains)
    if (text.includes(unwanted)) problems.push(`contains ${JSON.stringify(unwanted)}`);
  if (rule.json && !isJson(text)) problems.push('is not JSON');
  return problems;
}

function readText(path: string, bytes: number): string | { readonly unreadable: string } {
  if (bytes > MAX_READ_BYTES) return { unreadable: `has ${bytes} bytes: too many to look into` };
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    return { unreadable: `cannot be read (${(error as { code?: string }).code ?? 'unknown reason'})` };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
