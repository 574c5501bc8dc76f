/** Writes definitions/workflow.schema.json from the zod schema; a test fails when the two differ. Run with Node 24. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../src/workflow/definition-schema.ts';

const file = new URL('../definitions/workflow.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
