/** What the verbs for operating a home print: doctor, log, projections, tools and scripts. */
import { z } from 'zod';
import { count, sha256Hex } from '../../events/shared.ts';
import { named } from './named.ts';
import { path } from './run-shapes.ts';

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
