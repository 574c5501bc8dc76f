/** What a server needs beside the engine's ports: lists from the index, definitions on disk, and a clock of cron. */
import type { SchedulesAt } from '../../workflow/schedule/schedule-state.ts';
import type { EnginePorts, LoadedDefinition } from '../ports.ts';

/** A run that may have to be looked after, as the index has it. */
export type OpenRun = { readonly runId: string; readonly version: number };

export type Scheduled = {
  /** Every definition with schedules, as it stands now. */
  readonly definitions: readonly LoadedDefinition[];
  /** Ids of those that cannot be read: what they asked for is neither done nor forgotten until they can. */
  readonly broken: ReadonlySet<string>;
};

export type ServePorts = {
  readonly engine: EnginePorts;
  /** Runs under way, and those handed over whose newest event came after `seq`; and how far the index reaches. */
  openRuns(seq: number): { readonly runs: readonly OpenRun[]; readonly upTo: number };
  scheduled(): Promise<Scheduled>;
  /** Workflows with a schedule that some server has set. */
  scheduledBefore(): readonly string[];
  /** How far the schedules of a workflow have come, as far as the index has folded its stream. */
  schedulesAt(workflowId: string): SchedulesAt;
  readonly cron: {
    slotsBetween(
      cron: string,
      timezone: string,
      after: string,
      upTo: string,
      limit: number,
    ): readonly string[];
    slotsAfter(cron: string, timezone: string, after: string, count: number): readonly string[];
    dateIn(timezone: string, iso: string): string;
  };
  /** Tells people what is due and untold, beside everything else: no look waits for it. */
  readonly notifier?: { look(nowMs: number): void; settled(): Promise<void> };
  readonly tell: (told: ServeEvent) => void;
};

/** What a server did, for who watches it. */
export type ServeEvent =
  | {
      readonly kind: 'started';
      readonly workflowId: string;
      readonly scheduleId: string;
      readonly slot: string;
      readonly runId: string;
    }
  | {
      readonly kind: 'skipped';
      readonly workflowId: string;
      readonly scheduleId: string;
      readonly slot: string;
      readonly count: number;
      readonly reason: string;
      readonly message?: string;
    }
  | {
      readonly kind: 'set';
      readonly workflowId: string;
      readonly scheduleId: string;
      readonly next: string | null;
    }
  | { readonly kind: 'ended-schedule'; readonly workflowId: string; readonly scheduleId: string }
  /** A slot, or a run, that cannot go on now and is tried again. */
  /** `next`: the command that says more, `wf …`. */
  | { readonly kind: 'held'; readonly what: string; readonly message: string; readonly next?: string }
  | { readonly kind: 'continued'; readonly workflowId: string; readonly runId: string }
  | { readonly kind: 'ended'; readonly workflowId: string; readonly runId: string; readonly status: string };
