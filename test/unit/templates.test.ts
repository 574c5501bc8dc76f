/** The templates of `wf init` are whole definitions: somebody who copies one must not be refused by the first command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDefinitionText } from '../../src/home/definition-file.ts';
import { listTemplates } from '../../src/home/templates.ts';
import { definitionNeeds } from '../../src/workflow/definition-needs.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';

const bundled = join(import.meta.dirname, '../../definitions');
const templates = listTemplates(bundled);
const rawOf = async (file: string): Promise<unknown> =>
  (await parseDefinitionText(readFileSync(file, 'utf8'), file)).raw;

test('there are four', () => {
  expect(templates.map(({ name }) => name)).toEqual([
    'autonomous-e2e',
    'daily-brand',
    'nightly-backup',
    'research-digest',
  ]);
});

describe.each(templates)('$name', ({ name, file }) => {
  test('is carried out whole', async () => {
    // A warning is no refusal: the digest hands a number over as an argument, and a number may begin with "-".
    const found = checkDefinition(await rawOf(file), { expectedId: name });
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('names a schema that is copied beside it', async () => {
    expect(await rawOf(file)).toMatchObject({ $schema: './workflow.schema.json', id: name });
  });
});

test('what a template needs is every program and variable it names, with who uses it', async () => {
  const file = templates.find(({ name }) => name === 'nightly-backup')?.file ?? '';
  expect(definitionNeeds(normaliseDefinition(await rawOf(file)))).toEqual([
    {
      kind: 'program',
      name: '/usr/bin/restic',
      usedBy: ['tool restic', 'step backup', 'step prune', 'verify'],
    },
    { kind: 'program', name: '/usr/bin/pg_dump', usedBy: ['step dump'] },
    { kind: 'environment', name: 'PGPASSFILE', usedBy: ['step dump'] },
    {
      kind: 'environment',
      name: 'RESTIC_REPOSITORY',
      usedBy: ['step backup', 'step prune', 'verify'],
    },
    {
      kind: 'environment',
      name: 'RESTIC_PASSWORD_FILE',
      usedBy: ['step backup', 'step prune', 'verify'],
    },
  ]);
});
