/** Erasures that a crash cut short: the run counts as erased, and some of its texts may still be there. */
import { eraseRun } from '../../engine/erase-run.ts';
import { loadState } from '../../engine/load-run.ts';
import type { OpenHome } from '../../engine/open-home.ts';
import { clearErasing, erasingRuns } from '../../home/erase-marks.ts';
import { nodeFs } from '../../log/file-system.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';

export async function checkErased(exam: Exam): Promise<void> {
  const home = await exam.open();
  const begun = erasingRuns(nodeFs, home.paths);
  if (begun.length === 0) return;
  await exam.findings.add(
    {
      id: 'erase-unfinished',
      severity: 'problem',
      message: `erasing was begun and not finished for ${plural(begun.length, 'run')}: ${some(begun)}`,
      where: home.paths.logs,
      fix: 'finishes what was begun',
    },
    async () => {
      let finished = 0;
      for (const runId of begun) finished += await finish(home, runId);
      const rest = begun.length - finished;
      return `erased the texts of ${finished}${rest === 0 ? '' : `; ${rest} had not got as far as being recorded: ask for them again`}`;
    },
  );
}

/** Without its event nothing was touched yet, and nobody was told that it would be. */
async function finish(home: OpenHome, runId: string): Promise<0 | 1> {
  if ((await loadState(home.ports, runId)).erased === null) {
    clearErasing(nodeFs, home.paths, runId);
    return 0;
  }
  await eraseRun(home, runId, { by: 'doctor', artifacts: false });
  return 1;
}
