/** Many runs in one process cost the disk little more than one: they share writes, syncs and projections. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { verifyLog } from '../../src/log/verify.ts';

const dir = mkdtempSync(join(tmpdir(), 'wf-group-'));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

it('64 runs at once share the syncs of their log', async () => {
  const fdatasync = vi.spyOn(process.getBuiltinModule('node:fs'), 'fdatasyncSync');
  const home = join(dir, 'home');
  mkdirSync(join(home, 'definitions'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'definitions/by-hand.json'), '{"id":"by-hand","execute":{"dispatcher":"manual"}}');
  const never = new AbortController().signal;
  const { ports, paths, store } = await openWorkflowHome({
    home,
    env: {},
    packageDir: resolve(import.meta.dirname, '../..'),
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  const run = async (input: string) => {
    const { run } = await startRun(ports, { workflowId: 'by-hand', input, force: false, detach: false });
    expect(run.status).toBe('handed_off');
    return run.runId;
  };
  // The first one also registers the definition, which all others would race for.
  await run('first');
  const before = fdatasync.mock.calls.length;
  await run('alone');
  const alone = fdatasync.mock.calls.length - before;
  const runIds = await Promise.all(Array.from({ length: 64 }, (_, n) => run(`task ${n}`)));
  const together = fdatasync.mock.calls.length - before - alone;

  expect(alone).toBe(2);
  expect(together).toBeLessThanOrEqual(4 * alone);
  // What was answered is on disk, in the log and in the files.
  const { damage, headSeq } = await verifyLog(paths.logs, bulkSha256());
  expect({ damage, durable: store.durableSeq }).toEqual({ damage: undefined, durable: headSeq });
  for (const runId of runIds) expect(existsSync(`${home}/outbox/${runId}.md`)).toBe(true);
  await store.close();
});
