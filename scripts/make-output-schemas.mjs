/** Writes docs/output-schemas.json from the zod schemas; a test fails when the two differ. Run with Node 24. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { publishedSchemas } from '../src/commands/output-schemas.ts';

const file = new URL('../docs/output-schemas.json', import.meta.url);
mkdirSync(new URL('.', file), { recursive: true });
writeFileSync(file, `${JSON.stringify(publishedSchemas(), null, 2)}\n`);
