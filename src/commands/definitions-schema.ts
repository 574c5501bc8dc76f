/** `wf definitions schema`: the JSON Schema of a definition file, to be written to a file that editors read. */
import { ExitCode } from '../errors.ts';
import { jsonSchema } from '../workflow/definition-schema.ts';
import { printJson } from './render/list.ts';
import type { Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const schema = jsonSchema();
  // Without --json the output is the schema itself: `wf definitions schema > workflow.schema.json`.
  if (invocation.json) printJson(invocation, { schema: 'wf.definition-schema/1', jsonSchema: schema });
  else invocation.io.out(`${JSON.stringify(schema, null, 2)}\n`);
  return ExitCode.ok;
}
