/** Schedules that nobody carries out: there are some, and no server is alive or has looked for a day. */
import { loadDefinition } from '../../home/definitions.ts';
import { watchScheduled } from '../../home/scheduled-definitions.ts';
import { isServerAlive, serverSeenAtMs } from '../../home/server-mark.ts';
import { coldSha256 } from '../../log/hash.ts';
import { duration } from '../render/text.ts';
import type { Exam } from './exam.ts';
import { plural, some } from './findings.ts';

/** Longer than the longest pause between two lines of cron that anybody would write. */
const LONG_AGO_MS = 86_400_000;

export async function checkServer({ places, paths, findings, now }: Exam): Promise<void> {
  // What is wrong with a definition is told by who checks definitions.
  const list = watchScheduled(
    places,
    (id) => loadDefinition({ ...places, id, sha256: coldSha256, isRegistered: () => false }),
    () => undefined,
  );
  const { definitions } = await list();
  if (definitions.length === 0) return;
  if (await isServerAlive(paths)) {
    await findings.add({ id: 'server', severity: 'ok', message: 'a server is alive' });
    return;
  }
  const seenMs = serverSeenAtMs(paths);
  const awayMs = seenMs === null ? Number.POSITIVE_INFINITY : now() - seenMs;
  if (awayMs < LONG_AGO_MS) return;
  const ids = some(definitions.map(({ id }) => id));
  const seen = seenMs === null ? 'no server has ever looked' : `no server has looked for ${duration(awayMs)}`;
  await findings.add({
    id: 'no-server',
    severity: 'warning',
    message: `${plural(definitions.length, 'workflow')} with schedules (${ids}), and ${seen}`,
    fix: 'Start one: wf serve --no-web   or let cron call: wf serve --once',
  });
}
