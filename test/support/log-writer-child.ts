/**
 * A process that appends durably to its own stream and to a shared one until it is killed, and says what was
 * acknowledged: `stream version seq` a line, each written only after the store had answered.
 */
import { writeSync } from 'node:fs';
import { ConflictError } from '../../src/log/event-store.ts';
import { commitId, note, openTestStore } from './log-helpers.ts';

const [, , logs = '', name = ''] = process.argv;
const store = openTestStore(logs, { onNotice: (text) => writeSync(2, `${text}\n`) });

const put = async (stream: string, count: number): Promise<void> => {
  const head = await store.headOf(stream);
  const events = Array.from({ length: count }, (_, i) => note(`${name} ${head + i + 1}`.padEnd(400, '.')));
  try {
    const { version, position } = await store.append(stream, head, events, {
      durable: true,
      commitId: commitId(),
    });
    writeSync(1, `${stream} ${version} ${position.seq}\n`);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
};

for (let n = 0; ; n++) await Promise.all([put(`run/${name}`, (n % 3) + 1), put('run/shared', 2)]);
