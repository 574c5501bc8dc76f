/** Facts about one workflow, beside its runs: stream `workflow/<id>`. */
import { z } from 'zod';
import { count, type EventOf, id, isoTime, owner, salt, sha256Hex, text } from './shared.ts';

/** One change that an improvement makes to a definition file. Only these two kinds exist (see feedback catalogue). */
export const improvementChange = z.union([
  z.strictObject({ kind: z.literal('add-assumption'), catalogueId: z.string(), sentence: z.string() }),
  z.strictObject({
    kind: z.literal('set-value'),
    catalogueId: z.string(),
    /** Key path inside the definition, e.g. `["defaults","retry","maxAttempts"]`. */
    path: z.array(z.union([z.string(), z.int()])),
    value: z.union([z.string(), z.number()]),
  }),
]);
export type ImprovementChange = z.infer<typeof improvementChange>;

export const suggestion = z.strictObject({
  catalogueId: z.string(),
  risk: z.enum(['low', 'high']),
  summary: z.string(),
  /** Why: which feedback entries and which run signals speak for it. */
  evidence: z.array(z.string()),
  change: improvementChange.exactOptional(),
  /** The improvement that it suggests to take back; such a suggestion changes nothing else. */
  reverts: id.exactOptional(),
});
export type Suggestion = z.infer<typeof suggestion>;

export const workflowEventSchemas = {
  /** The definition's bytes, once per content: runs are pinned to the hash. */
  DefinitionRegistered: z.strictObject({
    workflowId: id,
    definitionHash: sha256Hex,
    /** `program`: it stands in the code of who uses the library. */
    source: z.enum(['home', 'bundled', 'file', 'program']),
    body: text,
  }),
  FeedbackSubmitted: z.strictObject({
    feedbackId: id,
    workflowId: id,
    runId: id.exactOptional(),
    score: z.int().min(1).max(5),
    text,
    by: z.string(),
    salt,
  }),
  ImprovementProposed: z.strictObject({
    proposalId: id,
    workflowId: id,
    suggestions: z.array(suggestion),
    feedbackCount: count,
    runCount: count,
    runId: id.exactOptional(),
  }),
  /** Durable before the definition file is touched. */
  ImprovementIntended: z.strictObject({
    improvementId: id,
    workflowId: id,
    beforeHash: sha256Hex,
    afterHash: sha256Hex,
    changes: z.array(improvementChange),
    /** Home-relative path of the copy kept of the file as it was. */
    backup: z.string(),
    /** Present when this puts back what an earlier improvement changed. */
    reverts: id.exactOptional(),
    /** Why it is put back, where the engine does it by itself: what the runs with it were like. */
    reason: z.string().exactOptional(),
  }),
  ImprovementApplied: z.strictObject({ improvementId: id, workflowId: id, afterHash: sha256Hex }),
  /** The intent came to nothing (file changed meanwhile, crash before the rename): the file is not ours. */
  ImprovementAbandoned: z.strictObject({ improvementId: id, workflowId: id, reason: z.string() }),
  ImprovementReverted: z.strictObject({
    improvementId: id,
    workflowId: id,
    /** The improvement whose changes were taken back. */
    reverts: id,
    afterHash: sha256Hex,
  }),
  /** From here on no run of it starts and no step of one begins; `by` is who asked, as their login says. */
  WorkflowPaused: z.strictObject({ workflowId: id, by: z.string(), reason: z.string().exactOptional() }),
  WorkflowUnpaused: z.strictObject({ workflowId: id, by: z.string() }),
  /**
   * A server saw a schedule for the first time, or with another cron or timezone than before: slots after `since`
   * count, and none before.
   */
  ScheduleSet: z.strictObject({
    workflowId: id,
    scheduleId: id,
    cron: z.string(),
    timezone: z.string(),
    since: isoTime,
  }),
  /** The definition has it no more; coming back it counts from then on. */
  ScheduleEnded: z.strictObject({ workflowId: id, scheduleId: id }),
  /** The slot is promised this run: whichever server comes by begins it, or says later why it could not be. */
  ScheduleSlotClaimed: z.strictObject({ workflowId: id, scheduleId: id, slot: isoTime, runId: id }),
  /** Slots that became no run, and why. The newest of them is `slot`. */
  ScheduleSlotSkipped: z.strictObject({
    workflowId: id,
    scheduleId: id,
    slot: isoTime,
    /** The oldest, when they are more than one. */
    first: isoTime.exactOptional(),
    count: z.int().positive(),
    reason: z.enum(['overlap', 'paused', 'limit', 'late', 'superseded', 'changed', 'refused']),
    message: z.string().exactOptional(),
  }),
  /**
   * A run of a workflow with limits may be at work: nobody else was let in at this version of the stream. Pending until
   * the run's stream has moved past `runVersion`.
   */
  RunAdmitted: z.strictObject({ workflowId: id, runId: id, runVersion: count, owner }),
  /** It lost another race after that, so it takes no place. */
  AdmissionLapsed: z.strictObject({ workflowId: id, runId: id }),
} as const;
export type WorkflowEvent = EventOf<typeof workflowEventSchemas>;
