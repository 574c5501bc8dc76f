/**
 * The known event types and their versions, without zod: the codec of a cold run needs no more.
 * A test holds this list against the schemas.
 */
import type { AnyEvent } from './catalog.ts';

/** schemaVersion of each type as this version writes it. A change of shape adds 1 and an upcaster. */
export const schemaVersions: Readonly<Record<AnyEvent['type'], number>> = {
  KeyClaimed: 1,
  RunReused: 1,
  RunRefused: 1,
  RunStarted: 1,
  RunLeased: 1,
  RunResumed: 1,
  DefinitionAdopted: 1,
  StageStarted: 1,
  StageCompleted: 1,
  StageFailed: 1,
  EffectIntended: 1,
  EffectConfirmed: 1,
  EffectFailed: 1,
  EffectUnknown: 1,
  EffectResolved: 1,
  ApprovalRequested: 1,
  ApprovalGranted: 1,
  ApprovalRejected: 1,
  ApprovalExpired: 1,
  OutcomeReported: 1,
  TaskWithdrawn: 1,
  RunCompleted: 1,
  RunHandedOff: 1,
  RunFailed: 1,
  RunCancelled: 1,
  RunImported: 1,
  ArtifactsExpired: 1,
  RunFilesExpired: 1,
  RunErased: 1,
  ToolBootstrapStarted: 1,
  ToolBootstrapped: 1,
  ToolBootstrapFailed: 1,
  ToolReset: 1,
  ToolImported: 1,
  DefinitionRegistered: 1,
  FeedbackSubmitted: 1,
  ImprovementProposed: 1,
  ImprovementIntended: 1,
  ImprovementApplied: 1,
  ImprovementAbandoned: 1,
  ImprovementReverted: 1,
  WorkflowPaused: 1,
  WorkflowUnpaused: 1,
  ScheduleSet: 1,
  ScheduleEnded: 1,
  ScheduleSlotClaimed: 1,
  ScheduleSlotSkipped: 1,
  HomePaused: 1,
  HomeUnpaused: 1,
  LogRepaired: 1,
  LogQuarantined: 1,
  LegacyNoted: 1,
};

export const schemaVersionOf = (type: string): number | undefined =>
  Object.hasOwn(schemaVersions, type) ? schemaVersions[type as AnyEvent['type']] : undefined;
