/** A home that stays as small as its owner wants: old runs without files, and retention, in real processes. */
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
import { describe, expect, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { expectHealthy, sh, type WfRunner, wfRunner } from '../support/wf.ts';

const configure = (runner: WfRunner, config: object): void => {
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify(config));
};
const records = (runner: WfRunner): readonly string[] =>
  readdirSync(join(runner.home, 'state/runs'))
    .map((name) => name.replace('.json', ''))
    .sort();
const artifacts = (runner: WfRunner): readonly string[] => readdirSync(join(runner.home, 'artifacts')).sort();
const eventsOf = (runner: WfRunner, type: string): readonly string[] =>
  runner
    .log()
    .filter((event) => event.type === type)
    .map((event) => event.stream.slice('run/'.length));

/** A run of a workflow that leaves a file behind; answers its id. */
const make = async (runner: WfRunner, input: string, id = 'make'): Promise<string> =>
  (await runner.json(['run', id, '--input', input])).run.runId;
const defineMake = (runner: WfRunner, retention: object | undefined, script = 'echo made > file'): void =>
  runner.define({ id: 'make', execute: sh(script), retention });

describe('only the newest runs have files', () => {
  test('and of an older one everything can still be read', async () => {
    const runner = wfRunner();
    configure(runner, { keepRunFiles: 2 });
    defineMake(runner, undefined, 'echo "words of $WF_TASK"');
    const first = await make(runner, 'one');
    const path = { summary: `outbox/${first}.md`, record: `state/runs/${first}.json` };
    const before = {
      summary: readFileSync(join(runner.home, path.summary), 'utf8'),
      record: readFileSync(join(runner.home, path.record), 'utf8'),
    };
    const ids = [await make(runner, 'two'), await make(runner, 'three')];
    expect(records(runner)).toEqual(ids);
    for (const kind of ['summary', 'record'] as const) {
      expect(existsSync(join(runner.home, path[kind]))).toBe(false);
      expect((await runner.wf(['show', first, '--file', kind])).stdout).toBe(before[kind]);
    }
    const shown = (await runner.wf(['show', first])).stdout;
    expect(shown).toContain('not on disk: only the newest runs keep their files');
    expect(shown).toContain(`--file summary`);
    expect(shown).not.toContain(path.summary);
    const json = JSON.parse((await runner.wf(['show', first, '--json'])).stdout) as { files: object };
    expect(json.files).toMatchObject({ kept: false, expired: { artifacts: null, files: null } });
    const { items } = JSON.parse((await runner.wf(['runs', '--json'])).stdout) as { items: unknown[] };
    expect(items).toHaveLength(3);
    const again = await runner.wf(['run', 'make', '--input', 'one']);
    expect(again.stdout).toContain('already done');
    const looked = await runner.wf(['doctor']);
    expect(looked.code, looked.stdout).toBe(0);
    expect(again.stdout).toMatch(/summary {3}wf show \S+ --file summary {3}not on disk/);
    await expectHealthy(runner);
  });

  test('a task that waits keeps its brief, and the run that it ends in has its files however old it is', async () => {
    const runner = wfRunner();
    configure(runner, { keepRunFiles: 1 });
    runner.define({ id: 'queue', execute: { dispatcher: 'manual' } });
    defineMake(runner, undefined);
    const waiting = await make(runner, 'by hand', 'queue');
    for (const input of ['one', 'two']) await make(runner, input);
    expect(existsSync(join(runner.home, `tasks/T-${waiting}.md`))).toBe(true);
    expect(records(runner)).toHaveLength(2);
    const reported = await runner.wf(['report', waiting, '--text', 'finished']);
    expect(reported.code).toBe(0);
    const summary = join(runner.home, `outbox/${waiting}.md`);
    expect(reported.stdout).toContain(`outbox/${waiting}.md`);
    expect(readFileSync(summary, 'utf8')).toContain('finished');
    expect(records(runner)).toEqual([waiting]);
    await make(runner, 'three');
    expect(existsSync(join(runner.home, `tasks/T-${waiting}.md`))).toBe(false);
    expect((await runner.wf(['show', waiting, '--file', 'brief'])).stdout).toContain('by hand');
    await expectHealthy(runner);
  });

  test('a brief is printed to its last byte into a pipe, and made harmless on a terminal', async () => {
    const runner = wfRunner();
    runner.define({ id: 'queue', execute: { dispatcher: 'manual' } });
    const id = await make(runner, 'plain \u001b[31mred\u001b[0m \u202eturned', 'queue');
    const brief = readFileSync(join(runner.home, `tasks/T-${id}.md`), 'utf8');
    expect(brief).toContain('\u001b[31mred');
    const args = ['show', 'last', '--file', 'brief'];
    expect((await runner.wf(args)).stdout).toBe(brief);
    const seen = (await onTerminal(runner, args, '')).stdout;
    expect(seen).toContain('[31mred');
    expect(seen).toContain('\\u{202e}turned');
    for (const char of ['\u001b', '\u202e']) expect(seen).not.toContain(char);
  });

  test('another number takes effect with the next command, in both directions', async () => {
    const runner = wfRunner();
    defineMake(runner, undefined);
    const ids = [];
    for (const input of ['one', 'two', 'three']) ids.push(await make(runner, input));
    configure(runner, { keepRunFiles: 1 });
    await runner.wf(['runs']);
    expect(records(runner)).toEqual(ids.slice(2));
    configure(runner, { keepRunFiles: 3 });
    expect((await runner.wf(['runs'])).stderr).toBe('');
    expect(records(runner)).toEqual(ids);
    await expectHealthy(runner);
  });
});

describe('retention', () => {
  test('gives up what its definition names, says so, and nothing else of any run', async () => {
    const runner = wfRunner();
    runner.define({ id: 'plain', execute: sh('echo kept > file') });
    defineMake(runner, { artifacts: 1, runs: 2 });
    const plain = await make(runner, 'plain', 'plain');
    const ids = [];
    for (const input of ['one', 'two', 'three']) ids.push(await make(runner, input));
    const [first = '', second = '', third = ''] = ids;
    expect(artifacts(runner)).toEqual([plain, third]);
    expect(records(runner)).toEqual([plain, second, third]);
    expect(eventsOf(runner, 'ArtifactsExpired')).toEqual([first, second]);
    expect(eventsOf(runner, 'RunFilesExpired')).toEqual([first]);
    const shown = (await runner.wf(['show', first])).stdout;
    expect(shown).toMatch(/not on disk: given up .* as its definition asks \(retention 2\)/);
    expect(shown).toMatch(/artifacts {2}given up .* \(retention 1\)/);
    expect((await runner.wf(['show', first, '--file', 'summary'])).stdout).toContain(first);
    await expectHealthy(runner);
  });

  test('by age counts from the end of the run', async () => {
    const runner = wfRunner();
    defineMake(runner, { artifacts: '1h', runs: '400d' });
    const first = await make(runner, 'one');
    await make(runner, 'two');
    expect(artifacts(runner)).toHaveLength(2);
    defineMake(runner, { artifacts: '1ms' });
    await make(runner, 'three');
    expect(artifacts(runner)).not.toContain(first);
    expect(records(runner)).toHaveLength(3);
    await expectHealthy(runner);
  });

  test('never touches a run that is not over, and a failed one cannot go on without its files', async () => {
    const runner = wfRunner();
    runner.define({ id: 'make', execute: { dispatcher: 'manual' }, retention: { artifacts: 1 } });
    const queued = await make(runner, 'by hand');
    mkdirSync(join(runner.home, 'artifacts', queued), { recursive: true });
    defineMake(runner, { artifacts: 1 }, 'echo made > file; test "$WF_TASK" != fail');
    const failed = await make(runner, 'fail');
    const last = await make(runner, 'two');
    expect(artifacts(runner)).toEqual([queued, last]);
    const resumed = await runner.json(['resume', failed]);
    expect(resumed.code).toBe(4);
    expect(resumed.error).toMatchObject({ code: 'artifacts-expired' });
    const anew = await runner.json(['run', 'make', '--input', 'fail']);
    expect(anew.run.runId).not.toBe(failed);
    await expectHealthy(runner);
  });

  test('removes a link in the place of the folder, and links in it, never what they lead to', async () => {
    const runner = wfRunner();
    const outside = runner.path('outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'mine');
    defineMake(runner, { artifacts: 1 }, `ln -s "${outside}" link; mkdir -p deep; ln -s ../../.. deep/up`);
    const first = await make(runner, 'one');
    const second = await make(runner, 'two');
    rmSync(join(runner.home, 'artifacts', second), { recursive: true });
    symlinkSync(outside, join(runner.home, 'artifacts', second));
    const third = await make(runner, 'three');
    expect(artifacts(runner)).toEqual([third]);
    expect(eventsOf(runner, 'ArtifactsExpired')).toEqual([first, second]);
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('mine');
    expect(existsSync(join(runner.home, 'logs/events.jsonl'))).toBe(true);
  });

  test('killed between the record and the removal: the next end removes it, and records nothing twice', async () => {
    const runner = wfRunner();
    defineMake(runner, { artifacts: 1 });
    const first = await make(runner, 'one');
    const preload = runner.path('kill.cjs');
    writeFileSync(
      preload,
      `const fs = require('fs'); const real = fs.rmSync;
       fs.rmSync = (path, ...rest) => {
         if (String(path).includes('/artifacts/')) process.kill(process.pid, 'SIGKILL');
         return real(path, ...rest);
       };`,
    );
    const env = { NODE_OPTIONS: `--require ${preload}` };
    const killed = await runner.wf(['run', 'make', '--input', 'two'], { env });
    expect(killed.signal).toBe('SIGKILL');
    expect(eventsOf(runner, 'ArtifactsExpired')).toEqual([first]);
    expect(artifacts(runner)).toContain(first);
    const third = await make(runner, 'three');
    expect(artifacts(runner)).toEqual([third]);
    expect(eventsOf(runner, 'ArtifactsExpired')).toHaveLength(2);
    await expectHealthy(runner);
  });

  test('a definition that cannot be carried out is refused with the place', async () => {
    const runner = wfRunner();
    for (const retention of [{ artifacts: '0d' }, { runs: 0 }, { artifacts: 'a week' }]) {
      defineMake(runner, retention);
      const refused = await runner.json(['run', 'make', '--input', 'x']);
      expect(refused.code).toBe(2);
      expect(refused.error.message).toMatch(/retention\.(artifacts|runs)/);
      expect(refused.error.message).toContain('expected a duration such as "7d"');
    }
  });
});
