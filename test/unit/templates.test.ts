/** The templates of `wf init` are whole definitions: somebody who copies one must not be refused by the first command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDefinitionText } from '../../src/home/definition-file.ts';
import { listTemplates } from '../../src/home/templates.ts';
import { definitionNeeds } from '../../src/workflow/definition-needs.ts';
import { formatPath } from '../../src/workflow/finding.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { checkDefinition } from '../../src/workflow/validate-definition.ts';

const bundled = join(import.meta.dirname, '../../definitions');
const templates = listTemplates(bundled);
const rawOf = async (file: string): Promise<unknown> =>
  (await parseDefinitionText(readFileSync(file, 'utf8'), file)).raw;

/**
 * Keys that templates use and this version refuses. Whoever carries one of them out takes it off this list; it is
 * to be empty.
 */
const NOT_YET: Readonly<Record<string, readonly string[]>> = {
  'autonomous-e2e': ['notify'],
  'daily-brand': ['approval[0].remindAfter', 'limits', 'notify'],
  'nightly-backup': ['limits', 'notify'],
  'research-digest': ['limits'],
};

test('there are four', () => {
  expect(templates.map(({ name }) => name)).toEqual(Object.keys(NOT_YET));
});

describe.each(templates)('$name', ({ name, file }) => {
  test('is refused for nothing but what is not carried out yet', async () => {
    const errors = checkDefinition(await rawOf(file), { expectedId: name }).filter(
      ({ severity }) => severity === 'error',
    );
    const later = errors.filter(({ message }) => message.includes('not carried out yet'));
    expect(errors.filter((error) => !later.includes(error))).toEqual([]);
    expect(later.map(({ path }) => formatPath(path)).sort()).toEqual(NOT_YET[name]);
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
