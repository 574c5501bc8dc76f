/**
 * Who was told what about one run or slot, folded from its `notify/…` stream, and whom to tell next. One cause is told
 * once by each rule in each interval, to the first target that takes it; a target is never tried twice in it.
 */
import type { NotifyEvent, NotifyOn } from '../events/notify-events.ts';
import type { Owner } from '../events/shared.ts';
import type { NotifyRule } from '../workflow/definition.ts';
import { type Cause, intervalMs, wants } from '../workflow/notify-causes.ts';

export type Notice = {
  /** Empty: nobody was there to be told. */
  readonly noticeId: string;
  readonly on: NotifyOn;
  readonly cause: string;
  readonly rule: number;
  readonly interval: number;
  /** Names under "messages" in config.json; more than one only where none of them is there. */
  readonly targets: readonly string[];
  /** `intended`: its end was not recorded, so it may have arrived, and it is not told again by itself. */
  readonly status: 'intended' | 'sent' | 'failed' | 'in-doubt' | 'skipped';
  readonly at: string;
  readonly owner?: Owner;
  readonly error?: { readonly code: string; readonly message: string };
};

export type NoticeState = { readonly version: number; readonly notices: readonly Notice[] };
export const noNotices: NoticeState = { version: 0, notices: [] };

export type StoredNotifyEvent = NotifyEvent & { readonly ts: string; readonly streamVersion: number };

/** Total: an end of what was never begun changes nothing. */
export function evolveNotices(state: NoticeState, event: StoredNotifyEvent): NoticeState {
  const { ts: at, streamVersion: version } = event;
  switch (event.type) {
    case 'NotificationIntended': {
      const { noticeId, on, cause, rule, interval, target, owner } = event.data;
      const notice: Notice = {
        ...{ noticeId, on, cause, rule, interval, at, owner },
        targets: [target],
        status: 'intended',
      };
      return { version, notices: [...state.notices, notice] };
    }
    case 'NotificationSkipped': {
      const { on, cause, rule, interval, targets } = event.data;
      const notice: Notice = { noticeId: '', on, cause, rule, interval, targets, status: 'skipped', at };
      return { version, notices: [...state.notices, notice] };
    }
    case 'NotificationSent':
      return { version, notices: ended(state, event.data.noticeId, { status: 'sent' }) };
    case 'NotificationFailed': {
      const { noticeId, inDoubt, error } = event.data;
      const status = inDoubt === true ? 'in-doubt' : 'failed';
      return { version, notices: ended(state, noticeId, { status, error }) };
    }
  }
}

const ended = (
  { notices }: NoticeState,
  noticeId: string,
  end: Pick<Notice, 'status' | 'error'>,
): readonly Notice[] =>
  notices.map((notice) =>
    notice.noticeId === noticeId && notice.status === 'intended' ? { ...notice, ...end } : notice,
  );

/** What is to be told next. */
export type DueNotice = {
  readonly cause: Cause;
  readonly rule: number;
  readonly interval: number;
  /** Null: config.json has none of the rule's targets. */
  readonly target: string | null;
  /** ISO 8601. */
  readonly again?: string;
};

type Asked = {
  readonly rules: readonly NotifyRule[];
  readonly causes: readonly Cause[];
  readonly nowMs: number;
  /** Whether config.json names the target. */
  readonly isKnown: (target: string) => boolean;
  /** Whether the process has ended. One that lives is just telling. */
  readonly isGone: (owner: Owner) => boolean;
};

/** The first that is due; null = nothing is. */
export function dueNotice({ notices }: NoticeState, asked: Asked): DueNotice | null {
  for (const [index, rule] of asked.rules.entries()) {
    for (const cause of asked.causes) {
      const due = wants(rule, cause) ? dueOf(notices, asked, rule, index, cause) : null;
      if (due !== null) return due;
    }
  }
  return null;
}

function dueOf(
  notices: readonly Notice[],
  { nowMs, isKnown, isGone }: Asked,
  rule: NotifyRule,
  index: number,
  cause: Cause,
): DueNotice | null {
  const pauseMs = intervalMs(rule, cause);
  const sinceMs = Date.parse(cause.since);
  // Counted from its beginning, never by ticks: a machine that slept through three of them tells it once.
  const interval = pauseMs === undefined ? 0 : Math.max(0, Math.floor((nowMs - sinceMs) / pauseMs));
  // One of a later interval: the clock was set back since.
  const own = notices.filter(
    (notice) => notice.rule === index && notice.cause === cause.id && notice.interval >= interval,
  );
  const isSettled = own.some(
    ({ status, owner }) =>
      status === 'sent' ||
      status === 'skipped' ||
      (status === 'intended' && owner !== undefined && !isGone(owner)),
  );
  if (isSettled) return null;
  const tried = new Set(own.flatMap(({ targets }) => targets));
  const target = rule.to.find((name) => isKnown(name) && !tried.has(name)) ?? null;
  if (target === null && own.length > 0) return null;
  const again =
    pauseMs === undefined ? {} : { again: new Date(sinceMs + (interval + 1) * pauseMs).toISOString() };
  return { cause, rule: index, interval, target, ...again };
}

/** Begun by a process that has ended without saying how it went. */
export const abandoned = ({ notices }: NoticeState, isGone: (owner: Owner) => boolean): readonly Notice[] =>
  notices.filter(({ status, owner }) => status === 'intended' && owner !== undefined && isGone(owner));
