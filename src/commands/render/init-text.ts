/** `wf init` for people: the templates, or the copy that was made, what it needs here, and the next command. */
import { nameHome } from '../program-name.ts';
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
  /** Ids of its schedules. */
  readonly schedules: readonly string[];
  readonly serverAlive: boolean;
  readonly wf: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export function createdText(created: Created): string {
  const { template, id, file, schemaFile, needs, wf, env } = created;
  const head =
    `✓ ${id} is yours now${id === template ? '' : `, from the template ${template}`}.\n` +
    `  file      ${tilde(file, env)}\n` +
    `  schema    ${tilde(schemaFile, env)}   by it an editor completes and checks keys\n`;
  const rows = needs.map((need) => [
    `  ${need.kind.padEnd(11)}`,
    safe(tilde(need.name, env)),
    safe(need.usedBy.join(', ')),
    safe(nameHome(need.hint, wf)),
  ]);
  const needed =
    rows.length === 0
      ? '\nAll that it needs is here.\n'
      : `\nIt needs, and this machine does not have:\n${table(rows)}`;
  return (
    `${head}${needed}\n` +
    `See what it would do:  ${wf} run ${id} --input "…" --dry-run\n` +
    `After every change:    ${wf} definitions validate ${id}\n${clock(created)}`
  );
}

/** Whoever copies a schedule thinks that it runs from now on: nothing runs by itself without somebody at the clock. */
function clock({ schedules, serverAlive, wf }: Created): string {
  if (schedules.length === 0) return '';
  const who = safe(schedules.join(', '));
  const slots = `  its next times:       ${wf} schedules\n`;
  if (serverAlive) return `\nBy the clock (${who}): a server is alive, and does it from now on.\n${slots}`;
  return (
    `\nBy the clock (${who}): only while a server is alive, and none is.\n` +
    `  a server:             ${wf} serve --no-web\n` +
    `  or a line of cron:    */5 * * * * ${wf} serve --once\n${slots}`
  );
}
