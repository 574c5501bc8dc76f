/**
 * `run/<effectId>/` goes when the effect's end is recorded; a crash right after that leaves it. What is open or in
 * doubt is evidence and stays, and so does what a living process is about to remove itself.
 */
import { pidExists } from '../../effects/process-table.ts';
import { removeScratch } from '../../effects/scratch.ts';
import { loadState } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { loadNotices } from '../../engine/tell.ts';
import { WORKFLOW_ID_PATTERN } from '../../home/definitions.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';

const fs = process.getBuiltinModule('node:fs');

export async function checkScratch(exam: Exam): Promise<void> {
  const home = await exam.open();
  const { scratch } = home.paths;
  const names = fs.existsSync(scratch) ? fs.readdirSync(scratch) : [];
  const stray: string[] = [];
  for (const [i, name] of names.entries()) {
    exam.progress.step('run/', i / names.length);
    if ((await isOver(home, name)) && fs.existsSync(`${scratch}/${name}`)) stray.push(name);
  }
  if (stray.length === 0) return;
  await exam.findings.add(
    {
      id: 'scratch',
      severity: 'warning',
      message: `run/ holds ${plural(stray.length, 'folder')} of work that is over: ${some(stray)}`,
      where: scratch,
      fix: 'removes them',
    },
    () => {
      for (const name of stray) removeScratch(home.paths.home, name);
      return `removed ${plural(stray.length, 'folder')} from run/`;
    },
  );
}

async function isOver(home: OpenHome, name: string): Promise<boolean> {
  const pid = /^tool-.+-(\d+)$/.exec(name)?.[1];
  if (pid !== undefined) return !pidExists(Number(pid));
  const subject = /^(.+)\.notify\.\d+$/.exec(name)?.[1];
  if (subject !== undefined) return isTold(home, subject, name);
  const runId = name.slice(0, Math.max(0, name.indexOf('.')));
  if (!WORKFLOW_ID_PATTERN.test(runId)) return false;
  const state = await loadState(home.ports, runId);
  const effect = state.effects.find(({ effectId }) => effectId === name);
  // What is not in the log is not ours to remove; what is open or in doubt is evidence.
  if (effect === undefined || effect.status === 'intended' || effect.status === 'unknown') return false;
  const { intender } = effect;
  return intender === undefined || home.ports.ownership.stateOf(intender) === 'gone';
}

/** Nobody looks at it again once its process has ended, whatever became of it. */
async function isTold(home: OpenHome, subject: string, noticeId: string): Promise<boolean> {
  const { notices } = await loadNotices(home.ports, subject);
  const notice = notices.find((one) => one.noticeId === noticeId);
  return notice?.owner !== undefined && home.ports.ownership.stateOf(notice.owner) === 'gone';
}
