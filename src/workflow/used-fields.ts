/** Which fields of a structured input a definition's templates use: asked for before a run starts, not in its middle. */
import type { Definition } from './definition.ts';
import { fieldOf, placeholders } from './template.ts';

export function usedFields(definition: Definition): readonly string[] {
  const templates = [
    ...[...definition.plan.values()].flat(),
    ...definition.steps.flatMap((step) => [step.command ?? '', ...step.args, step.message]),
    ...definition.requiredFiles,
    ...definition.files.map((rule) => rule.path),
    definition.summaryFile,
    definition.idempotency.key,
  ];
  return [...new Set(templates.flatMap(placeholders).flatMap((name) => fieldOf(name) ?? []))];
}
