/** Replacing the data of erased runs changes no projection, no offset and no hash, for any history it happens in. */
import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { runStream } from '../../src/events/streams.ts';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { checkProjections } from '../../src/home/projection-check.ts';
import { copyEditedNow, type Edit } from '../../src/log/copy-edited.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { verifyLog } from '../../src/log/verify.ts';
import { tempDir } from '../support/log-helpers.ts';
import { historyArb, runCommits, runIdOfPlan } from '../support/projection-histories.ts';
import { filesOf, openTestHome, removeHome, rowsOf, tempHome } from '../support/projection-home.ts';
import { propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';

const erasedPlan = (n: number, task: boolean) => ({
  n,
  workflow: 'alpha',
  key: `key ${n}`,
  forced: false,
  ending: task ? ('erased-task' as const) : ('erased' as const),
  input: `the SECRETWORD ${n}`,
  output: `said SECRETWORD ${'x'.repeat(n)}`,
  summaryFile: `outbox/copy-${n}.md`,
});

/** Where RunErased stands in the stream of a run. */
async function erasedAt(at: ReturnType<typeof openTestHome>, runId: string): Promise<number> {
  for await (const event of at.store.read(runStream(runId))) {
    if (event.type === 'RunErased') return event.streamVersion;
  }
  throw new Error(`${runId} was not erased`);
}

test.prop([historyArb, fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })], {
  numRuns: propertyRuns(12),
})(
  'projected before, projected after, rebuilt: the same files and rows, and a log that verifies',
  async (history, tasks) => {
    const home = tempHome();
    try {
      const at = openTestHome(home);
      await at.append(history);
      const plans = tasks.map((task, i) => erasedPlan(900 + i, task));
      for (const plan of plans) await at.append(runCommits(plan));
      await at.projector.project();
      const before = { files: filesOf(home), rows: rowsOf(at.index, FOLDED_TABLES) };
      const size = readFileSync(at.paths.log).length;
      for (const { n } of plans) {
        const runId = runIdOfPlan(n);
        const version = await erasedAt(at, runId);
        expect(await (await at.store.maintenance()).eraseData(runStream(runId), version)).toBe(version - 1);
        expect(await (await at.store.maintenance()).eraseData(runStream(runId), version)).toBe(0);
      }
      const log = readFileSync(at.paths.log, 'utf8');
      expect(log).not.toContain('SECRETWORD');
      expect(Buffer.byteLength(log)).toBe(size);
      const verified = await verifyLog(at.paths.logs, at.deps.sha256);
      expect(verified).not.toHaveProperty('damage');
      expect(verified).not.toHaveProperty('unsaid');
      expect(verified.erased).toBeGreaterThan(0);
      await at.projector.project();
      expect(await checkProjections(at.deps)).toEqual([]);
      await at.projector.rebuild();
      expect({ files: filesOf(home), rows: rowsOf(at.index, FOLDED_TABLES) }).toEqual(before);
      // Others still append, and what they append follows.
      await at.append(runCommits(erasedPlan(950, false)));
      expect((await verifyLog(at.paths.logs, at.deps.sha256)).headSeq).toBeGreaterThan(verified.headSeq);
      await at.close();
    } finally {
      removeHome(home);
    }
  },
  propertyTimeoutMs,
);

describe('a copy with edits', () => {
  const temp = tempDir();
  afterAll(() => temp.remove());

  it.each([0, 1, 1024 * 1024 - 3, 1024 * 1024, 2 * 1024 * 1024 - 1])(
    'replaces bytes wherever they lie, also across the pieces it is made in (%i)',
    (at) => {
      const bytes = Buffer.alloc(2.5 * 1024 * 1024, 'a');
      const edits: Edit[] = [
        { at, bytes: Buffer.from('EDITED') },
        { at: at + 6, bytes: Buffer.from('again') },
        { at: bytes.length - 4, bytes: Buffer.from('last') },
      ];
      nodeFs.writeFileSync(`${temp.dir}/source`, bytes);
      const source = nodeFs.openSync(`${temp.dir}/source`, 'r');
      const out = nodeFs.openSync(`${temp.dir}/copy-${at}`, 'w');
      copyEditedNow(nodeFs, source, out, { from: 0, to: bytes.length, edits });
      for (const edit of edits) edit.bytes.copy(bytes, edit.at);
      expect(readFileSync(`${temp.dir}/copy-${at}`).equals(bytes)).toBe(true);
      nodeFs.closeSync(source);
      nodeFs.closeSync(out);
    },
  );
});
