/** The projector on a real home: what a user sees after deleting, damaging or crashing things. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FOLDED_TABLES } from '../../src/home/index-schema.ts';
import { checkProjections } from '../../src/home/projection-check.ts';
import {
  ENDINGS,
  type Ending,
  interleave,
  runCommits,
  runIdOfPlan,
  toolCommits,
  workflowCommits,
} from '../support/projection-histories.ts';
import {
  filesOf,
  modeOf,
  openTestHome,
  removeHome,
  rowsOf,
  type TestHome,
  tempHome,
} from '../support/projection-home.ts';

const child = join(import.meta.dirname, '../support/projection-child.ts');
const start = promisify(execFile);

/** The file as an earlier or later program made it: the same tables or not, it says another number. */
function withVersion(file: string, version: number): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA user_version = ${version}`);
  db.close();
}

let home: string;
let at: TestHome;
beforeEach(() => {
  home = tempHome();
  at = openTestHome(home);
});
afterEach(async () => {
  await at.close();
  removeHome(home);
});

const plan = (n: number, ending: Ending, summaryFile = 'outbox/{id}.md') => ({
  n,
  workflow: 'alpha',
  key: `k${n}`,
  forced: false,
  ending,
  input: `task ${n}`,
  output: `output ${n}`,
  summaryFile: summaryFile.replace('{id}', runIdOfPlan(n)),
});

const everything = () =>
  interleave(
    [
      ...ENDINGS.map((ending, n) => runCommits(plan(n, ending))),
      toolCommits({ tool: 'dir', hosts: ['h1'], acts: ['ok', 'fail'] }),
      workflowCommits({ workflow: 'alpha', scores: [4], fate: 'applied' }),
    ],
    [3, 1, 2],
  );

const reopen = async (options: Parameters<typeof openTestHome>[1] = {}): Promise<void> => {
  await at.close();
  at = openTestHome(home, options);
};

describe('deleting projections loses nothing', () => {
  test('index.json alone comes back at the next command', async () => {
    await at.append(everything());
    await at.projector.project();
    const before = filesOf(home);
    rmSync(at.paths.indexJson);
    await at.projector.project();
    expect(filesOf(home)).toEqual(before);
    expect(at.notices).toEqual([]);
  });

  test('index.db comes back with the same rows, and the user is told', async () => {
    await at.append(everything());
    await at.projector.project();
    const rows = rowsOf(at.index, FOLDED_TABLES);
    const files = filesOf(home);
    await at.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(at.paths.indexDb + suffix, { force: true });
    at = openTestHome(home);
    await at.projector.project();
    expect(rowsOf(at.index, FOLDED_TABLES)).toEqual(rows);
    expect(filesOf(home)).toEqual(files);
    expect(at.notices).toEqual([expect.stringContaining('the index was missing')]);
  });

  test.each([
    ['was made by another version', (file: string) => withVersion(file, 3)],
    ['was damaged', (file: string) => writeFileSync(file, 'no database at all '.repeat(500))],
  ])('and told what was wrong with one that %s', async (how, spoil) => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    await at.close();
    for (const suffix of ['-wal', '-shm']) rmSync(at.paths.indexDb + suffix, { force: true });
    spoil(at.paths.indexDb);
    at = openTestHome(home);
    await at.projector.project();
    expect(filesOf(home)).toEqual(files);
    expect(at.notices).toEqual([expect.stringContaining(`the index ${how}`)]);
  });

  test('index.db deleted under a running process does not leave it writing into nowhere', async () => {
    await at.append(runCommits(plan(0, 'completed')));
    await at.projector.project();
    for (const suffix of ['', '-wal', '-shm']) rmSync(at.paths.indexDb + suffix, { force: true });
    await at.append(runCommits(plan(1, 'completed')));
    await at.projector.project();
    expect(at.index.get<{ n: number }>('SELECT count(*) AS n FROM runs')?.n).toBe(2);
    expect(existsSync(at.paths.indexDb)).toBe(true);
    expect(await checkProjections(at.deps)).toEqual([]);
  });

  test('the whole state folder, outbox and tasks', async () => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    await at.close();
    for (const dir of ['state', 'outbox', 'tasks']) rmSync(join(home, dir), { recursive: true });
    at = openTestHome(home);
    await at.projector.project();
    expect(filesOf(home)).toEqual(files);
  });

  test('a corrupt index.db is made anew', async () => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    await at.close();
    for (const suffix of ['-wal', '-shm']) rmSync(at.paths.indexDb + suffix, { force: true });
    writeFileSync(at.paths.indexDb, 'this is not a database, and it is longer than a header '.repeat(40));
    at = openTestHome(home);
    await at.projector.project();
    expect(filesOf(home)).toEqual(files);
    expect(await checkProjections(at.deps)).toEqual([]);
  });

  test('an index whose pages are damaged in the middle is made anew', async () => {
    await at.append(everything());
    await at.projector.project();
    at.index.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await at.close();
    const bytes = readFileSync(at.paths.indexDb);
    bytes.fill(0xaa, 4096 * 2);
    writeFileSync(at.paths.indexDb, bytes);
    at = openTestHome(home);
    await at.projector.project();
    expect(await checkProjections(at.deps)).toEqual([]);
  });

  test('an index of another log is not believed', async () => {
    await at.append(everything());
    await at.projector.project();
    const checkpoint = JSON.parse(at.index.meta('checkpoint') ?? '{}') as object;
    at.index.setMeta('checkpoint', JSON.stringify({ ...checkpoint, hash: 'f'.repeat(64) }));
    await reopen();
    await at.projector.project();
    expect(at.notices).toEqual([expect.stringContaining('another log')]);
    expect(await checkProjections(at.deps)).toEqual([]);
  });
});

describe('a rebuild', () => {
  test('moves files that the log did not write aside and says so, twice the same name included', async () => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    for (const path of ['outbox/mine.txt', 'state/runs/notes.md', 'tasks/x.md', 'state/tools/other.ok']) {
      writeFileSync(join(home, path), `mine: ${path}`);
    }
    mkdirSync(join(home, 'outbox/folder'));
    writeFileSync(join(home, 'outbox/folder/deep.txt'), 'deep');
    const result = await at.projector.rebuild();
    expect(result.foreign.map((moved) => moved.from).sort()).toEqual([
      'outbox/folder',
      'outbox/mine.txt',
      'state/runs/notes.md',
      'state/tools/other.ok',
      'tasks/x.md',
    ]);
    expect(at.notices).toHaveLength(5);
    writeFileSync(join(home, 'outbox/mine.txt'), 'second');
    await at.projector.rebuild();
    expect(filesOf(home)).toEqual({
      ...files,
      'state/foreign/outbox/mine.txt': 'mine: outbox/mine.txt',
      'state/foreign/outbox/mine.txt.2': 'second',
      'state/foreign/outbox/folder/deep.txt': 'deep',
      'state/foreign/runs/notes.md': 'mine: state/runs/notes.md',
      'state/foreign/tasks/x.md': 'mine: tasks/x.md',
      'state/foreign/tools/other.ok': 'mine: state/tools/other.ok',
    });
  });

  test('keeps an outbox that is a link to another folder a link', async () => {
    const elsewhere = tempHome();
    symlinkSync(elsewhere, at.paths.outbox);
    await at.append(runCommits(plan(0, 'completed')));
    await at.projector.project();
    writeFileSync(join(elsewhere, `${runIdOfPlan(0)}.md`), 'changed');
    await at.projector.rebuild();
    expect(readdirSync(elsewhere)).toEqual([`${runIdOfPlan(0)}.md`]);
    expect(readFileSync(join(at.paths.outbox, `${runIdOfPlan(0)}.md`), 'utf8')).toContain('output 0');
    removeHome(elsewhere);
  });

  test('empties an index that is damaged all over, instead of failing on it', async () => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    at.index.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await at.close();
    const bytes = readFileSync(at.paths.indexDb);
    // The header and the first page of the schema are whole, and nothing behind them.
    bytes.fill(0xaa, 4096);
    writeFileSync(at.paths.indexDb, bytes);
    at = openTestHome(home);
    await at.projector.rebuild();
    expect(filesOf(home)).toEqual(files);
    expect(await checkProjections(at.deps)).toEqual([]);
  });
});

describe('the check', () => {
  test('names a changed, a missing and an unexpected file, and changes none of them', async () => {
    await at.append(everything());
    await at.projector.project();
    const record = join(at.paths.runs, `${runIdOfPlan(1)}.json`);
    const lines = readFileSync(record, 'utf8').split('\n');
    lines[2] = lines[2]?.replace('alpha', 'omega') ?? '';
    writeFileSync(record, lines.join('\n'));
    rmSync(join(at.paths.outbox, `${runIdOfPlan(1)}.md`));
    writeFileSync(join(at.paths.tasks, 'x.md'), 'mine');
    at.index.run("UPDATE runs SET status = 'failed' WHERE firstSeq = (SELECT min(firstSeq) FROM runs)");
    const before = filesOf(home);
    const problems = await checkProjections(at.deps);
    expect(problems).toContainEqual({
      path: `state/runs/${runIdOfPlan(1)}.json`,
      problem: 'different',
      at: { byte: expect.any(Number), line: 3 },
    });
    expect(problems).toContainEqual({ path: `outbox/${runIdOfPlan(1)}.md`, problem: 'missing' });
    expect(problems).toContainEqual({ path: 'tasks/x.md', problem: 'unexpected' });
    expect(problems.filter((p) => p.path.startsWith('state/index.db#runs/'))).toHaveLength(1);
    expect(problems).toHaveLength(4);
    expect(filesOf(home)).toEqual(before);
  });
});

describe('several processes and reboots', () => {
  test('two projectors at once end in what one would have made', async () => {
    await at.close();
    await Promise.all([
      start(process.execPath, [child, 'project', home, '0', '12']),
      start(process.execPath, [child, 'project', home, '50', '62']),
      start(process.execPath, [child, 'project', home, '90', '102']),
    ]);
    at = openTestHome(home);
    expect(await checkProjections(at.deps)).toEqual([]);
    expect(at.index.get<{ n: number }>('SELECT count(*) AS n FROM runs')?.n).toBe(36);
    expect(readdirSync(at.paths.runs)).toHaveLength(36);
  }, 60_000);

  test('files that a power cut left empty are written again after the reboot', async () => {
    await at.append(everything());
    await at.projector.project();
    const files = filesOf(home);
    for (const path of Object.keys(files)) writeFileSync(join(home, path), '');
    await reopen({ bootId: 'boot-2' });
    await at.projector.project();
    expect(filesOf(home)).toEqual(files);
    await at.projector.project();
    expect(at.notices).toEqual([]);
  });
});

describe('files', () => {
  test('nobody else can read what is projected', async () => {
    await at.append(everything());
    await at.projector.project();
    expect(modeOf(home)).toBe(0o700);
    for (const dir of ['state', 'state/runs', 'state/tools', 'outbox', 'tasks'])
      expect(modeOf(join(home, dir))).toBe(0o700);
    for (const path of Object.keys(filesOf(home))) expect(modeOf(join(home, path))).toBe(0o600);
    for (const suffix of ['', '-wal', '-shm']) expect(modeOf(at.paths.indexDb + suffix)).toBe(0o600);
  });

  test('a copy of the summary goes to artifacts or an allowed root, and nowhere else', async () => {
    const root = tempHome();
    await reopen({ allowedRoots: [root] });
    await at.append(runCommits(plan(0, 'completed', 'artifacts/{id}/copy.md')));
    await at.append(runCommits(plan(1, 'completed', `${root}/deep/{id}.md`)));
    await at.append(runCommits(plan(2, 'completed', '../{id}.md')));
    await at.append(runCommits(plan(3, 'completed', 'logs/{id}.md')));
    await at.projector.project();
    const summary = (n: number): string =>
      readFileSync(join(at.paths.outbox, `${runIdOfPlan(n)}.md`), 'utf8');
    expect(readFileSync(join(home, 'artifacts', runIdOfPlan(0), 'copy.md'), 'utf8')).toBe(summary(0));
    expect(readFileSync(join(root, 'deep', `${runIdOfPlan(1)}.md`), 'utf8')).toBe(summary(1));
    expect(existsSync(join(home, '..', `${runIdOfPlan(2)}.md`))).toBe(false);
    expect(existsSync(join(home, 'logs', `${runIdOfPlan(3)}.md`))).toBe(false);
    expect(at.notices).toHaveLength(2);
    rmSync(join(root, 'deep', `${runIdOfPlan(1)}.md`));
    expect(await checkProjections(at.deps)).toEqual([
      { path: join(root, 'deep', `${runIdOfPlan(1)}.md`), problem: 'missing' },
    ]);
    removeHome(root);
  });

  test('a copy does not follow a link out of the allowed folders', async () => {
    const outside = tempHome();
    mkdirSync(at.paths.artifacts);
    symlinkSync(outside, join(at.paths.artifacts, 'link'));
    await at.append(runCommits(plan(0, 'completed', 'artifacts/link/{id}.md')));
    await at.projector.project();
    expect(readdirSync(outside)).toEqual([]);
    removeHome(outside);
  });

  test('the brief of a withdrawn or cancelled task is gone, that of a reported one stays', async () => {
    const endings: Ending[] = ['handed_off', 'reported', 'withdrawn', 'cancelled', 'report-error'];
    for (const [n, ending] of endings.entries()) await at.append(runCommits(plan(n, ending)));
    await at.projector.project();
    expect(readdirSync(at.paths.tasks).sort()).toEqual([0, 1, 4].map((n) => `T-${runIdOfPlan(n)}.md`));
  });

  test('a folder in the way is a clear error, and the log is untouched', async () => {
    await at.append(runCommits(plan(0, 'completed')));
    mkdirSync(join(at.paths.runs, `${runIdOfPlan(0)}.json`), { recursive: true });
    await expect(at.projector.rebuild()).resolves.toMatchObject({
      foreign: [{ from: `state/runs/${runIdOfPlan(0)}.json` }],
    });
    const record = join(at.paths.runs, `${runIdOfPlan(0)}.json`);
    rmSync(record);
    mkdirSync(record);
    await at.append(runCommits(plan(1, 'completed')).slice(0, 1));
    await at.append([
      { stream: `run/${runIdOfPlan(0)}`, events: [{ type: 'RunCancelled', data: { by: 'me' } }] },
    ]);
    await expect(at.projector.project()).rejects.toMatchObject({
      code: 'projection-write',
      exitCode: 74,
      where: record,
    });
    rmSync(record, { recursive: true });
    await at.projector.project();
    expect(await checkProjections(at.deps)).toEqual([]);
  });

  test('an outbox that cannot be written is an I/O error with a hint', async () => {
    // A file in its place fails for everybody, root included.
    writeFileSync(at.paths.outbox, 'in the way');
    await at.append(runCommits(plan(0, 'completed')));
    await expect(at.projector.project()).rejects.toMatchObject({ exitCode: 74, hint: expect.any(String) });
    rmSync(at.paths.outbox);
    await at.projector.project();
    expect(await checkProjections(at.deps)).toEqual([]);
  });

  test('a long value is spliced in from its blob, and a missing blob harms only its run', async () => {
    const long = `${'x'.repeat(40_000)} end`;
    const blob = await (at.deps.blobs as unknown as { put(bytes: Uint8Array): Promise<string> }).put(
      Buffer.from(long),
    );
    const withBlob = (n: number, hash: string) =>
      runCommits(plan(n, 'completed')).map((commit) => ({
        ...commit,
        events: commit.events.map((event) =>
          event.type === 'RunStarted'
            ? { ...event, data: { ...event.data, input: { blob: hash, bytes: long.length, preview: 'xxx' } } }
            : event,
        ),
      }));
    await at.append(withBlob(0, blob));
    await at.append(withBlob(1, '0'.repeat(64)));
    await at.append(runCommits(plan(2, 'completed')));
    await at.projector.project();
    const input = (n: number): string =>
      (JSON.parse(readFileSync(join(at.paths.runs, `${runIdOfPlan(n)}.json`), 'utf8')) as { input: string })
        .input;
    expect(input(0)).toBe(long);
    expect(input(1)).toContain('the rest is missing');
    expect(input(2)).toBe('task 2');
  });

  test('a project without news writes nothing', async () => {
    await at.append(everything());
    await at.projector.project();
    const record = join(at.paths.runs, `${runIdOfPlan(1)}.json`);
    writeFileSync(record, 'changed by hand');
    await at.projector.project();
    expect(readFileSync(record, 'utf8')).toBe('changed by hand');
  });

  describe('asked for only if it is quick', () => {
    test('a few events are folded as ever', async () => {
      await at.append(everything());
      const few = await at.store.head();
      expect(await at.projector.project({ ifQuick: true })).toEqual({ upTo: few?.seq });
      expect(existsSync(join(at.paths.runs, `${runIdOfPlan(1)}.json`))).toBe(true);
    });

    test('many are left to the next call, which nobody is waiting beside', async () => {
      for (let n = 1; n <= 60; n++) await at.append(runCommits(plan(n, 'completed')));
      expect((await at.store.head())?.seq).toBeGreaterThan(500);
      expect(await at.projector.project({ ifQuick: true })).toEqual({ upTo: 0 });
      expect(filesOf(home)).toEqual({});
      const { upTo } = await at.projector.project();
      expect(upTo).toBe((await at.store.head())?.seq);
    });

    test('a rebuild is left to it too, and is not announced', async () => {
      await at.append(everything());
      await at.projector.project();
      const files = filesOf(home);
      await at.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(at.paths.indexDb + suffix, { force: true });
      at = openTestHome(home);
      expect(await at.projector.project({ ifQuick: true })).toEqual({ upTo: 0 });
      expect(at.notices).toEqual([]);
      await at.projector.project();
      expect(at.notices).toEqual([expect.stringContaining('the index was missing')]);
      expect(filesOf(home)).toEqual(files);
    });
  });
});
