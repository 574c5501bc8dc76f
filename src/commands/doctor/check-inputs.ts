/** What people write: config.json and the definitions. Both are checked whole, as a run would. */
import { readConfig } from '../../home/config.ts';
import { listDefinitions } from '../../home/definitions.ts';
import { connectionCheck } from '../check-connections.ts';
import { checkNamed } from '../check-definition.ts';
import type { Exam } from './exam.ts';
import { plural } from './findings.ts';

/** Without valid settings nothing opens the home. */
export async function checkConfig({ findings, facts, paths }: Exam): Promise<void> {
  await readConfig(paths.config);
  facts.add('config');
  await findings.add({ id: 'config', severity: 'ok', message: 'config.json is valid or not there' });
}

export async function checkDefinitions({ findings, places, env }: Exam): Promise<void> {
  const files = await checkNamed(places, undefined, await connectionCheck(places.home, env));
  for (const file of files) {
    const errors = file.findings.filter(({ severity }) => severity === 'error');
    const [first] = errors.length > 0 ? errors : file.findings;
    if (first === undefined) continue;
    const word = errors.length > 0 ? 'error' : 'warning';
    const n = errors.length > 0 ? errors.length : file.findings.length;
    await findings.add({
      ...(errors.length > 0
        ? { id: 'definition', severity: 'problem' }
        : { id: 'definition-warning', severity: 'warning' }),
      message: `${file.id ?? file.file} has ${plural(n, word)}: ${first.path}: ${first.message}`,
      where: first.line === undefined ? file.file : `${file.file}:${first.line}:${first.column}`,
      fix: `See all of it: wf definitions validate ${file.id ?? file.file}`,
    });
  }
  if (!files.every((file) => file.ok)) return;
  const n = listDefinitions(places).length;
  await findings.add({
    id: 'definitions',
    severity: n === 0 ? 'warning' : 'ok',
    message: n === 0 ? 'there are no definitions' : `${plural(n, 'definition')} can run`,
  });
}
