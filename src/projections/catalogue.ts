/**
 * Which projections exist, and the version of all their folds together. Raising PROJECTION_VERSION makes every
 * home rebuild its projections by itself at the next command; nothing else has to be migrated.
 */

/** Raise it whenever a fold, a file's bytes or a table of `index.db` changes. */
export const PROJECTION_VERSION = 7;

export type Projection = {
  readonly name: string;
  /** Where it stands, relative to the home. */
  readonly path: string;
  /** `file`: compared byte for byte; `rows`: compared row for row. */
  readonly kind: 'file' | 'rows';
  /** Families of streams it is folded from. */
  readonly from: readonly ('run' | 'key' | 'tool' | 'workflow' | 'notify' | 'system')[];
};

export const projections: readonly Projection[] = [
  { name: 'run record', path: 'state/runs/<runId>.json', kind: 'file', from: ['run'] },
  { name: 'delivery summary', path: 'outbox/<runId>.md', kind: 'file', from: ['run'] },
  { name: 'task brief', path: 'tasks/<taskId>.md', kind: 'file', from: ['run'] },
  { name: 'tool marker', path: 'state/tools/<tool>.ok', kind: 'file', from: ['tool'] },
  { name: 'idempotency map', path: 'state/index.json', kind: 'file', from: ['key', 'run'] },
  {
    name: 'index',
    path: 'state/index.db',
    kind: 'rows',
    from: ['run', 'key', 'tool', 'workflow', 'notify', 'system'],
  },
];

/** Directories that hold nothing but projections: a rebuild builds each aside and renames it. */
export const PROJECTED_DIRS = ['state/runs', 'state/tools', 'outbox', 'tasks'] as const;
export type ProjectedDir = (typeof PROJECTED_DIRS)[number];
