/**
 * Whether config lets a definition write its summary where it wants. Asked before a run starts: found out at the end
 * it would be a summary that is promised and not there.
 */
import { usageError } from '../errors.ts';
import { writablePath } from '../home/writable-path.ts';
import { TEMPLATE_NAMES } from '../workflow/template.ts';
import type { LoadedDefinition } from './ports.ts';

/** Every definition without a path of its own is here. */
const OURS = /^\{\{\s*(?:home\s*\}\}\/outbox|artifacts\s*\}\})\/[^/]+$/;

/** @throws {WfError} summary-place (2) */
export function assertSummaryPlace(
  loaded: LoadedDefinition,
  home: string,
  allowedRoots: readonly string[],
): void {
  const { summaryFile } = loaded.definition;
  if (OURS.test(summaryFile)) return;
  // Any run's path will do: what a value can add is checked again when the file is written.
  const path = TEMPLATE_NAMES.reduce(
    (text, name) =>
      text.replaceAll(new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`, 'g'), () => placeFor(name, home)),
    summaryFile,
  );
  if (writablePath(home, allowedRoots, path) !== null) return;
  throw usageError(
    'summary-place',
    `workflow ${loaded.id} would write its summary outside outbox/, artifacts/ and the folders that config.json allows`,
    {
      where: `${loaded.file}: deliver.summaryFile`,
      hint: `Write {{home}}/outbox/{{runId}}.md, or add the folder to "allowedRoots" in ${home}/config.json`,
    },
  );
}

function placeFor(name: (typeof TEMPLATE_NAMES)[number], home: string): string {
  if (name === 'home') return home;
  return name === 'artifacts' ? `${home}/artifacts/x` : 'x';
}
