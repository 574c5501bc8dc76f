/** A process of its own that improves, and dies by SIGKILL right before or after an event is recorded. */
import { revertImprovement } from '../../src/engine/apply-improvement.ts';
import { improve } from '../../src/engine/improve.ts';
import { openImproveHome, WORKFLOW } from './open-improve-home.ts';

const [home = '', packageDir = '', when = 'after', type = '', revert] = process.argv.slice(2);
const at = await openImproveHome(home, packageDir);
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
const improver = at.interrupted(when === 'before' ? 'before' : 'after', type, die);
if (revert === undefined) await improve(improver, { workflowId: WORKFLOW, autoApply: true });
else await revertImprovement(improver, WORKFLOW, revert);
process.stdout.write('survived');
