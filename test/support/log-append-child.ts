/**
 * A process that appends events of 1 KB until one is refused, then prints how many were acknowledged and the error
 * as JSON. `nobody` as second argument: without the rights of root, so that file modes mean something.
 */
import { WfError } from '../../src/errors.ts';
import { commitId, note, openTestStore } from './log-helpers.ts';

const [, , logs = '', as = ''] = process.argv;
if (as === 'nobody' && process.getuid?.() === 0) {
  process.setgid?.(65534);
  process.setuid?.(65534);
}
const store = openTestStore(logs);
let acknowledged = 0;
try {
  for (; acknowledged < 1000; acknowledged++) {
    const head = await store.headOf('run/a');
    const events = [note('x'.repeat(500)), note('y'.repeat(500))];
    await store.append('run/a', head, events, { durable: true, commitId: commitId() });
  }
} catch (error) {
  const { code, exitCode, hint, where } = error as WfError;
  process.stdout.write(
    JSON.stringify({ acknowledged, code, exitCode, hint, where, typed: error instanceof WfError }),
  );
}
