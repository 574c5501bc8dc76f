/** When who is told again, as rows: what is due is found without reading a run that waits for nobody. */
import type { NotifyEvent } from '../events/notify-events.ts';
import type { IndexDb } from './index-db.ts';

export function writeNotifyEvent(index: IndexDb, event: NotifyEvent): void {
  switch (event.type) {
    case 'NotificationIntended': {
      const { noticeId, workflowId, runId, cause } = event.data;
      index.run(
        'INSERT OR IGNORE INTO notices_open (noticeId, workflowId, runId, cause) VALUES (?, ?, ?, ?)',
        noticeId,
        workflowId,
        runId ?? null,
        cause,
      );
      writeReminder(index, event.data);
      return;
    }
    case 'NotificationSkipped':
      writeReminder(index, event.data);
      return;
    case 'NotificationSent':
    case 'NotificationFailed':
      index.run('DELETE FROM notices_open WHERE noticeId = ?', event.data.noticeId);
      return;
  }
}

type Told = Extract<NotifyEvent, { type: 'NotificationSkipped' }>['data'];

/** The newest of a rule on one kind of cause counts: an older one has been answered or has ended. */
function writeReminder(index: IndexDb, { runId, rule, on, again }: Omit<Told, 'targets'>): void {
  if (runId === undefined) return;
  if (again === undefined) {
    index.run('DELETE FROM reminders WHERE runId = ? AND rule = ? AND what = ?', runId, rule, on);
    return;
  }
  index.run(
    `INSERT INTO reminders (runId, rule, what, again) VALUES (?, ?, ?, ?)
     ON CONFLICT (runId, rule, what) DO UPDATE SET again = excluded.again`,
    runId,
    rule,
    on,
    again,
  );
}

export type OpenNotice = {
  readonly workflowId: string;
  /** Null = it is about a slot of a schedule. */
  readonly runId: string | null;
  readonly cause: string;
};

/** Begun, and their end is not recorded: somebody is just telling, or was killed at it. */
export const openNotices = (index: IndexDb): readonly OpenNotice[] =>
  index.all<OpenNotice>('SELECT workflowId, runId, cause FROM notices_open LIMIT 200');

/** At once; who is left out is found by the next look, for what was told is not due any more. */
const MAX_DUE = 200;

/**
 * Runs about which somebody may have to be told again by now. A failure lasts until its run goes on or a newer run of
 * the workflow has begun.
 * @param now ISO 8601
 */
export function remindersDue(index: IndexDb, now: string): readonly string[] {
  const waiting = index.all<{ runId: string }>(
    `SELECT DISTINCT r.runId FROM runs r JOIN reminders m ON m.runId = r.runId
     WHERE r.status IN ('waiting', 'handed_off') AND m.again <= ? LIMIT ${MAX_DUE}`,
    now,
  );
  const failed = index
    .all<{ workflowId: string }>('SELECT DISTINCT workflowId FROM definitions')
    .flatMap(({ workflowId }) => {
      const newest = index.get<{ runId: string; status: string }>(
        'SELECT runId, status FROM runs WHERE workflowId = ? ORDER BY firstSeq DESC LIMIT 1',
        workflowId,
      );
      if (newest?.status !== 'failed') return [];
      const due = index.get('SELECT 1 FROM reminders WHERE runId = ? AND again <= ?', newest.runId, now);
      return due === undefined ? [] : [newest.runId];
    });
  return [...waiting.map(({ runId }) => runId), ...failed];
}

/** Whether no run of the workflow was started after it. */
export const isNewestRun = (index: IndexDb, workflowId: string, runId: string): boolean =>
  index.get<{ runId: string }>(
    'SELECT runId FROM runs WHERE workflowId = ? ORDER BY firstSeq DESC LIMIT 1',
    workflowId,
  )?.runId === runId;

const CURSOR = 'notify.cursor';

/** How far the log has been looked at for what nobody was told of; null = it is not known. */
export const readNotifyCursor = (index: IndexDb): number | null => {
  const value = index.meta(CURSOR);
  return value === null ? null : Number(value);
};

export const writeNotifyCursor = (index: IndexDb, seq: number): void => index.setMeta(CURSOR, String(seq));
