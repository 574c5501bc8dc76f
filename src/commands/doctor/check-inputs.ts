/** What people write: config.json and the definitions. Both are checked whole, as a run would. */
import { readConfig } from '../../home/config.ts';
import { type DefinitionPlaces, listDefinitions } from '../../home/definitions.ts';
import { homePaths } from '../../home/paths.ts';
import { checkNamed } from '../check-definition.ts';
import type { Findings } from './findings.ts';

/** Answers whether config.json can be used: without it nothing opens the home. */
export async function checkInputs(findings: Findings, places: DefinitionPlaces): Promise<boolean> {
  const { config } = homePaths(places.home);
  let isUsable = false;
  await findings.check('config', async () => {
    await readConfig(config);
    isUsable = true;
    await findings.add({ id: 'config', severity: 'ok', message: 'config.json is valid or not there' });
  });
  await findings.check('definitions', () => checkDefinitions(findings, places));
  return isUsable;
}

async function checkDefinitions(findings: Findings, places: DefinitionPlaces): Promise<void> {
  const files = await checkNamed(places, undefined);
  for (const file of files) {
    const errors = file.findings.filter(({ severity }) => severity === 'error');
    const [first] = errors.length > 0 ? errors : file.findings;
    if (first === undefined) continue;
    const n = errors.length > 0 ? errors.length : file.findings.length;
    const word = errors.length > 0 ? 'error' : 'warning';
    await findings.add({
      id: 'definition',
      severity: errors.length > 0 ? 'problem' : 'warning',
      message: `${file.id ?? file.file} has ${n} ${word}${n === 1 ? '' : 's'}: ${first.path}: ${first.message}`,
      where: first.line === undefined ? file.file : `${file.file}:${first.line}:${first.column}`,
      fix: `See all of it: wf definitions validate ${file.id ?? file.file}`,
    });
  }
  const broken = files.filter((file) => !file.ok).length;
  if (broken === 0) {
    const n = listDefinitions(places).length;
    await findings.add({
      id: 'definitions',
      severity: n === 0 ? 'warning' : 'ok',
      message: n === 0 ? 'there are no definitions' : `${n} definition${n === 1 ? '' : 's'} can run`,
    });
  }
}
