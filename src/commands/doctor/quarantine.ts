/**
 * `wf doctor --quarantine`: goes on without what stands at and after damage, when a person has been told exactly what
 * that is and has typed it on the terminal. No flag replaces that, and `--fix` never does it.
 */
import { systemClock } from '../../effects/clock.ts';
import { randomBytes } from '../../effects/random.ts';
import { conflictError, notFoundError, usageError } from '../../errors.ts';
import { IndexDb } from '../../home/index-db.ts';
import { assertNotLegacy } from '../../home/legacy.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { type LostPart, lostPart } from '../../log/lost-part.ts';
import { quarantineLog } from '../../log/quarantine.ts';
import { askOnTerminal } from '../ask-terminal.ts';
import { safe } from '../render/text.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';
import { durableMarkIn, lookAtIndex } from './index-look.ts';

const fs = process.getBuiltinModule('node:fs');

/** @throws {WfError} not found (3), nothing-damaged and log-changed (4), no-terminal and not-confirmed (2), io (74) */
export async function quarantine(exam: Exam): Promise<void> {
  const { paths, findings } = exam;
  await assertNotLegacy(paths);
  if (!fs.existsSync(paths.log))
    throw notFoundError('log-missing', 'there is no log', {
      where: paths.log,
      hint: 'Put it back from a backup. If the home is to begin anew, remove state/index.db, which remembers the old one.',
    });
  const durableMark = durableMarkIn(lookAtIndex(paths.indexDb, false));
  const lost = lostPart(paths.log, durableMark, bulkSha256());
  if (lost === null)
    throw conflictError('nothing-damaged', 'the log has no damage: nothing was changed', {
      hint: 'Look at the rest: wf doctor',
    });
  const word = `quarantine ${lost.line}`;
  const typed = askOnTerminal(`${safe(lossText(paths.log, lost))}\nType “${word}” to go on without it: `);
  if (typed !== word)
    throw usageError('not-confirmed', `that is not “${word}”: nothing was changed`, {
      hint: 'Put the log back from a backup, or try again: wf doctor --quarantine',
    });
  const file = await quarantineLog(paths.logs, lost, {
    clock: systemClock,
    random: randomBytes,
    sha256: bulkSha256(),
  });
  // It remembers the longer log. A crash before this: doctor finds a log that ends early, and asks again.
  const index = new IndexDb(paths.indexDb);
  index.recreate();
  index.close();
  await refold(exam);
  await findings.add({
    id: 'quarantined-files',
    severity: 'ok',
    message:
      `the log goes on after seq ${lost.headSeq}; ${plural(lost.events, 'event')} and ` +
      `${plural(lost.unreadableLines, 'unreadable line')} were set aside${file === null ? '' : `: ${file}`}`,
  });
}

/** What fails here is found again as a missing index, by the checks that follow. */
async function refold(exam: Exam): Promise<void> {
  try {
    const onProgress = (done: number, total: number): void =>
      exam.progress.step('making the projections anew', done / Math.max(1, total));
    await (await (await exam.open()).projector()).rebuild({ onProgress });
  } catch {
    // The settings may be invalid, say: the log is good again all the same.
  }
}

/** All that goes, so that nobody agrees to less than it is. */
function lossText(log: string, lost: LostPart): string {
  const { line, offset, reason, headSeq, durableSeq, events, unreadableLines } = lost;
  const runs = [...lost.runs];
  const named = (wanted: readonly (typeof runs)[number][]): string =>
    some(
      wanted.map(([runId]) => runId),
      wanted.length,
      20,
    );
  const gone = runs.filter(([, run]) => run.vanishes);
  const back = runs.filter(([, run]) => !run.vanishes);
  const acts = runs.filter(([, run]) => run.acts > 0);
  const others = [...lost.others].map(([type, n]) => `${n} ${type}`).join(', ');
  const rows: readonly (readonly [string, string])[] = [
    ['log', log],
    ['damage', `line ${line}, byte ${offset}: ${reason}`],
    ['kept', `everything up to seq ${headSeq}; it was on disk up to seq ${durableSeq}`],
    [
      'set aside',
      `${plural(events, 'event')} that can be read, ${plural(unreadableLines, 'line')} that cannot, ${lost.size - lost.cutAt} bytes`,
    ],
    ...(gone.length === 0 ? [] : [['vanish', `${plural(gone.length, 'run')}: ${named(gone)}`] as const]),
    ...(back.length === 0
      ? []
      : [
          [
            'go back',
            `${plural(back.length, 'run')} to where the good part has them: ${named(back)}`,
          ] as const,
        ]),
    ...(others === '' ? [] : [['also', others] as const]),
    ...(lost.runsTouched > runs.length
      ? [['more runs', `${lost.runsTouched - runs.length} more lose events`] as const]
      : []),
    ...(acts.length === 0
      ? []
      : [
          [
            'acts',
            `what ${plural(acts.length, 'run')} did in the world, or handed over, is told of only there: ${named(acts)}. ` +
              'If such a task is given or resumed again, it is done again',
          ] as const,
        ]),
  ];
  return rows.map(([word, text]) => `  ${word.padEnd(10)} ${text}\n`).join('');
}
