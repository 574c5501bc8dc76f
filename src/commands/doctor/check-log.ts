/**
 * The log, in one pass that all its checks share: whether every line and hash is right, and what a survey of the
 * events says. What somebody is just writing at the end is looked at again before it is called unfinished.
 */

import type { StoredEvent } from '../../events/envelope.ts';
import { runStream } from '../../events/streams.ts';
import { erasingRuns } from '../../home/erase-marks.ts';
import { eventIdTime } from '../../log/event-ids.ts';
import { nodeFs } from '../../log/file-system.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { isStillTorn } from '../../log/still-torn.ts';
import { type VerifyResult, verifyLog } from '../../log/verify.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';
import { durableMarkIn, lookAtIndex } from './index-look.ts';
import { LogSurvey, type Noted, type PendingClaim } from './log-survey.ts';

const fs = process.getBuiltinModule('node:fs');

/** Clocks of one machine differ by nothing; of its restarts, by this. */
const AHEAD_MS = 120_000;
/** Somebody may be about to begin the run right now. */
const PENDING_MS = 60_000;

export async function checkLines(exam: Exam): Promise<void> {
  const { findings, paths, facts, progress } = exam;
  // Read before the log is: it only ever moves on.
  const index = lookAtIndex(paths.indexDb, exam.deep);
  const survey = new LogSurvey({
    blobSize: await blobSizes(exam),
    erasing: new Set(erasingRuns(nodeFs, paths).map(runStream)),
    ...(exam.deep ? { wrongData: await schemaCheck() } : {}),
  });
  const result = await verifyLog(paths.logs, bulkSha256(), {
    durableMark: durableMarkIn(index),
    onEvent: (event) => survey.see(event),
    onProgress: ({ bytes, totalBytes }) => progress.step('the log', bytes / Math.max(1, totalBytes)),
  });
  exam.log = { result, survey, index };
  const { damage, torn, events, headHash, headSeq, unsaid } = result;
  if (damage !== undefined) {
    await findings.add({ id: 'log', severity: 'problem', where: paths.log, ...damaged(result, damage) });
    return;
  }
  facts.add('sound');
  if (unsaid !== undefined) {
    await findings.add({
      id: 'log-erased',
      severity: 'problem',
      message: `line ${unsaid.line} of the log, byte ${unsaid.offset}: ${unsaid.reason}`,
      where: paths.log,
      fix: 'Put the log back from a backup. It can still be read and written.',
    });
  }
  if (torn !== undefined && (await isStillTorn(paths.log, result, bulkSha256()))) {
    await findings.add({
      id: 'torn-tail',
      severity: 'warning',
      message: `${torn.bytes} bytes of an unfinished write stand at the end of the log (${torn.reason})`,
      where: `${paths.log}, line ${torn.line}, byte ${torn.offset}`,
      fix: 'Nothing to do: the next write copies them to logs/torn/ and goes on.',
    });
  }
  const message = `${plural(events, 'event')}, every hash follows; head ${headSeq} ${headHash}`;
  await findings.add({ id: 'log', severity: 'ok', message: events === 0 ? 'the log is empty' : message });
}

function damaged(
  { events, headSeq, durableSeq }: VerifyResult,
  damage: NonNullable<VerifyResult['damage']>,
): { readonly message: string; readonly fix: string } {
  const { line, offset, reason } = damage;
  const endsEarly = headSeq < durableSeq && reason === 'the log ends early';
  return {
    message: endsEarly
      ? `the log ends at seq ${headSeq}, and it was on disk up to seq ${durableSeq}`
      : `the log is damaged at line ${line}, byte ${offset}: ${reason}; ${plural(events, 'event')} before it are good`,
    fix:
      'Put the log back from a backup. Nothing was changed, and nothing is written on top. Where there is none: ' +
      'wf doctor --quarantine says what would be lost, and asks, before it goes on with what is good.',
  };
}

/** What the survey has noted; the log itself is sound. */
export async function checkEvents(exam: Exam): Promise<void> {
  const { findings, facts, paths, log } = exam;
  if (log === null) return;
  const { survey } = log;
  if (survey.foreign.total === 0) facts.add('known');
  await tell(exam, survey.foreign, (events, what) => ({
    id: 'foreign-events',
    severity: 'problem',
    message: `${events} of a newer version: ${what}`,
    fix: 'Install the newer version of the program that wrote them. Nothing is damaged.',
  }));
  await tell(exam, survey.odd, (events, what) => ({
    id: 'odd-events',
    severity: 'problem',
    message: `${events} that no writer of this program leaves: ${what}`,
    fix: 'Compare with a backup: wf log verify prints the head hash. If nobody wrote to the log, please report it.',
  }));
  await tell(exam, survey.missingBlobs, (events, what) => ({
    id: 'blob-missing',
    severity: 'problem',
    message: `${events} with a long value that is not there as it was: ${what}`,
    fix: `Put the files back into ${paths.blobs} from a backup; their names are the hashes of what is in them.`,
  }));
  await tell(exam, survey.clockBack, (events, what) => ({
    id: 'clock-back',
    severity: 'warning',
    message: `the clock went back before ${events}: ${what}`,
    fix: 'Nothing to mend: see that the machine keeps its time (NTP).',
  }));
  const lastIdMs = survey.lastId === '' ? 0 : eventIdTime(survey.lastId);
  const newestMs = Math.max(lastIdMs, survey.newestTs === '' ? 0 : Date.parse(survey.newestTs));
  if (newestMs - exam.now() > AHEAD_MS) {
    await findings.add({
      id: 'clock-ahead',
      severity: 'warning',
      message: `the newest event is of ${new Date(newestMs).toISOString()}, which is yet to come`,
      where: paths.log,
      fix: 'Set the clock right: either it is late now, or it was early when that was written.',
    });
  }
  for (const claim of survey.pendingClaims) await tellPending(exam, claim);
}

type Told = Pick<Parameters<Exam['findings']['add']>[0], 'id' | 'severity' | 'message' | 'fix'>;

async function tell(exam: Exam, noted: Noted, say: (events: string, what: string) => Told): Promise<void> {
  const [first] = noted.first;
  if (first === undefined) return;
  const what = noted.first.map(({ seq, text }) => `seq ${seq} ${text}`);
  await exam.findings.add({
    ...say(plural(noted.total, 'event'), some(what, noted.total)),
    where: `${exam.paths.log}, line ${first.seq}`,
  });
}

async function tellPending({ findings, now }: Exam, claim: PendingClaim): Promise<void> {
  if (now() - Date.parse(claim.ts) < PENDING_MS) return;
  const { workflowId, runId, runVersion, key } = claim;
  const verb = runVersion === 0 ? 'begun' : 'gone on with';
  await findings.add({
    id: 'claim-pending',
    severity: 'warning',
    message: `since ${claim.ts} a run of ${workflowId} is promised for key ${key.slice(0, 20)} and was not ${verb}`,
    where: runId,
    fix:
      runVersion === 0
        ? `Give the same task again: it starts this very run. wf run ${workflowId} --input "…"`
        : `Go on with it: wf resume ${runId}`,
  });
}

/** Its size is what can be seen without reading it; a deep look reads. */
async function blobSizes({ paths, deep }: Exam): Promise<(hash: string) => number | null> {
  const sha256 = bulkSha256();
  return (hash) => {
    const file = `${paths.blobs}/${hash}`;
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return null;
    return deep && sha256(fs.readFileSync(file)) !== hash ? -1 : size;
  };
}

/** The schemas load zod, which a quick look can do without. */
async function schemaCheck(): Promise<(event: StoredEvent) => string | undefined> {
  const { eventSchemas } = await import('../../events/catalog.ts');
  const { schemaVersionOf } = await import('../../events/types.ts');
  return (event) => {
    if (schemaVersionOf(event.type) !== event.schemaVersion) return undefined;
    const schema = (eventSchemas as Readonly<Record<string, (typeof eventSchemas)['KeyClaimed']>>)[
      event.type
    ];
    const issue = schema?.safeParse(event.data).error?.issues[0];
    return issue === undefined ? undefined : `${issue.path.join('.')}: ${issue.message}`;
  };
}
