/**
 * Ids that can be typed, read from where they stand and from nothing else: the index as it is, opened read-only, and
 * the folders of definitions. Whatever cannot be read has no names; a TAB key makes, mends and says nothing.
 */
import { listDefinitions } from '../../home/definitions.ts';
import { inbox } from '../../home/inbox.ts';
import type { Rows } from '../../home/index-db.ts';
import { homePaths } from '../../home/paths.ts';
import { shortestUniquePrefix } from '../../home/read-model.ts';
import { oneLine } from '../render/text.ts';
import type { Candidate, Source } from './asked.ts';

const fs = process.getBuiltinModule('node:fs');

const NEWEST = 50;
const LAST = '\u{10FFFF}';

export type Places = { readonly home: string; readonly bundledDir: string };

type NamedSource = Exclude<Source, 'files' | 'folders'>;

export function namesOf(source: NamedSource, typed: string, places: Places): readonly Candidate[] {
  try {
    return read(source, typed, places);
  } catch {
    // No index yet, one of another version, or no right to read it.
    return [];
  }
}

function read(source: NamedSource, typed: string, { home, bundledDir }: Places): readonly Candidate[] {
  switch (source) {
    case 'workflows':
      return listDefinitions({ home, bundledDir }).map(({ id, source: whose }) => ({
        value: id,
        about: whose,
      }));
    case 'templates':
      return fs
        .readdirSync(`${bundledDir}/templates`)
        .map((name) => ({ value: name.replace(/\.jsonc$/, ''), about: 'template' }));
    case 'runs':
      return runs(openRows(home), typed);
    case 'approvals':
    case 'tasks':
      return waiting(openRows(home), source);
    case 'improvements':
      return openRows(home)
        .all<{ improvementId: string; workflowId: string }>(
          'SELECT improvementId, workflowId FROM improvements ORDER BY seq DESC LIMIT ?',
          NEWEST,
        )
        .map(({ improvementId, workflowId }) => ({ value: improvementId, about: workflowId }));
  }
}

/** Not the index's own class: that one makes and renews what it opens. Ends with the process. */
function openRows(home: string): Rows {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const db = new DatabaseSync(homePaths(home).indexDb, { readOnly: true, timeout: 20 });
  return {
    get: <T>(sql: string, ...params: (string | number)[]) => db.prepare(sql).get(...params) as T | undefined,
    all: <T>(sql: string, ...params: (string | number)[]) => db.prepare(sql).all(...params) as T[],
  };
}

type RunName = { runId: string; workflowId: string; status: string; task: string };

function runs(rows: Rows, typed: string): readonly Candidate[] {
  const found = rows.all<RunName>(
    `SELECT runId, workflowId, status, task FROM runs ${typed === '' ? '' : 'WHERE runId >= ? AND runId < ?'} ORDER BY firstSeq DESC LIMIT ${NEWEST}`,
    ...(typed === '' ? [] : [typed, typed + LAST]),
  );
  return found.map(({ runId, workflowId, status, task }) => {
    const short = shortestUniquePrefix(rows, runId);
    // Who has typed more than is needed wants that id whole.
    return {
      value: typed.length > short.length ? runId : short,
      about: `${status} ${workflowId}: ${oneLine(task, 48)}`,
    };
  });
}

function waiting(rows: Rows, source: 'approvals' | 'tasks'): readonly Candidate[] {
  return inbox(rows, NEWEST).flatMap((item) => {
    if (item.kind === 'improvement') return [];
    const short = shortestUniquePrefix(rows, item.runId);
    const about = `${item.workflowId}: ${oneLine(item.task, 48)}`;
    if (source === 'approvals')
      return item.kind === 'approval'
        ? [{ value: `A-${short}${item.approvalId.slice(`A-${item.runId}`.length)}`, about }]
        : [];
    if (item.kind === 'task')
      return [{ value: `T-${short}${item.taskId.slice(`T-${item.runId}`.length)}`, about }];
    return item.kind === 'outcome' ? [{ value: short, about }] : [];
  });
}
