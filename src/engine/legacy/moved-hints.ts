/** A home that was moved: its files name each other by the path they had. Said once, with what to do about it. */
import type { LegacyHome } from '../../home/legacy-files.ts';
import type { DefinitionCopy } from './definition-copies.ts';
import type { ReadDefinition } from './plan-rest.ts';

/** Everything before the folders of a home in an absolute path. */
const ROOT = /"(\/[^"\\]{1,1024}?)\/(?:outbox|state\/runs|definitions)\/[^"\\]*"/g;
const MAX_ROOTS = 3;

export function movedHints(
  legacy: LegacyHome,
  home: string,
  definitions: readonly DefinitionCopy[],
  read: ReadDefinition,
): readonly string[] {
  const roots = new Set<string>();
  for (const { text } of [...legacy.runs, ...legacy.improvements])
    for (const [, root] of text.matchAll(ROOT)) if (root !== undefined && root !== home) roots.add(root);
  return [...roots]
    .slice(0, MAX_ROOTS)
    .flatMap((root) => [
      `records name files below ${root}, where the script engine's home was: summaries and records are below ${home} now`,
      ...definitions.flatMap(({ name }) =>
        !name.startsWith('.backups/') && read(name)?.includes(`"${root}/`) === true
          ? [
              `definitions/${name} names files below ${root}: those of its own home are found in this one; for any other that has moved, change the path`,
            ]
          : [],
      ),
    ]);
}
