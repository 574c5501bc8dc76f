/** `wf init` for people: the templates, or the copy that was made, what it needs here, and the next command. */
import type { UnmetNeed } from '../unmet-needs.ts';
import { tilde } from './paths.ts';
import { oneLine, safe, table } from './text.ts';

type Listed = { readonly name: string; readonly description: string };

export const templatesText = (templates: readonly Listed[], wf: string): string =>
  `Workflows to begin from:\n\n${table(
    templates.map(({ name, description }) => [`  ${name}`, oneLine(description, 90)]),
  )}\nTake one:  ${wf} init ${templates[0]?.name ?? 'TEMPLATE'}       another name for it: --id NAME\n`;

type Created = {
  readonly template: string;
  readonly id: string;
  readonly file: string;
  readonly schemaFile: string;
  readonly needs: readonly UnmetNeed[];
  readonly wf: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export function createdText({ template, id, file, schemaFile, needs, wf, env }: Created): string {
  const head =
    `✓ ${id} is yours now${id === template ? '' : `, from the template ${template}`}.\n` +
    `  file      ${tilde(file, env)}\n` +
    `  schema    ${tilde(schemaFile, env)}   by it an editor completes and checks keys\n`;
  const rows = needs.map((need) => [
    `  ${need.kind.padEnd(11)}`,
    safe(tilde(need.name, env)),
    safe(need.usedBy.join(', ')),
    safe(need.hint),
  ]);
  const needed =
    rows.length === 0
      ? '\nAll that it needs is here.\n'
      : `\nIt needs, and this machine does not have:\n${table(rows)}`;
  return (
    `${head}${needed}\n` +
    `See what it would do:  ${wf} run ${id} --input "…" --dry-run\n` +
    `After every change:    ${wf} definitions validate ${id}\n`
  );
}
