/**
 * The tables of `state/index.db`. All of them are folds of the log except `meta`, which says how far they reach; a
 * change here raises PROJECTION_VERSION, and every home rebuilds by itself.
 */

/** Rows folded from the log, with the order in which two databases are compared. */
export const FOLDED_TABLES: Readonly<Record<string, string>> = {
  stream_offsets: 'stream, chunk',
  runs: 'firstSeq',
  counters: 'name',
  keys: 'stream',
  claims: 'stream, version',
  idempotency: 'seq',
  tools: 'stream',
  definitions: 'workflowId, hash',
  feedback: 'seq',
  proposals: 'proposalId',
  improvements: 'improvementId',
  approvals: 'approvalId',
  tasks: 'taskId',
  pauses: 'stream',
  schedules: 'workflowId',
  costs: 'effectId',
  reminders: 'runId, rule, what',
  notices_open: 'noticeId',
};

/** Columns of a run's row, in the order they are written. */
export const RUN_COLUMNS = [
  'firstSeq',
  'runId',
  'lastSeq',
  'finishedSeq',
  'logTime',
  'version',
  'workflowId',
  'definitionHash',
  'key',
  'forced',
  'status',
  'outcome',
  'route',
  'risk',
  'createdAt',
  'updatedAt',
  'finishedAt',
  'durationMs',
  'waitingFor',
  'waitingId',
  'waitingUntil',
  'task',
  'failedStage',
  'error',
  'attempts',
  'verifyFailures',
  'executeFailures',
  'copyFile',
  'artifactsExpired',
  'filesExpired',
] as const;

// Runs are clustered by their first event, so "newest first" is a walk backwards, in every index too: its entries of
// one value stand in that order. Ids ignore case, because they are file names and people type them in lower case.
export const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stream_offsets (stream TEXT, chunk INTEGER, offsets BLOB NOT NULL, PRIMARY KEY (stream, chunk)) WITHOUT ROWID;
CREATE TABLE runs (
  firstSeq INTEGER PRIMARY KEY, runId TEXT NOT NULL COLLATE NOCASE, lastSeq INTEGER NOT NULL, finishedSeq INTEGER, logTime TEXT NOT NULL,
  version INTEGER NOT NULL, workflowId TEXT NOT NULL, definitionHash TEXT NOT NULL, key TEXT NOT NULL, forced INTEGER NOT NULL,
  status TEXT NOT NULL, outcome TEXT, route TEXT, risk TEXT,
  createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL, finishedAt TEXT, durationMs INTEGER,
  waitingFor TEXT, waitingId TEXT, waitingUntil TEXT, task TEXT NOT NULL,
  failedStage TEXT, error TEXT, attempts INTEGER NOT NULL,
  verifyFailures INTEGER NOT NULL, executeFailures INTEGER NOT NULL, copyFile TEXT,
  artifactsExpired INTEGER NOT NULL, filesExpired INTEGER);
CREATE UNIQUE INDEX runs_id ON runs (runId);
CREATE INDEX runs_status ON runs (status);
CREATE INDEX runs_workflow ON runs (workflowId);
CREATE INDEX runs_workflow_status ON runs (workflowId, status);
CREATE INDEX runs_route ON runs (route);
CREATE INDEX runs_last ON runs (lastSeq);
CREATE INDEX runs_ended ON runs (workflowId, lastSeq) WHERE status IN ('completed', 'failed', 'cancelled');
CREATE INDEX runs_files_expired ON runs (filesExpired) WHERE filesExpired IS NOT NULL;
CREATE INDEX runs_copy ON runs (copyFile) WHERE copyFile IS NOT NULL;
CREATE TABLE counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (stream TEXT PRIMARY KEY, version INTEGER NOT NULL, workflowId TEXT NOT NULL, key TEXT NOT NULL, label TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX keys_label ON keys (label);
CREATE TABLE claims (stream TEXT, version INTEGER, runId TEXT NOT NULL COLLATE NOCASE, runVersion INTEGER NOT NULL, inputHash TEXT NOT NULL, forced INTEGER NOT NULL, PRIMARY KEY (stream, version)) WITHOUT ROWID;
CREATE TABLE idempotency (seq INTEGER PRIMARY KEY, label TEXT NOT NULL, runId TEXT NOT NULL, workflowId TEXT NOT NULL, key TEXT NOT NULL, stream TEXT NOT NULL);
CREATE UNIQUE INDEX idempotency_stream ON idempotency (stream);
CREATE TABLE tools (stream TEXT PRIMARY KEY, tool TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX tools_name ON tools (tool);
CREATE TABLE definitions (workflowId TEXT, hash TEXT, seq INTEGER NOT NULL, version INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (workflowId, hash)) WITHOUT ROWID;
CREATE TABLE feedback (seq INTEGER PRIMARY KEY, feedbackId TEXT NOT NULL, workflowId TEXT NOT NULL, runId TEXT, score INTEGER NOT NULL, text TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX feedback_workflow ON feedback (workflowId);
CREATE TABLE proposals (proposalId TEXT PRIMARY KEY, seq INTEGER NOT NULL, workflowId TEXT NOT NULL, newest INTEGER NOT NULL, undecided INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX proposals_newest ON proposals (workflowId) WHERE newest = 1;
CREATE TABLE improvements (improvementId TEXT PRIMARY KEY, seq INTEGER NOT NULL, workflowId TEXT NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX improvements_workflow ON improvements (workflowId, seq);
CREATE TABLE approvals (approvalId TEXT PRIMARY KEY COLLATE NOCASE, runId TEXT NOT NULL, status TEXT NOT NULL, risk TEXT NOT NULL, reasons TEXT NOT NULL, binding TEXT NOT NULL, requestedAt TEXT NOT NULL, expiresAt TEXT, onExpire TEXT) WITHOUT ROWID;
CREATE INDEX approvals_pending ON approvals (requestedAt) WHERE status = 'pending';
CREATE TABLE tasks (taskId TEXT PRIMARY KEY COLLATE NOCASE, runId TEXT NOT NULL, effectId TEXT NOT NULL, step TEXT NOT NULL, dispatcher TEXT NOT NULL, status TEXT NOT NULL, since TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX tasks_run ON tasks (runId);
CREATE INDEX tasks_open ON tasks (since) WHERE status = 'handed_off';
CREATE TABLE pauses (stream TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE schedules (workflowId TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE costs (effectId TEXT PRIMARY KEY COLLATE NOCASE, runId TEXT NOT NULL, workflowId TEXT NOT NULL, at TEXT NOT NULL, usd REAL) WITHOUT ROWID;
CREATE INDEX costs_run ON costs (runId);
CREATE INDEX costs_day ON costs (workflowId, at);
CREATE TABLE reminders (runId TEXT, rule INTEGER, what TEXT, again TEXT NOT NULL, PRIMARY KEY (runId, rule, what)) WITHOUT ROWID;
CREATE TABLE notices_open (noticeId TEXT PRIMARY KEY, workflowId TEXT NOT NULL, runId TEXT, cause TEXT NOT NULL) WITHOUT ROWID;
`;
