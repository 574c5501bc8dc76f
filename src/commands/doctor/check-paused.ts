/** What is paused: somebody wanted it so, and somebody else may wonder why nothing happens. */
import { pauseText } from '../../engine/paused-error.ts';
import { pauseRows } from '../../home/standing-rows.ts';
import type { Exam } from './exam.ts';

export async function checkPaused(exam: Exam): Promise<void> {
  const home = await exam.open();
  await home.ports.projections.project();
  for (const pause of pauseRows(home.index))
    await exam.findings.add({
      id: 'paused',
      severity: 'warning',
      message: pauseText(pause),
      fix: `Lift it: wf pause --off${pause.workflowId === null ? '' : ` ${pause.workflowId}`}`,
    });
}
