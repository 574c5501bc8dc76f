/** A process of its own that reviews improvements, and dies by SIGKILL right before or after an event is recorded. */
import { reviewAfterRun } from '../../src/engine/review-improvements.ts';
import { noRun } from '../../src/workflow/state.ts';
import { openImproveHome, WORKFLOW } from './open-improve-home.ts';

const [home = '', packageDir = '', when = 'after', type = ''] = process.argv.slice(2);
const at = await openImproveHome(home, packageDir);
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
await at.improver.ports.projections.project();
const improver = at.interrupted(when === 'before' ? 'before' : 'after', type, die);
await reviewAfterRun(improver, { ...noRun, workflowId: WORKFLOW, runId: 'R-last' });
process.stdout.write('survived');
