/** Many runs in one process wait for the disk together: what they record at about the same time is one sync. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { define } from '../torture/definitions.ts';

const RUNS = 64;
/** Of a run alone: its start, its intent or hand-over, its end. */
const SYNCS_OF_ONE = 3;

test(`${RUNS} runs at once in one process share their syncs`, async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'wf-group-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const home = join(dir, 'home');
  define(home, { id: 'hand', execute: { dispatcher: 'manual' } });
  const never = new AbortController().signal;
  const { ports, store } = await openWorkflowHome({
    home,
    env: {},
    packageDir: resolve(import.meta.dirname, '../..'),
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  const disk = vi.spyOn(process.getBuiltinModule('node:fs'), 'fdatasyncSync');
  onTestFinished(() => disk.mockRestore());
  const run = (n: number) =>
    startRun(ports, { workflowId: 'hand', input: `task ${n}`, force: false, detach: false });

  await run(0);
  const alone = disk.mock.calls.length;
  expect(alone).toBeLessThanOrEqual(SYNCS_OF_ONE);
  disk.mockClear();

  const answers = await Promise.all(Array.from({ length: RUNS }, (_, n) => run(n + 1)));
  const together = disk.mock.calls.length;
  expect(new Set(answers.map(({ run: { runId } }) => runId)).size).toBe(RUNS);
  expect(answers.map(({ run: { status } }) => status)).toEqual(Array(RUNS).fill('handed_off'));
  // Everything that was told is on disk, and a handful of syncs made it so.
  expect(store.durableSeq).toBe((await store.head())?.seq);
  expect(together).toBeLessThanOrEqual(2 * SYNCS_OF_ONE);
});
