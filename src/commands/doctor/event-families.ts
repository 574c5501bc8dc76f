/** In which family of streams each type of event stands. A line elsewhere is no writer's of ours. */
import type { AnyEvent } from '../../events/catalog.ts';
import type { KeyEvent } from '../../events/key-events.ts';
import type { NotifyEvent } from '../../events/notify-events.ts';
import type { RunEvent } from '../../events/run-events.ts';
import type { SystemEvent } from '../../events/system-events.ts';
import type { ToolEvent } from '../../events/tool-events.ts';
import type { WorkflowEvent } from '../../events/workflow-events.ts';

type FamilyOf<T extends AnyEvent['type']> = T extends KeyEvent['type']
  ? 'key'
  : T extends RunEvent['type']
    ? 'run'
    : T extends ToolEvent['type']
      ? 'tool'
      : T extends WorkflowEvent['type']
        ? 'workflow'
        : T extends SystemEvent['type']
          ? 'system'
          : T extends NotifyEvent['type']
            ? 'notify'
            : never;
type Families = { readonly [T in AnyEvent['type']]: FamilyOf<T> };

/** The compiler knows the answer for each of them, and refuses a wrong or a missing one. */
const families: Families = {
  KeyClaimed: 'key',
  RunReused: 'key',
  RunRefused: 'key',
  RunStarted: 'run',
  RunLeased: 'run',
  RunResumed: 'run',
  DefinitionAdopted: 'run',
  StageStarted: 'run',
  StageCompleted: 'run',
  StageFailed: 'run',
  EffectIntended: 'run',
  EffectConfirmed: 'run',
  EffectFailed: 'run',
  EffectUnknown: 'run',
  EffectResolved: 'run',
  ApprovalRequested: 'run',
  ApprovalGranted: 'run',
  ApprovalRejected: 'run',
  ApprovalExpired: 'run',
  OutcomeReported: 'run',
  TaskWithdrawn: 'run',
  RunCompleted: 'run',
  RunHandedOff: 'run',
  RunFailed: 'run',
  RunCancelled: 'run',
  RunErased: 'run',
  RunImported: 'run',
  ArtifactsExpired: 'run',
  RunFilesExpired: 'run',
  ToolBootstrapStarted: 'tool',
  ToolBootstrapped: 'tool',
  ToolBootstrapFailed: 'tool',
  ToolReset: 'tool',
  ToolImported: 'tool',
  DefinitionRegistered: 'workflow',
  FeedbackSubmitted: 'workflow',
  ImprovementProposed: 'workflow',
  ImprovementIntended: 'workflow',
  ImprovementApplied: 'workflow',
  ImprovementAbandoned: 'workflow',
  ImprovementReverted: 'workflow',
  WorkflowPaused: 'workflow',
  WorkflowUnpaused: 'workflow',
  ScheduleSet: 'workflow',
  ScheduleEnded: 'workflow',
  ScheduleSlotClaimed: 'workflow',
  ScheduleSlotSkipped: 'workflow',
  HomePaused: 'system',
  HomeUnpaused: 'system',
  RunAdmitted: 'workflow',
  AdmissionLapsed: 'workflow',
  LogRepaired: 'system',
  LogQuarantined: 'system',
  LegacyNoted: 'system',
  PingFailed: 'system',
  NotificationIntended: 'notify',
  NotificationSent: 'notify',
  NotificationFailed: 'notify',
  NotificationSkipped: 'notify',
};

export const EVENT_FAMILIES: Readonly<Record<string, string>> = families;
