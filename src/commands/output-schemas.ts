/**
 * What every verb prints with `--json`, as published in docs/output-schemas.json. Fields are only ever added: readers
 * must let unknown ones pass, and a shape that loses or changes one gets a new name. Loads zod: for tests and tools.
 */
import { z } from 'zod';
import { stageOutputs } from '../events/run-events.ts';
import { count, isoTime, owner, sha256Hex, text } from '../events/shared.ts';
import { buildSchemas } from './output/build-schemas.ts';
import { bundleSchemas, replayed } from './output/bundle-schemas.ts';
import { explainSchemas } from './output/explain-schemas.ts';
import { importSchema } from './output/import-schema.ts';
import { inboxItem, lists, source } from './output/list-shapes.ts';
import { named } from './output/named.ts';
import { operateSchemas } from './output/operate-schemas.ts';
import {
  approval,
  cost,
  effect,
  expiry,
  notice,
  nullableOutputs,
  path,
  run,
  runItem,
  status,
  told,
} from './output/run-shapes.ts';
import { screenSchemas } from './output/screen-schemas.ts';
import { paused, serveSchemas } from './output/serve-schemas.ts';
import { tortureSchema } from './output/torture-schema.ts';

const plannedStep = z.object({
  step: z.string(),
  dispatcher: z.string(),
  target: z.string().optional(),
  message: text,
  binding: sha256Hex,
});

/** By the name in their field `schema`. */
export const outputSchemas = {
  'wf.error/1': named('wf.error/1', {
    error: z.object({
      code: z.string(),
      message: z.string(),
      where: z.string().optional(),
      hint: z.string().optional(),
      retryable: z.boolean(),
      exitCode: count,
    }),
  }),
  'wf.run/1': named('wf.run/1', {
    answer: z.enum(['ended', 'followed', 'reused', 'live', 'detached']),
    exitCode: count,
    run,
    /** Who was told of its stop by this process; absent where another one brought it there. */
    told: z.array(told).optional(),
  }),
  'wf.dry-run/1': named('wf.dry-run/1', {
    workflowId: z.string(),
    definition: z.object({ source, hash: sha256Hex }),
    classify: stageOutputs.classify,
    plan: stageOutputs.plan,
    tools: z.array(
      z.object({ tool: z.string(), command: z.array(z.string()).nullable(), required: z.boolean() }),
    ),
    steps: z.array(plannedStep),
    approval: z.string(),
    redactions: count,
    idempotencyKey: z.string(),
    wouldBe: z.object({
      answer: z.enum(['start', 'reuse', 'follow']),
      runId: z.string().optional(),
      sameInput: z.boolean().optional(),
      status: status.optional(),
      waitingFor: z.string().optional(),
    }),
  }),
  'wf.status/1': named('wf.status/1', {
    home: path,
    exists: z.boolean(),
    counts: z.record(status, count),
    running: z.array(runItem),
    inbox: z.array(inboxItem),
    paused: z.array(paused),
    last: z.array(runItem),
  }),
  'wf.list/1': lists,
  'wf.show/1': named('wf.show/1', {
    run: run.extend({
      effects: z.array(effect),
      approvals: z.array(approval),
      cost,
      notices: z.array(notice),
      outputs: z.object(nullableOutputs),
    }),
    definition: z.object({
      /** Empty for a run imported from the script engine. */
      hash: z.union([sha256Hex, z.literal('')]),
      currentHash: sha256Hex.nullable(),
      changed: z.boolean(),
    }),
    files: z.object({
      record: path,
      summary: path.nullable(),
      briefs: z.array(path),
      artifacts: path.nullable(),
      kept: z.boolean(),
      expired: z.object({ artifacts: expiry.nullable(), files: expiry.nullable() }),
      /** Files that the run names where the home stood before. */
      moved: z.array(z.object({ before: path, was: path, now: path })),
    }),
  }),
  'wf.run-file/1': named('wf.run-file/1', {
    runId: z.string(),
    file: z.enum(['record', 'summary', 'brief']),
    path,
    kept: z.boolean(),
    text: z.string(),
  }),
  'wf.replay/1': named('wf.replay/1', {
    runId: z.string(),
    at: count.optional(),
    states: z.array(replayed),
    /** Only with `--at`: the whole state, as the engine folds it. */
    state: z
      .looseObject({
        runId: z.string(),
        version: count,
        status,
        lease: z.object({ owner, epoch: count }).nullable(),
      })
      .optional(),
  }),
  ...buildSchemas,
  ...operateSchemas,
  ...explainSchemas,
  ...bundleSchemas,
  ...importSchema,
  ...screenSchemas,
  ...serveSchemas,
  'wf.torture/1': tortureSchema,
} as const;

export type OutputName = keyof typeof outputSchemas;

/** `wf events --json`: one of these a line (NDJSON), exactly as in the log. The one exception from "one value". */
export const eventLineSchema = z.looseObject({
  seq: count,
  id: z.string(),
  ts: isoTime,
  stream: z.string(),
  streamVersion: count,
  type: z.string(),
  schemaVersion: count,
  commit: z.string(),
  dataHash: sha256Hex,
  data: z.looseObject({}),
  hash: sha256Hex,
});

/** Which of them a verb prints; on failure every one may print `wf.error/1` instead. */
export const outputsOfVerbs: Readonly<Record<string, readonly OutputName[]>> = {
  run: ['wf.run/1', 'wf.dry-run/1'],
  resume: ['wf.run/1'],
  cancel: ['wf.run/1'],
  status: ['wf.status/1'],
  runs: ['wf.list/1'],
  show: ['wf.show/1', 'wf.run-file/1'],
  events: [],
  why: ['wf.why/1', 'wf.why-not/1'],
  graph: ['wf.graph/1'],
  diff: ['wf.diff/1'],
  replay: ['wf.replay/1', 'wf.replay-against/1', 'wf.replay-bundle/1'],
  bundle: ['wf.bundle/1', 'wf.bundled/1'],
  inbox: ['wf.list/1'],
  approve: ['wf.run/1'],
  reject: ['wf.run/1'],
  report: ['wf.run/1'],
  'feedback submit': ['wf.feedback/1'],
  'feedback list': ['wf.list/1'],
  'feedback improve': ['wf.improvement/1', 'wf.back-test/1'],
  'definitions preflight': ['wf.preflight/1'],
  'feedback effect': ['wf.effect/1'],
  'feedback revert': ['wf.improvement/1'],
  'definitions list': ['wf.list/1'],
  'definitions show': ['wf.definition/1'],
  'definitions validate': ['wf.validation/1'],
  'definitions torture': ['wf.torture/1'],
  'definitions schema': ['wf.definition-schema/1'],
  'tools list': ['wf.list/1'],
  'tools bootstrap': ['wf.tool/1'],
  'tools reset': ['wf.tool/1'],
  doctor: ['wf.doctor/1'],
  resolve: ['wf.run/1'],
  erase: ['wf.erase/1'],
  'rebuild-projections': ['wf.rebuild/1', 'wf.check/1'],
  'log verify': ['wf.log/1'],
  'log archive': ['wf.archive/1'],
  'log backup': ['wf.backup/1'],
  'import-legacy': ['wf.import/1'],
  'install-scripts': ['wf.scripts/1'],
  connect: ['wf.connect/1'],
  init: ['wf.init/1'],
  completion: ['wf.completion/1'],
  pause: ['wf.pause/1'],
  serve: ['wf.serve/1'],
  schedules: ['wf.schedules/1'],
};

/** The document that is published: verbs, and the JSON Schema of each name. Unknown keys are let through. */
export function publishedSchemas(): object {
  const published = (schema: z.ZodType): object => {
    const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
      io: 'input',
      reused: 'ref',
      override: ({ jsonSchema }) => {
        // A reader of today must accept what a later version adds.
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    });
    return rest;
  };
  const schemas = Object.fromEntries(
    Object.entries(outputSchemas).map(([name, schema]) => [name, published(schema)]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    description:
      'What `wf <verb> --json` prints: exactly one value, on failure too (then wf.error/1). `wf events --json` is the one exception: a line for each event. Fields are only ever added.',
    verbs: { ...outputsOfVerbs, events: ['event line'] },
    schemas: { ...schemas, 'event line': published(eventLineSchema) },
  };
}
