/**
 * Everything doctor can say, and why it matters: the one table. docs/RELIABILITY.md shows it; a test holds both
 * together. An id is stable, for scripts match on it; one that a check answers with `ok` needs no reason.
 */

export const FINDING_KINDS = {
  node: '',
  home: 'Without a folder of ours there is nothing to look at.',
  'home-network':
    'Locks, syncs and renames of a network file system do not keep what a local one promises: two machines may write at once, and an acknowledged event may be lost.',
  'home-synced':
    'A sync client copies half-written files, puts back old ones and makes "conflicted copies": it can undo what the log has acknowledged.',
  'home-unwritable': 'Nothing can be recorded there, so no run can start or go on.',
  permissions: 'Tasks and outputs may hold secrets, and who may write to the home may forge its history.',
  'disk-space': 'When the disk is full nothing more is recorded, and runs stop where they are.',
  'log-size': 'Checks, rebuilds and backups take longer with every event.',
  'artifacts-size': 'Files of past runs are kept for ever; nothing removes them by itself.',
  'lock-held':
    'Only who has the log’s lock may write: until it is free, every command that records something waits and gives up.',
  'lock-file': 'Without its lock nobody may write to the log.',
  'sync-failed': 'What was not kept may be gone after the next restart, so nobody writes on top of it.',
  log: 'The log is the only source of truth: what stands at and after the damage cannot be relied on.',
  'log-erased':
    'Erasing says so in the log; this was done by somebody else, who may have changed more than that.',
  'erase-unfinished': 'The run counts as erased, and some of its texts may still be there.',
  'torn-tail': 'It was never acknowledged, so nothing is lost.',
  'foreign-events':
    'This version cannot know what they mean, and guessing would be wrong: it refuses to fold them.',
  'odd-events':
    'No writer of ours leaves such a line although its hashes are right: somebody wrote to the log, or it is a bug.',
  'clock-back': 'Times and durations on both sides cannot be compared. The order of events is not affected.',
  'clock-ahead': 'Waits and retries are measured by this clock; what is due is done too late.',
  'claim-pending': 'A run was promised for this key and never begun: its process ended right then.',
  'blob-missing':
    'A long value of this run cannot be shown or dispatched any more. Only this run is affected.',
  'index-missing': 'Lists and lookups come from it; the next command makes it anew from the log.',
  'index-damaged': 'Lists and lookups may be wrong or fail.',
  'index-version': 'The next command makes all projections anew, which takes a while.',
  'index-stale': 'It was made from another log, so its answers are about runs that are not in this one.',
  'index-behind': 'Every command first has to catch up.',
  'index-held':
    'Only who has it may bring lists and files up to date: every command that ends a run waits for it.',
  projections: 'Files and lists do not say what the log says.',
  server: '',
  'no-server': 'What the clock asks for is not done, and nobody is told: nothing looks at the clock.',
  paused: 'No run starts and no step begins until somebody lifts it.',
  'run-orphaned': 'Nobody works on it any more, and without a server nothing continues it by itself.',
  'run-unowned': 'Nobody works on it, and without a server nothing continues it by itself.',
  'run-waits-long': 'It will wait for ever until somebody answers.',
  'approval-expired':
    'Nobody sits and waits for the hour: what is to follow happens when somebody looks at the run.',
  'run-overdue': 'Its next attempt was due long ago, and its process did not begin it.',
  'run-stopped': 'A stopped process does nothing and yet is alive, so nobody may take its run over.',
  'child-long': 'It may hang; its run waits for it.',
  runs: '',
  'home-moved': 'A path to where the home was finds nothing there.',
  scratch: 'Harmless, but it may hold what a task said.',
  'temp-files': 'Left by a process that was killed while it wrote; nobody reads them.',
  'torn-files': 'Copies for a look at what was cut; the program does not need them.',
  'foreign-files': 'The program does not need them.',
  'quarantined-files': 'What was cut off a damaged log; only a person can say whether it is still needed.',
  config: 'No command that works on the home runs without valid settings.',
  definition: 'This workflow cannot be started.',
  'definition-warning': 'It can be started, and something in it may not do what was meant.',
  definitions: 'There is nothing to run.',
  history: 'The runs could not be looked at.',
} as const satisfies Readonly<Record<string, string>>;

export type FindingId = keyof typeof FINDING_KINDS;
