/** What commands read from `index.db`, over a home with one run in every state. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyStream } from '../../src/events/streams.ts';
import { inbox, newestProposal } from '../../src/home/inbox.ts';
import { indexJsonBytes } from '../../src/home/key-rows.ts';
import {
  analysisInput,
  definitionByHash,
  feedback,
  improvements,
  keyState,
  lastRunId,
  listRuns,
  runsByIdPrefix,
  shortestUniquePrefix,
  statusCounts,
} from '../../src/home/read-model.ts';
import { headOf, offsetsOf } from '../../src/home/stream-index.ts';
import {
  ENDINGS,
  runCommits,
  runIdOfPlan,
  sha,
  toolCommits,
  workflowCommits,
} from '../support/projection-histories.ts';
import { openTestHome, removeHome, type TestHome, tempHome } from '../support/projection-home.ts';

let at: TestHome;
type Ending = (typeof ENDINGS)[number];
const n = (ending: Ending): number => ENDINGS.indexOf(ending);
const id = (ending: Ending): string => runIdOfPlan(n(ending));

beforeAll(async () => {
  at = openTestHome(tempHome());
  for (const [i, ending] of ENDINGS.entries()) {
    await at.append(
      runCommits({
        n: i,
        workflow: i % 2 === 0 ? 'alpha' : 'beta',
        key: `k${i}`,
        forced: false,
        ending,
        input: `task ${ending}`,
        output: 'out',
        summaryFile: `outbox/${runIdOfPlan(i)}.md`,
      }),
    );
  }
  await at.append(toolCommits({ tool: 'dir', hosts: ['h1'], acts: ['ok', 'start'] }));
  await at.append(workflowCommits({ workflow: 'alpha', scores: [1, 5, 3], fate: 'reverted' }));
  await at.append(workflowCommits({ workflow: 'beta', scores: [], fate: 'proposed' }));
  await at.projector.project();
});
afterAll(async () => {
  await at.close();
  removeHome(at.home);
});

describe('runs', () => {
  test('are listed newest first, filtered by anything, never more than asked for', () => {
    expect(listRuns(at.index, { limit: 3 }).map((run) => run.runId)).toEqual([15, 14, 13].map(runIdOfPlan));
    const failed = listRuns(at.index, { status: 'failed', limit: 9 });
    expect(failed.map((run) => run.runId)).toEqual([id('failed'), id('report-error')]);
    expect(listRuns(at.index, { workflow: 'beta', route: 'content', limit: 99 })).toHaveLength(8);
    expect(listRuns(at.index, { route: 'ops', limit: 99 })).toEqual([]);
    const since = failed[0]?.createdAt ?? '';
    expect(listRuns(at.index, { since, limit: 99 }).at(-1)?.runId).toBe(id('failed'));
    expect(listRuns(at.index, { status: "' OR 1=1 --", limit: 9 })).toEqual([]);
  });

  test('counts by status add up to all runs', () => {
    const counts = statusCounts(at.index);
    expect([...counts.values()].reduce((a, b) => a + b, 0)).toBe(ENDINGS.length);
    expect(counts.get('failed')).toBe(2);
  });

  test('are found by a prefix in any case; the shown prefix is unique and at least 12 long', () => {
    const short = shortestUniquePrefix(at.index, runIdOfPlan(3));
    expect(short.length).toBeGreaterThanOrEqual(12);
    expect(runsByIdPrefix(at.index, short.toLowerCase()).map((run) => run.runId)).toEqual([runIdOfPlan(3)]);
    expect(runsByIdPrefix(at.index, '01KAQ').length).toBe(ENDINGS.length);
    expect(runsByIdPrefix(at.index, '%')).toEqual([]);
    expect(shortestUniquePrefix(at.index, 'Z1234567890123456789')).toBe('Z12345678901');
    expect(lastRunId(at.index)).toBe(runIdOfPlan(ENDINGS.length - 1));
  });
});

describe('the inbox', () => {
  test('lists each thing that waits once, oldest first, and nothing that is over', () => {
    const items = inbox(at.index);
    expect(items.map((item) => [item.kind, 'runId' in item ? item.runId : item.workflowId])).toEqual([
      ['task', id('handed_off')],
      ['approval', id('approval')],
      ['in-doubt', id('unknown')],
      ['task', id('outcome')],
      ['improvement', 'beta'],
    ]);
    expect(items.at(-1)).toMatchObject({ changes: ['Cite sources'] });
  });

  test('tasks and approvals are found by id, whatever became of them', () => {
    const task = (taskId: string) => at.index.get('SELECT runId, status FROM tasks WHERE taskId = ?', taskId);
    expect(task(`t-${id('reported').toLowerCase()}`)).toMatchObject({
      runId: id('reported'),
      status: 'done',
    });
    expect(task(`T-${id('withdrawn')}`)).toMatchObject({ status: 'withdrawn' });
    expect(task('T-none')).toBeUndefined();
    expect(
      at.index
        .all<object>('SELECT approvalId, status FROM approvals ORDER BY status')
        .map((row) => ({ ...row })),
    ).toMatchObject([
      { status: 'granted', approvalId: `A-${id('approved')}` },
      { status: 'pending' },
      { status: 'rejected', approvalId: `A-${id('rejected')}` },
    ]);
  });
});

describe('the rest', () => {
  test('a key answers with its claims, an unknown one with none', () => {
    const state = keyState(at.index, keyStream(sha(`beta\nk${n('resumed')}`)));
    expect(state.claims.map((claim) => [claim.runId, claim.runVersion])).toEqual([
      [id('resumed'), 0],
      [id('resumed'), 17],
    ]);
    expect(state.version).toBe(3);
    expect(keyState(at.index, 'key/none')).toEqual({ version: 0, claims: [] });
  });

  test('index.json lists finished runs only', () => {
    const { idempotency, total } = JSON.parse(readFileSync(at.paths.indexJson, 'utf8')) as {
      idempotency: Record<string, string>;
      total: number;
    };
    const finished = ['completed', 'handed_off', 'reported', 'resumed', 'approved'] as const;
    expect(idempotency).toEqual(Object.fromEntries(finished.map((ending) => [`k${n(ending)}`, id(ending)])));
    expect(total).toBe(finished.length);
  });

  test('offsets lead to the stream’s own events', async () => {
    const stream = `run/${id('completed')}`;
    const versions: number[] = [];
    for await (const event of at.store.read(stream)) versions.push(event.streamVersion);
    expect(headOf(at.index, stream)).toBe(versions.length);
    expect(offsetsOf(at.index, stream, 3)).toHaveLength(versions.length - 2);
    expect(offsetsOf(at.index, stream, versions.length + 1)).toEqual([]);
    expect(headOf(at.index, 'run/none')).toBe(0);
  });

  test('feedback, improvements, tools and definitions', () => {
    expect(feedback(at.index, { workflowId: 'alpha', limit: 2 }).map((f) => f.score)).toEqual([3, 5]);
    expect(feedback(at.index, { limit: 9 })).toHaveLength(3);
    expect(improvements(at.index, 'alpha').map((i) => [i.improvementId, i.status, i.revertedBy])).toEqual([
      ['I-alpha-0-r', 'applied', undefined],
      ['I-alpha-0', 'reverted', 'I-alpha-0-r'],
    ]);
    expect(newestProposal(at.index, 'alpha')?.open).toEqual([]);
    const tools = at.index.all<{ tool: string; state: string }>('SELECT tool, state FROM tools');
    expect(tools.map(({ tool, state }) => ({ tool, state: JSON.parse(state) }))).toMatchObject([
      { tool: 'dir', state: { hashes: [{ hash: sha('dir0') }], pending: { commandHash: sha('dir1') } } },
    ]);
    const place = definitionByHash(at.index, 'alpha', sha('d0'));
    expect(place).toMatchObject({ version: 1, seq: expect.any(Number), offset: expect.any(Number) });
    expect(definitionByHash(at.index, 'beta', sha('nope'))).toBeNull();
  });

  test('the analysis gets feedback newest first and signals of its own workflow only', () => {
    const input = analysisInput(at.index, 'alpha');
    expect(input).toMatchObject({ workflowId: 'alpha', feedbackCount: 3, runs: { runCount: 8 } });
    expect(input.feedback[0]).toEqual({
      feedbackId: 'F-alpha-0-2',
      score: 3,
      text: 'more sources',
      at: expect.any(String),
    });
  });
});

test('a stream of a thousand events is found through packed rows', async () => {
  const events = Array.from({ length: 100 }, (_, i) => ({
    type: 'FeedbackSubmitted' as const,
    data: { feedbackId: `L${i}`, workflowId: 'long', score: 3, text: 't', by: 'me', salt: 'saltsalt' },
  }));
  for (let i = 0; i < 10; i++) {
    await at.append([{ stream: 'workflow/long', events }]);
    await at.projector.project();
  }
  expect(headOf(at.index, 'workflow/long')).toBe(1000);
  const versions: number[] = [];
  for await (const event of at.store.read('workflow/long', { from: 500, to: 700 }))
    versions.push(event.streamVersion);
  expect(versions).toEqual(Array.from({ length: 201 }, (_, i) => i + 500));
});

describe('longer histories', () => {
  let home: TestHome;
  const started = (i: number, workflow: string, key: string) =>
    runCommits({
      n: i,
      workflow,
      key,
      forced: false,
      ending: 'completed',
      input: 'x',
      output: '',
      summaryFile: `outbox/${runIdOfPlan(i)}.md`,
    });
  beforeAll(async () => {
    home = openTestHome(tempHome());
    await home.append(started(0, 'alpha', 'same'));
    await home.append(started(1, 'beta', 'same'));
    for (let i = 2; i < RUNS; i++) await home.append(started(i, 'alpha', `key ${i}`));
    await home.projector.project();
  }, 60_000);
  afterAll(async () => {
    await home.close();
    removeHome(home.home);
  });
  /** More than 4,000 events: enough for the clean mark to move. */
  const RUNS = 200;

  test('the second workflow that uses a key is listed under its own name', () => {
    const { idempotency, total, asOf } = JSON.parse(readFileSync(home.paths.indexJson, 'utf8')) as {
      idempotency: Record<string, string>;
      total: number;
      asOf: number;
    };
    expect([total, Object.keys(idempotency).length]).toEqual([RUNS, RUNS]);
    expect(idempotency).toMatchObject({ same: runIdOfPlan(0), 'beta:same': runIdOfPlan(1) });
    expect(asOf).toBe(listRuns(home.index, { limit: 1 })[0]?.finishedSeq);
  });

  test('index.json stays at the newest 1,000 keys, and says how many there are', () => {
    home.index.exec('BEGIN');
    const add =
      "INSERT INTO idempotency (seq, label, runId, workflowId, key, stream) VALUES (?, ?, 'r', 'w', 'k', ?)";
    for (let i = 0; i < 1_500; i++) home.index.run(add, 1_000_000 + i, `"${i}`, `key/${i}`);
    const map = JSON.parse(indexJsonBytes(home.index)) as {
      idempotency: object;
      total: number;
      asOf: number;
    };
    home.index.exec('ROLLBACK');
    expect(Object.keys(map.idempotency)).toHaveLength(1_000);
    expect(Object.keys(map.idempotency)[0]).toBe('"500');
    expect(map).toMatchObject({ asOf: 1_001_499, total: RUNS });
  });

  test('after a reboot only files that may not have reached the disk are written again', async () => {
    const record = (i: number): string => `${home.paths.runs}/${runIdOfPlan(i)}.json`;
    for (const i of [0, RUNS - 1]) writeFileSync(record(i), '');
    await home.close();
    home = openTestHome(home.home, { bootId: 'boot-2' });
    await home.projector.project();
    expect([0, RUNS - 1].map((i) => readFileSync(record(i), 'utf8').length > 0)).toEqual([false, true]);
  });
});
