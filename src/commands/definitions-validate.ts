/** `wf definitions validate`: what is wrong with a file, a workflow or all of them, by line and column; exit 2 on errors. */
import { ExitCode } from '../errors.ts';
import { connectionCheck } from './check-connections.ts';
import { type CheckedFile, checkNamed, type FindingView } from './check-definition.ts';
import { placesOf } from './definition-places.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { safe } from './render/text.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const places = placesOf(invocation);
  const connections = await connectionCheck(places.home, invocation.env);
  const files = await checkNamed(places, invocation.args[0], connections);
  const ok = files.every((file) => file.ok);
  if (invocation.json) printJson(invocation, { schema: 'wf.validation/1', ok, files });
  else invocation.io.out(files.map((file) => fileText(file, invocation.env)).join(''));
  return ok ? ExitCode.ok : ExitCode.usage;
}

function fileText(checked: CheckedFile, env: Invocation['env']): string {
  const file = tilde(checked.file, env);
  const name = checked.id === undefined ? file : `${checked.id} (${checked.source}, ${file})`;
  const count = (severity: FindingView['severity'], word: string): string[] => {
    const n = checked.findings.filter((finding) => finding.severity === severity).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  const counts = [...count('error', 'error'), ...count('warning', 'warning')].join(', ');
  const head = `${checked.ok ? '✓' : '✗'} ${name}${counts === '' ? '' : `: ${counts}`}\n`;
  return `${head}${checked.findings.map((finding) => findingText(finding, file)).join('')}`;
}

function findingText(finding: FindingView, file: string): string {
  const at = finding.line === undefined ? file : `${file}:${finding.line}:${finding.column}`;
  const hint = finding.hint === undefined ? '' : `\n      ${safe(finding.hint)}`;
  return `  ${at}  ${finding.severity}\n      ${safe(finding.path)}: ${safe(finding.message)}${hint}\n`;
}
