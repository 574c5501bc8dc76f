import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CARRIED_OUT_KEYS, type KeyPlace, LATER_KEYS } from '../../src/workflow/definition-keys.ts';
import { jsonSchema } from '../../src/workflow/definition-schema.ts';

type Node = { properties?: Record<string, Node>; items?: Node; additionalProperties?: Node | boolean };
const schema = jsonSchema() as Node;

const at = (...path: string[]): Node =>
  path.reduce<Node>((node, part) => {
    const next =
      part === '[]'
        ? node.items
        : part === '*'
          ? (node.additionalProperties as Node)
          : node.properties?.[part];
    if (next === undefined) throw new Error(`nothing at ${path.join('.')}`);
    return next;
  }, schema);

const PLACES: Readonly<Record<KeyPlace, Node>> = {
  definition: schema,
  input: at('input'),
  inputField: at('input', 'fields', '*'),
  idempotency: at('idempotency'),
  defaults: at('defaults'),
  retry: at('defaults', 'retry'),
  classify: at('classify'),
  route: at('classify', 'routes', '[]'),
  fallback: at('classify', 'fallback'),
  autoConfigure: at('autoConfigure'),
  toolCommand: at('autoConfigure', 'toolCommands', '*'),
  execute: at('execute'),
  step: at('execute', 'steps', '[]'),
  auth: at('execute', 'auth'),
  verify: at('verify'),
  file: at('verify', 'files', '[]'),
  outcome: at('verify', 'outcome'),
  checkCommand: at('verify', 'command'),
  approval: at('approval', '[]'),
  when: at('approval', '[]', 'when'),
  deliver: at('deliver'),
  schedule: at('schedules', '[]'),
  retention: at('retention'),
  limits: at('limits'),
  notify: at('notify', '[]'),
  selfImprove: at('selfImprove'),
  revert: at('selfImprove', 'revert'),
};

describe('the schema', () => {
  test('the published file is what the program checks (scripts/make-schema.mjs writes it)', () => {
    const file = readFileSync(new URL('../../definitions/workflow.schema.json', import.meta.url), 'utf8');
    expect(file).toBe(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  });

  test.each(Object.entries(PLACES))(
    'suggestions at %s name the keys that are really carried out',
    (place, node) => {
      const known = CARRIED_OUT_KEYS[place as KeyPlace];
      expect([...known].sort()).toEqual(Object.keys(node.properties ?? {}).sort());
      expect(known.filter((key) => LATER_KEYS[place as KeyPlace].includes(key))).toEqual([]);
      expect(node.additionalProperties).toBe(false);
    },
  );
});
