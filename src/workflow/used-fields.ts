/** Which fields of a structured input a definition's templates use: asked for before a run starts, not in its middle. */
import { actsOf } from './acts.ts';
import type { Definition, Step } from './definition.ts';
import { fieldOf, placeholders } from './template.ts';

/** What an `http` or `message` step sends; a JSON body counts as its text, for a template is one in either. */
const sentTexts = ({ http, text = '' }: Step): readonly string[] =>
  http === undefined
    ? [text]
    : [http.url, ...http.headers.map(([, value]) => value), JSON.stringify(http.body ?? ''), text];

export function usedFields(definition: Definition): readonly string[] {
  const templates = [
    ...[...definition.plan.values()].flat(),
    ...(['execute', 'verify', 'deliver'] as const)
      .flatMap((stage) => actsOf(definition, stage))
      .flatMap((step) => [
        step.command ?? '',
        ...step.args,
        step.message,
        ...step.attach,
        ...sentTexts(step),
      ]),
    ...definition.requiredFiles,
    ...definition.files.map((rule) => rule.path),
    ...definition.approvals.flatMap((rule) => rule.show),
    definition.summaryFile,
    definition.idempotency.key,
  ];
  return [...new Set(templates.flatMap(placeholders).flatMap((name) => fieldOf(name) ?? []))];
}
