/**
 * Tells people what a definition's `notify` asks for. A claim on cause, rule, interval and target is durable before
 * anybody is told, appended at the version at which it was due: of two processes that see it at the same time one
 * tells. What comes of it changes no run; after a crash in between it may have arrived and is not told again there.
 */
import { stopper } from '../effects/stop.ts';
import type { NewEvent } from '../events/envelope.ts';
import type { Owner } from '../events/shared.ts';
import { notifyStream } from '../events/streams.ts';
import { failpoint } from '../failpoint.ts';
import { ConflictError } from '../log/event-store.ts';
import {
  abandoned,
  type DueNotice,
  dueNotice,
  evolveNotices,
  type Notice,
  type NoticeState,
  noNotices,
  type StoredNotifyEvent,
} from '../projections/notices.ts';
import type { NotifyRule } from '../workflow/definition.ts';
import type { EffectResult } from '../workflow/effects.ts';
import type { Cause } from '../workflow/notify-causes.ts';
import { holderState, whileAtWork } from './at-work.ts';
import type { EnginePorts, Told } from './ports.ts';

/** What there is to tell, and of what. */
export type Subject = {
  /** Names the stream: a run's id, or a slot. */
  readonly name: string;
  readonly workflowId: string;
  readonly runId?: string;
  readonly rules: readonly NotifyRule[];
  readonly causes: readonly Cause[];
  readonly text: (cause: Cause, isAgain: boolean) => string;
};

const TIMEOUT_MS = 30_000;

export async function loadNotices(
  { store }: Pick<EnginePorts, 'store'>,
  subject: string,
): Promise<NoticeState> {
  let state = noNotices;
  // A stream of this family holds nothing else: the store has checked type and version.
  for await (const event of store.read(notifyStream(subject)))
    state = evolveNotices(state, event as unknown as StoredNotifyEvent);
  return state;
}

/** @returns who was told, or could not be, by this call */
export async function tell(ports: EnginePorts, subject: Subject, nowMs: number): Promise<readonly Told[]> {
  const told: Told[] = [];
  const stream = notifyStream(subject.name);
  const isGone = (owner: Owner): boolean => holderState(ports, stream, owner) === 'gone';
  for (;;) {
    // Begun now it would be cut short at once, be in doubt, and never be told: who looks next tells it.
    if (ports.interrupts.force.aborted) return told;
    const state = await loadNotices(ports, subject.name);
    try {
      const left = abandoned(state, isGone);
      if (left.length > 0) {
        await giveUp(ports, subject, state, left);
        continue;
      }
      const due = dueNotice(state, {
        rules: subject.rules,
        causes: subject.causes,
        nowMs,
        isKnown: (target) => ports.connected.messages?.has(target) === true,
        isGone,
      });
      if (due === null) return told;
      told.push(await whileAtWork(ports, stream, () => tellOne(ports, subject, state, due)));
    } catch (error) {
      // Somebody else told it, or something of it, meanwhile.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** Nobody will ever say how these went. Durable, for another target may be told because of it. */
async function giveUp(
  ports: EnginePorts,
  subject: Subject,
  { version }: NoticeState,
  left: readonly Notice[],
): Promise<void> {
  const error = { code: 'owner-gone', message: 'the process that told it ended before it knew' };
  const events = left.map(
    ({ noticeId }): NewEvent => ({ type: 'NotificationFailed', data: { noticeId, inDoubt: true, error } }),
  );
  await append(ports, subject, version, events);
  for (const { noticeId } of left) ports.world.cleanUp(noticeId);
}

async function tellOne(
  ports: EnginePorts,
  subject: Subject,
  state: NoticeState,
  { cause, rule, interval, target, again }: DueNotice,
): Promise<Told> {
  const { workflowId, runId, rules } = subject;
  const common = {
    workflowId,
    ...(runId === undefined ? {} : { runId }),
    ...{ on: cause.on, cause: cause.id, rule, interval },
    ...(again === undefined ? {} : { again }),
  };
  const targets = rules[rule]?.to ?? [];
  if (target === null) {
    await append(ports, subject, state.version, [
      { type: 'NotificationSkipped', data: { ...common, targets } },
    ]);
    return { on: cause.on, targets, status: 'skipped' };
  }
  const n = state.notices.filter(({ noticeId }) => noticeId !== '').length + 1;
  const noticeId = `${subject.name}.notify.${n}`;
  const { self } = ports.ownership;
  await append(ports, subject, state.version, [
    { type: 'NotificationIntended', data: { noticeId, ...common, target, owner: self } },
  ]);
  failpoint('notice.intended');
  const isAgain = interval > 0;
  const result = await send(ports, subject, { noticeId, n, target, text: subject.text(cause, isAgain) });
  failpoint('notice.sent');
  const end = endOf(noticeId, result);
  await record(ports, subject, end.event);
  failpoint('notice.recorded');
  ports.world.cleanUp(noticeId);
  return { on: cause.on, targets: [target], status: end.status, ...end.error };
}

async function send(
  ports: EnginePorts,
  { name, runId = '' }: Subject,
  notice: { readonly noticeId: string; readonly n: number; readonly target: string; readonly text: string },
): Promise<EffectResult> {
  const end = stopper();
  const onForce = (): void => end.abort();
  const { force } = ports.interrupts;
  if (force.aborted) end.abort();
  force.addEventListener('abort', onForce, { once: true });
  try {
    const key = `wf:${name}:notify.${notice.n}`;
    return await ports.world.dispatch(
      {
        effectId: notice.noticeId,
        runId,
        step: `notify.${notice.n}`,
        attempt: 1,
        key,
        dispatcher: 'message',
        argv: [],
        target: notice.target,
        route: '',
        task: '',
        message: notice.text,
        idempotencyKey: key,
        env: [],
        timeoutMs: TIMEOUT_MS,
        notPerformedExitCodes: [],
        awaits: 'auto',
      },
      end.signal,
    );
  } finally {
    force.removeEventListener('abort', onForce);
  }
}

/** What a program prints when it fails may be the text it was given: it is not recorded. */
function endOf(
  noticeId: string,
  result: EffectResult,
): {
  readonly event: NewEvent;
  readonly status: 'sent' | 'failed' | 'in-doubt';
  readonly error?: { readonly error: string };
} {
  switch (result.result) {
    case 'confirmed':
      return {
        event: { type: 'NotificationSent', data: { noticeId, receipt: result.receipt } },
        status: 'sent',
      };
    case 'failed': {
      const { exitCode } = result;
      const message = exitCode === undefined ? result.error.message : `its program exited with ${exitCode}`;
      const error = { code: result.error.code, message };
      return {
        event: { type: 'NotificationFailed', data: { noticeId, error } },
        status: 'failed',
        error: { error: message },
      };
    }
    case 'unknown': {
      const { code } = result.reason;
      const error = { code, message: `nobody can say whether it arrived (${code})` };
      return {
        event: { type: 'NotificationFailed', data: { noticeId, inDoubt: true, error } },
        status: 'in-doubt',
        error: { error: error.message },
      };
    }
  }
}

async function append(
  ports: EnginePorts,
  { name }: Subject,
  version: number,
  events: readonly NewEvent[],
): Promise<void> {
  await ports.store.append(notifyStream(name), version, events, { commitId: ports.newId(), durable: true });
}

/** How it went is true whatever was recorded meanwhile. */
async function record(ports: EnginePorts, subject: Subject, event: NewEvent): Promise<void> {
  for (;;) {
    try {
      return await append(ports, subject, await ports.store.headOf(notifyStream(subject.name)), [event]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}
