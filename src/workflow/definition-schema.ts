/**
 * What a definition file may hold, as zod says it: the source of `definitions/workflow.schema.json`. It describes
 * shapes only; rules between keys are in validate-definition.ts. Loaded only when a file has to be checked.
 */
import { z } from 'zod';
import { NOTIFY_ON } from '../events/notify-events.ts';
import { ID_PATTERN } from '../events/shared.ts';
import { MAX_STEPS } from './definition.ts';
import { DISPATCHERS } from './definition-keys.ts';
import { DURATION_HELP, DURATION_PATTERN, MAX_DURATION_MS, parseDuration } from './duration.ts';
import { EFFECT_WINDOW } from './improve/effect.ts';

/** Longest text of a definition, in UTF-16 units; the log keeps each definition whole. */
const MAX_TEXT = 64 * 1024;
const MAX_LIST = 1_000;

const ID_HELP = 'letters, digits, ".", "_" and "-", at most 128, beginning with a letter or digit';
const id = z.string().regex(ID_PATTERN, { error: `expected ${ID_HELP}` });

const text = z.string().max(MAX_TEXT);
const line = text.min(1);
/** What ends up in an argument vector: NUL cannot be handed to a process. */
const argument = text.refine((value) => !value.includes('\0'), { error: 'expected a text without NUL' });
const list = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_LIST);

const duration = z
  .string()
  .regex(DURATION_PATTERN, { error: `expected ${DURATION_HELP}` })
  .refine((value) => (parseDuration(value) ?? 0) <= MAX_DURATION_MS, { error: 'expected at most "7d"' });
const timeout = duration
  .refine((value) => parseDuration(value) !== 0, { error: 'expected a duration above zero' })
  .describe('Per attempt: 500ms, 30s, 10m, 2h or 7d.');

/** For what is kept or remembered, which may be longer than anything is waited for. */
const longDuration = z
  .string()
  .regex(DURATION_PATTERN, { error: `expected ${DURATION_HELP}` })
  .refine((value) => parseDuration(value) !== 0, { error: 'expected a duration above zero' });

/** Between two messages to a person. */
const MIN_PAUSE_MS = 60_000;
const pause = longDuration.refine((value) => (parseDuration(value) ?? MIN_PAUSE_MS) >= MIN_PAUSE_MS, {
  error: 'expected at least "1m"',
});

const risk = z.enum(['low', 'high']);

const retry = z.strictObject({
  maxAttempts: z.int().min(1).max(20).optional().describe('Attempts in all, the first included.'),
  backoff: duration.optional().describe('Pause before the second attempt; doubled for each further one.'),
  maxBackoff: duration.optional(),
  retryOn: list(
    z.string().regex(/^(?:timeout|exit:(?:[1-9]\d{0,2}))$/, { error: 'expected "timeout" or "exit:N"' }),
  )
    .optional()
    .describe('Ends after which an idempotent act is tried again: "timeout", "exit:75".'),
});

const defaults = z.strictObject({
  assumptions: list(line).optional().describe('Part of every dispatched message.'),
  timeout: timeout.optional(),
  retry: retry.optional(),
});

const routeTimeout = timeout
  .optional()
  .describe('Per attempt, for steps without their own. A step has its own, else its route, else defaults.');

const route = z.strictObject({ name: id, match: list(line), risk, timeout: routeTimeout });

const classify = z.strictObject({
  routes: list(route).optional().describe('Most matched whole words win, a tie goes to the higher risk.'),
  highRiskWords: list(line).optional().describe('Any of them raises the risk of whatever route won.'),
  fallback: z.strictObject({ name: id, risk, timeout: routeTimeout }).optional(),
});

const toolCommand = z.strictObject({
  command: argument.min(1).optional(),
  args: list(argument).optional(),
  required: z.boolean().optional(),
  timeout: timeout.optional(),
});

const autoConfigure = z.strictObject({
  enabled: z.boolean().optional(),
  allowlist: list(id).optional(),
  toolCommands: z.record(z.string(), toolCommand).optional(),
});

// The value is never part of the message: somebody who wrote NAME=secret must not see it in a log.
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
  error: 'expected the name of an environment variable alone, such as "API_TOKEN", without its value',
});
const envNames = list(envName);

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, {
  error: 'expected the name of a header',
});

const auth = z
  .strictObject({ bearerEnv: envName.optional(), hmacEnv: envName.optional(), header: headerName.optional() })
  .describe(
    'From the environment: a bearer token, or an HMAC-SHA-256 of the body (header "x-signature-256").',
  );

const httpShape = {
  url: line.optional().describe('https, or http on this machine. No template in scheme or host.'),
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).optional(),
  headers: z.record(headerName, text).optional(),
  body: z.json().optional().describe('A text, or a JSON value whose texts are templates.'),
  bodyFile: argument.min(1).optional().describe('The file whose bytes are sent.'),
  auth: auth.optional(),
  notPerformedStatuses: list(z.int().min(300).max(599))
    .optional()
    .describe('Statuses that mean that nothing was done, such as 503 of a server that says so.'),
};

const messageShape = {
  to: id.optional().describe('A target of "messages" in config.json. Default: "default".'),
  text: line.optional(),
  textFile: argument.min(1).optional(),
};

const actionShape = {
  dispatcher: z.enum(DISPATCHERS).optional(),
  command: argument.min(1).optional(),
  args: list(argument).optional(),
  agent: id.optional(),
  await: z.enum(['auto', 'outcome', 'dispatch']).optional(),
  timeout: timeout.optional(),
  retry: retry.optional(),
  idempotent: z.boolean().optional().describe('Performing it twice with the same key does no harm.'),
  env: envNames.optional(),
  notPerformedExitCodes: list(z.int().min(1).max(255)).optional(),
  message: line.optional(),
  attach: list(argument.min(1)).optional().describe('Files that the brief names as material.'),
  onError: z.enum(['fail', 'continue']).optional().describe('What a failure for good means for the run.'),
  ...httpShape,
  ...messageShape,
};

const step = z.strictObject({ id: id.optional(), ...actionShape });

/** One action, or steps: one object with all keys, because a union answers a typing error with all its arms. */
const execute = z.strictObject({ steps: z.array(step).min(1).max(MAX_STEPS).optional(), ...actionShape });

const inputField = z.strictObject({
  type: z.enum(['string', 'number', 'boolean']),
  required: z.boolean().optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  description: text.optional(),
});

const idempotency = z.strictObject({
  key: line
    .optional()
    .describe('Requests with the same text are the same work. Default: {{workflowId}}:{{input}}.'),
  window: z
    .union([z.literal('forever'), longDuration])
    .optional()
    .describe('How long a finished run answers, counted from its start. Default: forever.'),
});

const approval = z.strictObject({
  at: z.string().regex(/^(?:execute(?:\.[A-Za-z0-9][A-Za-z0-9._-]{0,127})?|deliver)$/, {
    error: 'expected "execute", "execute.<step>" or "deliver"',
  }),
  when: z.strictObject({ risk }).optional(),
  show: list(argument.min(1)).optional().describe('Files that are shown to who decides.'),
  by: list(line).optional().describe('Who may say yes: login names, or "owner".'),
  fourEyes: z.boolean().optional().describe('Who started the run may not approve it.'),
  expiresIn: longDuration.optional(),
  remindAfter: pause.optional().describe('How often the question is asked again until it is answered.'),
  onExpire: z.enum(['cancel', 'skip']).optional(),
  onReject: z.enum(['cancel', 'skip', 'redo']).optional(),
  maxRedo: z.int().min(1).max(20).optional(),
});

const fileRule = z.strictObject({
  path: argument.min(1),
  fresh: z
    .boolean()
    .optional()
    .describe("Changed since this run's first act: yesterday's file does not pass."),
  minBytes: z.int().min(0).optional(),
  contains: list(line).optional().describe('Texts that must stand in the file.'),
  notContains: list(line).optional().describe('Texts that must not stand in the file.'),
  json: z.boolean().optional().describe('The file must be one JSON value.'),
});

const checkCommand = z.strictObject({
  command: argument.min(1),
  args: list(argument).optional(),
  env: envNames.optional(),
  timeout: timeout.optional(),
});

const verify = z.strictObject({
  requiredFiles: list(argument.min(1)).optional(),
  files: list(fileRule).optional(),
  command: checkCommand.optional().describe('Run after the work: its exit code 0 is the check.'),
  outcome: z
    .strictObject({
      notEmpty: z.boolean().optional(),
      failOn: list(line).optional().describe('An answer with one of these in it is a failure.'),
    })
    .optional(),
});

const notify = z.strictObject({
  on: list(z.enum([...NOTIFY_ON, 'waiting'])).min(1),
  to: z
    .union([id, list(id).min(1)], { error: 'expected a name under "messages" of config.json, or a list' })
    .optional()
    .describe('The next one where one fails. Default: "default".'),
  repeat: pause.optional().describe('How often it is told again while it lasts.'),
});

const KEEP_HELP = 'expected a duration such as "7d" since the end of a run, or how many of the newest runs';
const keep = z.union(
  [
    z
      .string()
      .regex(DURATION_PATTERN, { error: KEEP_HELP })
      .refine((value) => parseDuration(value) !== 0, { error: KEEP_HELP }),
    z
      .int({ error: KEEP_HELP })
      .refine((count) => count >= 1, { error: KEEP_HELP })
      .meta({ minimum: 1 }),
  ],
  { error: KEEP_HELP },
);

const schedule = z.strictObject({
  id,
  cron: line.describe(
    'Minute, hour, day of month, month, day of week: "0 6 * * 1-5" is 6:00 from Monday to Friday.',
  ),
  timezone: line.describe('Whose clock that is: "Europe/Berlin", "UTC".'),
  input: z
    .union([line, z.record(z.string(), z.json())], { error: 'expected a text, or an object of input fields' })
    .describe("What a run is given. {{date}} is the day of the slot in the schedule's timezone."),
  catchUp: z
    .enum(['none', 'latest', 'all'])
    .optional()
    .describe(
      'Slots that passed while nobody was there: none, the newest, or each is made up for. Default: latest.',
    ),
  within: longDuration
    .optional()
    .describe('How late a slot may still be started. Default: 7d; never more than 10m with "none".'),
  overlap: z
    .enum(['skip', 'queue'])
    .optional()
    .describe('While the run before is not at its end: leave the slot out, or let it wait. Default: skip.'),
});

export const definitionSchema = z.strictObject({
  $schema: z.string().optional(),
  id,
  description: text.optional(),
  input: z.strictObject({ fields: z.record(id, inputField).optional() }).optional(),
  idempotency: idempotency.optional(),
  defaults: defaults.optional(),
  classify: classify.optional(),
  plan: z.record(z.string(), list(line)).optional().describe('Lines of the brief, by route.'),
  autoConfigure: autoConfigure.optional(),
  execute: execute.optional(),
  verify: verify.optional(),
  approval: list(approval)
    .optional()
    .describe('Where a person is asked. Default: before the work, at high risk.'),
  deliver: z
    .strictObject({
      summaryFile: argument.min(1).optional(),
      actions: z
        .array(z.strictObject({ ...actionShape, id }))
        .max(MAX_STEPS)
        .optional(),
    })
    .optional(),
  schedules: list(schedule).optional().describe('Carried out by `wf serve`.'),
  retention: z
    .strictObject({
      artifacts: keep.optional().describe('When artifacts/<runId>/ of an ended run is removed.'),
      runs: keep.optional().describe('When record and summary of an ended run stop being files.'),
    })
    .optional(),
  limits: z
    .strictObject({
      concurrency: z.int().min(1).optional().describe('Runs at work at the same time.'),
      runsPerDay: z.int().min(1).optional().describe('Counted by the calendar of the machine.'),
      costUsdPerRun: z.number().min(0.01).optional().describe('From which on no agent is started for it.'),
      costUsdPerDay: z.number().min(0.01).optional().describe('From which on no run is started.'),
    })
    .optional()
    .describe('What is known counts: a cost that nobody stated is unknown, and the sum is "at least".'),
  notify: list(notify).optional().describe('Who is told of what.'),
  selfImprove: z
    .strictObject({
      enabled: z.boolean().optional(),
      autoApplyLowRisk: z.boolean().optional(),
      maxChangesPerRun: z.int().min(0).max(20).optional(),
      revert: z
        .strictObject({
          afterRuns: z
            .int()
            .min(1)
            .max(EFFECT_WINDOW)
            .optional()
            .describe(
              'How many runs with an improvement end before it is judged; at least 5 are. Default: 10.',
            ),
          whenWorse: z
            .enum(['propose', 'revert'])
            .optional()
            .describe('Ask a person (default), or take it back. "Worse" is what `wf feedback effect` says.'),
        })
        .optional(),
    })
    .optional(),
});

export type RawDefinition = z.infer<typeof definitionSchema>;
export type RawAction = z.infer<typeof step>;
export type RawRetry = z.infer<typeof retry>;

/** The JSON Schema an editor checks definition files with. */
export const jsonSchema = (): Record<string, unknown> => ({
  title: 'workflow-engine definition',
  ...z.toJSONSchema(definitionSchema, { io: 'input' }),
});
