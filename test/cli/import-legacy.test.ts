/** A home of the script engine taken over: what it did counts as done, what it learned goes on, nothing is made up. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const FIXTURE = join(root, 'test/fixtures/legacy-home');
const OPS = '0b3b4251-2798-4dcd-b527-e9ac512b1836';
const FORCED = '634f131d-602f-4f22-8d13-9b5cba5b81d3';
const FAILED = '40b06539-158d-4b0d-a481-02f8183cfa34';
const BLOG = 'write a blog on BIM Automation in Autodesk';

type Counts = { readonly found: number; readonly imported: number; readonly already: number };
type Imported = {
  readonly schema: string;
  readonly moved: readonly { readonly from: string; readonly to: string }[];
  readonly counts: Readonly<Record<string, Counts>>;
  readonly contradictions: readonly {
    readonly runId?: string;
    readonly what: string;
    readonly rule: string;
  }[];
  readonly skipped: readonly { readonly file: string; readonly line?: number; readonly reason: string }[];
  readonly definitions: readonly { readonly name: string; readonly action: string }[];
  readonly hints: readonly string[];
};

/** In place where no folder is named. */
async function importIn(runner: WfRunner, dir = runner.home, ...more: string[]): Promise<Imported> {
  const { code, stdout, stderr } = await runner.wf(['import-legacy', dir, ...more, '--json']);
  expect({ code, stderr: code === 0 ? '' : stderr, stdout: code === 0 ? '' : stdout }).toEqual({
    code: 0,
    stderr: '',
    stdout: '',
  });
  return JSON.parse(stdout) as Imported;
}

const legacyHome = (): WfRunner => {
  const runner = wfRunner();
  cpSync(FIXTURE, runner.home, { recursive: true });
  return runner;
};

const imported = (result: Imported): Record<string, number> =>
  Object.fromEntries(Object.entries(result.counts).map(([kind, count]) => [kind, count.imported]));

const ALL = { runs: 6, keys: 6, markers: 1, feedback: 2, improvements: 2, notes: 0, logLines: 5 };
const NONE = { runs: 0, keys: 0, markers: 0, feedback: 0, improvements: 0, notes: 0, logLines: 0 };

async function expectSound(runner: WfRunner): Promise<void> {
  expect((await runner.wf(['rebuild-projections', '--check'])).code).toBe(0);
  expect((await runner.wf(['log', 'verify'])).code).toBe(0);
}

const record = (runner: WfRunner, runId: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(runner.home, `state/runs/${runId}.json`), 'utf8')) as Record<string, unknown>;

describe('a home of the script engine, imported', () => {
  test('in place: everything becomes events, its files move to legacy/, and nothing is lost of them', async () => {
    const runner = legacyHome();
    const before = treeOf(runner.home);
    const result = await importIn(runner);
    expect(imported(result)).toEqual(ALL);
    expect(result.skipped).toEqual([]);
    expect(result.moved.map(({ from }) => from)).toEqual(['outbox', 'feedback', 'state', 'logs']);
    const inPlace = treeOf(runner.home);
    const wanted = before.map((entry) =>
      entry.startsWith(`${runner.home}/definitions/`)
        ? entry
        : entry.replace(`${runner.home}/`, `${runner.home}/legacy/`),
    );
    expect(wanted.filter((entry) => !inPlace.includes(entry))).toEqual([]);
    expect(existsSync(join(runner.home, 'legacy/UNFINISHED'))).toBe(false);
    await expectSound(runner);
  });

  test('each record keeps its names, times, context and what its stages had left', async () => {
    const runner = legacyHome();
    await importIn(runner);
    for (const runId of [OPS, FORCED, FAILED]) {
      const old = JSON.parse(readFileSync(join(FIXTURE, `state/runs/${runId}.json`), 'utf8')) as {
        stages: object[];
      };
      const now = record(runner, runId);
      expect(now).toMatchObject({ ...old, stages: old.stages });
    }
    expect(record(runner, OPS)).toMatchObject({ outcome: 'unreported', definitionHash: '', risk: null });
    expect(record(runner, FAILED)).toMatchObject({
      outcome: 'failed',
      error: { stage: 'execute', code: 'legacy', message: 'dispatch refused' },
    });
    const summary = readFileSync(join(runner.home, `outbox/${OPS}.md`), 'utf8');
    expect(summary).toContain('- Status: completed');
    expect(summary).toContain('"jobId":"job-0b3b4251"');
    const shown = await runner.wf(['show', OPS, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      run: { createdAt: '2026-11-23T00:18:20.484Z', updatedAt: '2026-11-23T00:18:20.577Z', route: 'ops' },
    });
    const event = runner.log().find(({ type, stream }) => type === 'RunImported' && stream === `run/${OPS}`);
    expect(event).toMatchObject({
      meta: {
        actor: 'import-legacy',
        cause: expect.stringMatching(/^legacy:[0-9a-f]{64}$/),
        occurredAt: '2026-11-23T00:18:20.577Z',
      },
    });
  });

  test('the same request again is answered with the imported run; a failed one starts anew', async () => {
    const runner = legacyHome();
    await importIn(runner);
    const env = { OPENCLAW_ROOT: runner.dir };
    const again = await runner.json(
      ['run', 'autonomous-e2e', '--input', 'restart the gateway and fix the cron error'],
      { env },
    );
    expect(again).toMatchObject({ code: 0, answer: 'reused', run: { runId: OPS } });
    const screen = await runner.wf(
      ['run', 'autonomous-e2e', '--input', 'restart the gateway and fix the cron error'],
      { env },
    );
    // Which definition it was made by the script engine did not record, so nothing is said of it.
    expect(screen.stdout).toMatch(/ {2}why {7}the same workflow and input \(key \w{12}…\)\n/);
    // Of two runs of one key the one that its index named.
    const blog = await runner.json(['run', 'autonomous-e2e', '--input', BLOG], { env });
    expect(blog).toMatchObject({ answer: 'reused', run: { runId: FORCED, forced: true } });
    const named = ['run', 'autonomous-e2e', '--idempotency-key', 'calendar-2026-02-20', '--input'];
    expect(await runner.json([...named, "summarise today's calendar"], { env })).toMatchObject({
      answer: 'reused',
    });
    expect(await runner.json([...named, 'something else'], { env })).toMatchObject({ code: 4 });
    const resumed = await runner.json(['resume', FAILED]);
    expect(resumed).toMatchObject({ code: 4, error: { code: 'run-imported' } });
    const anew = await runner.json(['run', 'autonomous-e2e', '--input', 'post FAIL to linkedin'], { env });
    expect(anew.run.runId).not.toBe(FAILED);
    await expectSound(runner);
  });

  test('feedback, improvements and averages go on, and an applied sentence can be taken back', async () => {
    const runner = legacyHome();
    await importIn(runner);
    const listed = JSON.parse((await runner.wf(['feedback', 'list', '--json'])).stdout) as {
      items: { at: string; score: number; text: string }[];
    };
    expect(listed.items.map(({ score }) => score)).toEqual([2, 4]);
    const improve = await runner.wf(['feedback', 'improve', '--workflow-id', 'autonomous-e2e']);
    expect(improve.stdout).toContain('2 feedback entries, 1 with a low score; 6 runs');
    expect(improve.stdout).toContain('cite-sources, keep-it-tight');
    const id = /[0-9A-Z]{26}(?=.*cite-sources)/.exec(improve.stdout)?.[0] ?? '';
    expect(await runner.wf(['feedback', 'revert', id])).toMatchObject({ code: 0 });
    const text = readFileSync(join(runner.home, 'definitions/autonomous-e2e.json'), 'utf8');
    expect(text).not.toContain('Always include source links');
    expect(text).toContain('Optimize for speed');
  });

  test('twice changes nothing: not a byte of the log, from the same place or another', async () => {
    const runner = legacyHome();
    await importIn(runner);
    const log = readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8');
    expect(imported(await importIn(runner))).toEqual(NONE);
    expect(imported(await importIn(runner, FIXTURE))).toEqual(NONE);
    expect(readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8')).toBe(log);
  });

  test('from elsewhere: the folder stays as it is, definitions are copied, none is written over', async () => {
    const runner = wfRunner();
    runner.define({ id: 'autonomous-e2e', execute: { dispatcher: 'manual' } });
    const own = readFileSync(join(runner.home, 'definitions/autonomous-e2e.json'), 'utf8');
    const before = treeOf(FIXTURE);
    const result = await importIn(runner, FIXTURE);
    expect(imported(result)).toEqual(ALL);
    expect(result.moved).toEqual([]);
    expect(result.definitions[0]).toMatchObject({ action: 'copied' });
    expect(result.definitions.at(-1)).toMatchObject({ name: 'autonomous-e2e.json', action: 'kept' });
    expect(readFileSync(join(runner.home, 'definitions/autonomous-e2e.json'), 'utf8')).toBe(own);
    expect(treeOf(FIXTURE)).toEqual(before);
    await expectSound(runner);
  });

  test('a dry run says the same and changes nothing', async () => {
    const runner = legacyHome();
    const before = treeOf(runner.home);
    const said = await importIn(runner, runner.home, '--dry-run');
    expect(treeOf(runner.home)).toEqual(before);
    const { contradictions, skipped, counts, moved } = await importIn(runner);
    expect({ contradictions, skipped, counts, moved }).toEqual({
      contradictions: said.contradictions,
      skipped: said.skipped,
      counts: said.counts,
      moved: said.moved,
    });
    const empty = wfRunner();
    await importIn(empty, FIXTURE, '--dry-run');
    expect(existsSync(empty.home)).toBe(false);
  });

  test('contradictions are resolved by a rule that is said, damage is named, a moved home is explained', async () => {
    const runner = legacyHome();
    const state = join(runner.home, 'state');
    truncateSync(join(state, `runs/${OPS}.json`), 900);
    writeFileSync(join(state, 'runs/empty.json'), '');
    mkdirSync(join(state, 'runs/folder.json'));
    rmSync(join(runner.home, 'definitions/.backups'), { recursive: true });
    const torn = join(runner.home, 'feedback/entries.jsonl');
    writeFileSync(torn, `${readFileSync(torn, 'utf8')}{"ts":"2026-11-23T00:18:2`);
    const running = JSON.parse(readFileSync(join(state, `runs/${FAILED}.json`), 'utf8')) as object;
    writeFileSync(join(state, `runs/${FAILED}.json`), JSON.stringify({ ...running, status: 'running' }));
    const result = await importIn(runner);
    expect(imported(result)).toEqual({ ...ALL, runs: 5, keys: 5, improvements: 0, notes: 2 });
    expect(result.skipped).toEqual([
      { file: 'state/runs/folder.json', reason: 'the script engine has no such file' },
      { file: `state/runs/${OPS}.json`, reason: 'it is not JSON, or was cut off' },
      { file: 'state/runs/empty.json', reason: 'it is empty' },
      { file: 'feedback/entries.jsonl', line: 3, reason: 'it is not JSON, or was cut off' },
    ]);
    const said = result.contradictions.map(({ runId, what, rule }) => `${runId}: ${what}; ${rule}`);
    expect(said).toContain(
      `${FORCED}: the log says running, the record says completed; the record is believed`,
    );
    expect(said.find((line) => line.startsWith(FAILED))).toContain('imported as failed (legacy-interrupted)');
    expect(said.find((line) => line.startsWith(OPS))).toContain('the key is free');
    expect(result.hints[0]).toContain('/srv/openclaw/workflows');
    expect(record(runner, FAILED)).toMatchObject({ status: 'failed', error: { code: 'legacy-interrupted' } });
    await expectSound(runner);
  });

  test('secrets of the old engine are not taken along', async () => {
    const runner = legacyHome();
    const secret = `ghp_${'A1b2C3d4E5'.repeat(4)}`;
    const file = join(runner.home, `state/runs/${OPS}.json`);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('fix the cron error', `use ${secret} now`));
    await importIn(runner);
    const log = readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8');
    expect(log).not.toContain(secret);
    expect(JSON.stringify(record(runner, OPS))).not.toContain(secret);
    expect(readFileSync(join(runner.home, `legacy/state/runs/${OPS}.json`), 'utf8')).toContain(secret);
    await expectSound(runner);
  });

  test('a home with 600 runs, and one with a used key of its own', async () => {
    const runner = wfRunner();
    const old = runner.path('old');
    mkdirSync(join(old, 'state/runs'), { recursive: true });
    const template = readFileSync(join(FIXTURE, `state/runs/${OPS}.json`), 'utf8');
    const pairs: [string, string][] = [];
    for (let n = 0; n < 600; n++) {
      const runId = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const input = `task number ${n}`;
      const key = createHash('sha256').update(`autonomous-e2e:${input}`).digest('hex');
      pairs.push([key, runId]);
      const text = JSON.stringify({ ...JSON.parse(template), runId, idempotencyKey: key, input });
      writeFileSync(join(old, `state/runs/${runId}.json`), text);
    }
    writeFileSync(join(old, 'state/index.json'), JSON.stringify({ idempotency: Object.fromEntries(pairs) }));
    const own = await runner.json(['run', 'autonomous-e2e', '--input', 'task number 7']);
    const result = await importIn(runner, old);
    expect(result.counts).toMatchObject({ runs: { imported: 600 }, keys: { imported: 599 } });
    const reused = await runner.json(['run', 'autonomous-e2e', '--input', 'task number 599']);
    expect(reused).toMatchObject({ answer: 'reused', run: { runId: pairs[599]?.[1] } });
    const mine = await runner.json(['run', 'autonomous-e2e', '--input', 'task number 7']);
    expect(mine).toMatchObject({ answer: 'reused', run: { runId: own.run.runId } });
    await expectSound(runner);
  });

  test('refuses what is no such home, and a target that is one', async () => {
    const runner = wfRunner();
    await runner.json(['run', 'autonomous-e2e', '--input', 'x']);
    const other = wfRunner();
    expect(await other.json(['import-legacy', runner.home])).toMatchObject({
      code: 2,
      error: { code: 'legacy-not' },
    });
    expect(await runner.json(['import-legacy', runner.home])).toMatchObject({
      code: 3,
      error: { code: 'legacy-none' },
    });
    const legacy = legacyHome();
    const before = treeOf(legacy.home);
    expect(await legacy.json(['import-legacy', FIXTURE])).toMatchObject({
      code: 2,
      error: { code: 'legacy-home' },
    });
    expect(treeOf(legacy.home)).toEqual(before);
  });
});
