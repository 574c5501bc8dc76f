/**
 * Facts about one run: stream `run/<runId>`. Every stage has StageStarted and then StageCompleted or StageFailed;
 * every act on the world has EffectIntended before it and Confirmed, Failed or Unknown after it.
 */
import { z } from 'zod';
import { count, type EventOf, id, isoTime, owner, problem, salt, sha256Hex, text } from './shared.ts';
import { STAGES } from './stages.ts';

export const stageName = z.enum(STAGES);
export type StageName = z.infer<typeof stageName>;

export const risk = z.enum(['low', 'high']);
export type Risk = z.infer<typeof risk>;

export const dispatcher = z.enum(['command', 'manual', 'openclaw', 'agent', 'http', 'message']);
export type DispatcherName = z.infer<typeof dispatcher>;

const attempt = z.int().positive();

/** Put in by the decider on every event that may carry words of the user (workflow/salt.ts). */
const salted = salt.exactOptional();

/** `failed`: the definition goes on without it; `skipped`: somebody said to. */
const actOutcome = z.enum(['done', 'handed_off', 'failed', 'skipped']);

/** What each stage leaves behind. */
export const stageOutputs = {
  intake: z.strictObject({
    kind: z.enum(['text', 'structured']),
    /** UTF-8 length of the trimmed input. */
    bytes: count,
    /** How many secrets were replaced before anything was recorded. */
    redactions: count,
    /** Only for a structured input: its task; for a plain one the task is the input. */
    task: text.exactOptional(),
    fields: z.array(z.string()).exactOptional(),
  }),
  classify: z.strictObject({
    route: z.string(),
    risk,
    /** The whole words that decided the route, as they stand in the task. */
    words: z.array(z.string()),
    highRiskWords: z.array(z.string()),
    because: z.enum(['words', 'fallback', 'requested']),
  }),
  plan: z.strictObject({ route: z.string(), steps: z.array(z.string()), assumptions: z.array(z.string()) }),
  configure_tools: z.strictObject({
    configured: z.array(z.string()),
    skipped: z.array(
      z.strictObject({
        tool: z.string(),
        reason: z.enum(['already_configured', 'no_command', 'command_failed', 'disabled']),
        detail: z.string().exactOptional(),
      }),
    ),
  }),
  execute: z.strictObject({
    outcome: z.enum(['done', 'handed_off']),
    steps: z.array(z.strictObject({ step: z.string(), outcome: actOutcome })),
  }),
  verify: z.strictObject({
    /** `hand-over`: only brief, receipt and run record were checked, for the work is not done yet. */
    mode: z.enum(['work', 'hand-over']),
    ok: z.boolean(),
    checks: z.array(
      z.strictObject({
        file: z.string(),
        exists: z.boolean(),
        /** What it is not as the definition asks, in words; absent when all holds. */
        failed: z.array(z.string()).exactOptional(),
      }),
    ),
    /** What was wrong with what came back; absent when nothing was asked of it. */
    outcome: z.strictObject({ ok: z.boolean(), problem: z.string().exactOptional() }).exactOptional(),
  }),
  deliver: z.strictObject({
    /** Where the summary stands: relative to the home, or absolute when config allows that root. */
    summaryFile: z.string(),
    actions: z.array(z.strictObject({ action: z.string(), outcome: actOutcome })).exactOptional(),
  }),
  log: z.strictObject({
    logged: z.literal(true),
    selfImprove: z
      .strictObject({
        proposalId: z.string().exactOptional(),
        suggestions: count,
        applied: z.array(z.string()),
        error: z.string().exactOptional(),
      })
      .exactOptional(),
  }),
} as const;
export type StageOutputs = { readonly [S in StageName]: z.infer<(typeof stageOutputs)[S]> };

/** Stage outputs carry words of the task; see `salt`. */
const stageCompleted = z.discriminatedUnion('stage', [
  z.strictObject({ stage: z.literal('intake'), attempt, output: stageOutputs.intake, salt: salted }),
  z.strictObject({ stage: z.literal('classify'), attempt, output: stageOutputs.classify, salt: salted }),
  z.strictObject({ stage: z.literal('plan'), attempt, output: stageOutputs.plan, salt: salted }),
  z.strictObject({
    stage: z.literal('configure_tools'),
    attempt,
    output: stageOutputs.configure_tools,
    salt: salted,
  }),
  z.strictObject({ stage: z.literal('execute'), attempt, output: stageOutputs.execute, salt: salted }),
  z.strictObject({ stage: z.literal('verify'), attempt, output: stageOutputs.verify, salt: salted }),
  z.strictObject({ stage: z.literal('deliver'), attempt, output: stageOutputs.deliver, salt: salted }),
  z.strictObject({ stage: z.literal('log'), attempt, output: stageOutputs.log, salt: salted }),
]);

const costUsd = z.number().nonnegative();

/** Proof that an effect happened: what the receiver answered, or who vouches for it. */
export const receipt = z.strictObject({
  /** `files`: nobody answered, and the files that were asked for are there. */
  by: z.enum(['process', 'response', 'queue', 'lookup', 'human', 'report', 'files']),
  exitCode: z.int().exactOptional(),
  httpStatus: z.int().exactOptional(),
  /** As an agent's program states it; absent = unknown, which is not zero. */
  costUsd: costUsd.exactOptional(),
  jobId: z.string().exactOptional(),
  durationMs: count.exactOptional(),
});
export type Receipt = z.infer<typeof receipt>;

/** A file by its content; `missing` where there is none. */
export const boundFile = z.strictObject({
  file: z.string(),
  sha256: z.union([sha256Hex, z.literal('missing')]),
});

/** One step as an approval covers it. */
export const approvedStep = z.strictObject({
  step: id,
  dispatcher,
  target: z.string().exactOptional(),
  /** Exactly what would be dispatched, with attempt and nonce blank. */
  message: text,
  /** sha256 of definition hash, input hash, dispatcher, target and message. */
  binding: sha256Hex,
});
export type ApprovedStep = z.infer<typeof approvedStep>;

/** A definition's retention: a duration such as `7d`, or how many of its newest runs. */
export const keep = z.union([z.string(), z.int().positive()]);
export type Keep = z.infer<typeof keep>;

/** A time at which a schedule asked for a run. */
export const slot = z.strictObject({
  scheduleId: id,
  time: isoTime,
  /** `YYYY-MM-DD` in the schedule's timezone: what `{{date}}` says. */
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
});
export type Slot = z.infer<typeof slot>;

export const runEventSchemas = {
  RunStarted: z.strictObject({
    runId: id,
    workflowId: id,
    definitionHash: sha256Hex,
    key: z.string(),
    /** sha256 of the raw trimmed input: compared, never shown. */
    inputHash: sha256Hex,
    /** The trimmed input after redaction: what is recorded is what is dispatched. */
    input: text,
    redactions: count,
    forced: z.boolean(),
    requestedRoute: z.string().exactOptional(),
    /** Who asked for it, as their login says. */
    by: z.string().exactOptional(),
    /** The slot of a schedule that it was started for. */
    slot: slot.exactOptional(),
    salt,
  }),
  /** Ownership. Its streamVersion is the epoch that later events of this owner carry. */
  RunLeased: z.strictObject({ owner }),
  RunResumed: z.strictObject({
    reason: z.enum([
      'requested',
      'owner-gone',
      'approved',
      'rejected',
      'expired',
      'reported',
      'resolved',
      'task-withdrawn',
    ]),
    by: z.string(),
  }),
  DefinitionAdopted: z.strictObject({ definitionHash: sha256Hex, previous: sha256Hex }),
  StageStarted: z.strictObject({ stage: stageName, attempt }),
  StageCompleted: stageCompleted,
  StageFailed: z.strictObject({
    stage: stageName,
    attempt,
    error: problem,
    step: id.exactOptional(),
    checks: stageOutputs.verify.shape.checks.exactOptional(),
    salt: salted,
  }),
  /** Durable before the world is touched. */
  EffectIntended: z.strictObject({
    effectId: id,
    step: id,
    attempt,
    dispatcher,
    /** `wf:<runId>:<stage>.<step>:<attempt>`: what a receiver deduplicates by. */
    key: z.string(),
    idempotent: z.boolean(),
    /** `dispatch`: a hand-over is the end; `outcome`: the run waits for the report; `auto`: see decide. */
    awaits: z.enum(['auto', 'outcome', 'dispatch']),
    target: z.string().exactOptional(),
    /** Exactly what is dispatched: the message, or the command line. */
    preview: text,
    /** The task's id where somebody may report an outcome (`T-<runId>[.step]`). */
    taskId: id.exactOptional(),
    /** One-time word that proves a report comes from who got this brief. */
    nonce: z.string().exactOptional(),
    approvalId: id.exactOptional(),
    salt: salted,
  }),
  EffectConfirmed: z.strictObject({
    effectId: id,
    outcome: z.enum(['done', 'handed_off']),
    receipt,
    /** Handed over, and the run waits here until somebody reports the outcome. */
    awaited: z.literal(true).exactOptional(),
    stdout: text.exactOptional(),
    stderr: text.exactOptional(),
    truncated: z.boolean().exactOptional(),
    salt: salted,
  }),
  EffectFailed: z.strictObject({
    effectId: id,
    /** false: certainly not performed, a new attempt is safe; true: performed, and it failed. */
    performed: z.boolean(),
    error: problem,
    exitCode: z.int().exactOptional(),
    /** What the failed attempt cost all the same. */
    costUsd: costUsd.exactOptional(),
    stdout: text.exactOptional(),
    stderr: text.exactOptional(),
    truncated: z.boolean().exactOptional(),
    /** When the next attempt is due; absent when there is none. */
    retryAt: isoTime.exactOptional(),
    salt: salted,
  }),
  /** Nobody can say whether it happened. */
  EffectUnknown: z.strictObject({
    effectId: id,
    reason: problem,
    /** The files that the work was to make decide first: the run looks at them before anybody is asked. */
    awaitsFiles: z.literal(true).exactOptional(),
    /** Only for an effect declared idempotent: it is performed again, with the same key, from then on. */
    retryAt: isoTime.exactOptional(),
    stdout: text.exactOptional(),
    stderr: text.exactOptional(),
    salt: salted,
  }),
  EffectResolved: z.strictObject({
    effectId: id,
    verdict: z.enum(['sent', 'not-sent']),
    by: z.string(),
  }),
  ApprovalRequested: z.strictObject({
    approvalId: id,
    /** `execute`, `execute.<step>` or `deliver`. */
    at: z.string(),
    risk,
    reasons: z.array(z.string()),
    /** sha256 over the bindings of all covered steps: what the grant names. */
    binding: sha256Hex,
    covers: z.array(approvedStep),
    /** What the work has made, as a yes at deliver is bound to it. */
    files: z.array(boundFile).exactOptional(),
    /** When nobody decided by then, and what follows; absent = it waits for ever. */
    expiresAt: isoTime.exactOptional(),
    onExpire: z.enum(['cancel', 'skip']).exactOptional(),
    salt: salted,
  }),
  ApprovalGranted: z.strictObject({
    approvalId: id,
    binding: sha256Hex,
    by: z.string(),
    /** `library`: a program vouches that the person was asked. Never for high risk. */
    via: z.enum(['terminal', 'library']),
  }),
  ApprovalRejected: z.strictObject({
    approvalId: id,
    by: z.string(),
    reason: z.string().exactOptional(),
    /** What follows instead of the run's end. */
    follows: z.enum(['redo', 'skip']).exactOptional(),
    salt: salted,
  }),
  /** Nobody decided in time. */
  ApprovalExpired: z.strictObject({ approvalId: id, follows: z.enum(['cancel', 'skip']) }),
  OutcomeReported: z.strictObject({
    effectId: id,
    status: z.enum(['ok', 'error']),
    text: text.exactOptional(),
    /** sha256 of status and text: the same report twice is one report. */
    contentHash: sha256Hex,
    by: z.string(),
    /** Whether the reporter knew the brief's one-time word. */
    withNonce: z.boolean(),
    salt,
  }),
  /** A queued task that nobody had touched was taken back, to be dispatched elsewhere. */
  TaskWithdrawn: z.strictObject({ effectId: id, by: z.string() }),
  RunCompleted: z.strictObject({ outcome: z.enum(['done', 'unreported']) }),
  RunHandedOff: z.strictObject({ taskIds: z.array(id) }),
  RunFailed: z.strictObject({ stage: stageName, step: id.exactOptional(), error: problem, salt: salted }),
  RunCancelled: z.strictObject({ by: z.string(), reason: z.string().exactOptional(), salt: salted }),
  /**
   * A whole run of the script engine that came before, as its record says: this program did not see it happen. What
   * that engine did not record is absent. Always the first event of its stream, and the run is over.
   */
  RunImported: z.strictObject({
    runId: id,
    workflowId: id,
    key: z.string(),
    /** sha256 of the raw trimmed input. */
    inputHash: sha256Hex,
    input: text,
    redactions: count,
    forced: z.boolean(),
    status: z.enum(['completed', 'failed']),
    createdAt: isoTime,
    finishedAt: isoTime,
    route: z.string().exactOptional(),
    stages: z.array(
      z.strictObject({
        stage: stageName,
        status: z.enum(['pending', 'running', 'completed', 'failed']),
        attempts: count,
        startedAt: isoTime.exactOptional(),
        finishedAt: isoTime.exactOptional(),
        error: z.string().exactOptional(),
      }),
    ),
    error: z.strictObject({ stage: stageName, code: z.string(), message: z.string() }).exactOptional(),
    /** What the dispatch had printed. */
    stdout: text.exactOptional(),
    /** The record as it stood in its file, secrets replaced. */
    body: text,
    salt,
  }),
  /** Durable before `artifacts/<runId>/` is removed, and only after the run's end. */
  ArtifactsExpired: z.strictObject({ keep }),
  /** Its record, summary and briefs are no longer kept as files; a run that is resumed has them again. */
  RunFilesExpired: z.strictObject({ keep }),
  /**
   * The run was over, and its texts are to go: the data of every earlier event of the stream may be replaced by
   * `{"erased":true}` from now on. Holds all that is known of the run afterwards, and no word of the user.
   */
  RunErased: z.strictObject({
    runId: id,
    workflowId: id,
    /** Empty for an imported run. */
    definitionHash: z.union([sha256Hex, z.literal('')]),
    key: z.string(),
    forced: z.boolean(),
    status: z.enum(['completed', 'handed_off', 'failed', 'cancelled']),
    outcome: z.enum(['done', 'handed_off', 'failed', 'unreported']).exactOptional(),
    route: z.string().exactOptional(),
    createdAt: isoTime,
    finishedAt: isoTime,
    by: z.string(),
  }),
} as const;
export type RunEvent = EventOf<typeof runEventSchemas>;
export type StoredRunEvent = RunEvent & { readonly ts: string; readonly streamVersion: number };
