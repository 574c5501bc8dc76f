/** What the verbs for operating a home print: doctor, log, projections, tools and scripts. */
import { z } from 'zod';
import { count, isoTime, sha256Hex } from '../../events/shared.ts';
import { named } from './named.ts';
import { path, status } from './run-shapes.ts';

const damage = z.object({ line: count, offset: count, reason: z.string() });
export const operateSchemas = {
  'wf.tool/1': named('wf.tool/1', {
    action: z.enum(['bootstrap', 'reset']),
    workflowId: z.string().optional(),
    ok: z.boolean(),
    tools: z.array(
      z.object({
        tool: z.string(),
        result: z.enum([
          'configured',
          'already_configured',
          'no_command',
          'command_failed',
          'disabled',
          'reset',
          'not_ready',
        ]),
        detail: z.string().optional(),
      }),
    ),
  }),
  'wf.connect/1': named('wf.connect/1', {
    action: z.enum(['list', 'connected', 'unchanged', 'undone']),
    file: path,
    /** Only of a list. */
    connections: z
      .array(
        z.object({
          kind: z.enum(['openclaw', 'agent', 'message']),
          name: z.string(),
          detail: z.string(),
          auto: z.boolean(),
        }),
      )
      .optional(),
    name: z.string().optional(),
    /** What its program answered to --version. */
    version: z.string().optional(),
    /** Lines of config.json that go ("- ") and come ("+ "). */
    changes: z.array(z.string()).optional(),
  }),
  'wf.doctor/1': named('wf.doctor/1', {
    ok: z.boolean(),
    home: path,
    findings: z.array(
      z.object({
        id: z.string(),
        severity: z.enum(['ok', 'warning', 'problem']),
        message: z.string(),
        where: z.string().optional(),
        why: z.string().optional(),
        fix: z.string().optional(),
        fixed: z.string().optional(),
      }),
    ),
  }),
  'wf.check/1': named('wf.check/1', {
    ok: z.boolean(),
    problems: z.array(
      z.object({
        path: z.string(),
        problem: z.enum(['missing', 'different', 'unexpected']),
        at: z.object({ byte: count, line: count }).optional(),
      }),
    ),
  }),
  'wf.rebuild/1': named('wf.rebuild/1', {
    upTo: count,
    events: count,
    runs: count,
    foreign: z.array(z.object({ from: path, to: path })),
  }),
  'wf.log/1': named('wf.log/1', {
    ok: z.boolean(),
    file: path,
    events: count,
    bytes: count,
    headSeq: count,
    headHash: sha256Hex,
    erased: count,
    durableSeq: count,
    torn: damage.extend({ bytes: count }).optional(),
    damage: damage.optional(),
    unsaid: damage.optional(),
  }),
  'wf.erase/1': named('wf.erase/1', {
    runId: z.string(),
    workflowId: z.string(),
    status,
    idempotencyKey: z.string(),
    erasedAt: isoTime,
    /** Events whose data was replaced now; 0 when all had been before. */
    events: count,
    blobs: z.object({ removed: count, shared: count }),
    /** Files and folders removed beside projections: leftovers, copies of the log's end, scratch. */
    removed: z.array(path),
    artifacts: path.nullable(),
    /** What is still there, in sentences. */
    stays: z.array(z.string()),
  }),
  'wf.archive/1': named('wf.archive/1', {
    /** Null when there was nothing to close. */
    closed: z.object({ file: path, firstSeq: count, lastSeq: count, bytes: count }).nullable(),
    segments: count,
    closedBytes: count,
    bytes: count,
    headSeq: count,
  }),
  'wf.backup/1': named('wf.backup/1', {
    dir: path,
    seq: count,
    headHash: sha256Hex,
    /** Of the log; `written` is what was added, or all of it when it was `rewritten` because runs had been erased. */
    bytes: count,
    written: count,
    rewritten: z.boolean(),
    before: z.object({ seq: count, at: isoTime }).nullable(),
    blobs: z.object({ copied: count, total: count, missing: z.array(sha256Hex) }),
    definitions: count,
    artifacts: count.nullable(),
  }),
  'wf.scripts/1': named('wf.scripts/1', {
    dir: path,
    package: path,
    scripts: z.array(
      z.object({
        name: z.string(),
        path,
        action: z.enum(['installed', 'replaced', 'unchanged', 'kept']),
        backup: path.optional(),
      }),
    ),
  }),
} as const;
