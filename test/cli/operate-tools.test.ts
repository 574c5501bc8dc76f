/** Looking after a home: definitions, tools, projections and the log itself. */
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const BLOG = 'write a blog on BIM Automation in Autodesk';
const main = (runner: WfRunner) => runner.json(['run', 'autonomous-e2e', '--input', BLOG]);
const value = async <T>(runner: WfRunner, ...args: string[]): Promise<T> =>
  JSON.parse((await runner.wf([...args, '--json'])).stdout) as T;

describe('definitions', () => {
  test('validate names file, line, column and what was meant; exit 2', async () => {
    const runner = wfRunner();
    writeFileSync(
      runner.path('draft.json'),
      '{\n  // a comment\n  "$schema": "x",\n  "id": "draft",\n  "execute": { "comand": "/bin/true" }\n}\n',
    );
    const { code, stdout } = await runner.wf(['definitions', 'validate', 'draft.json']);
    expect(code).toBe(2);
    expect(stdout).toContain('~/draft.json:5:');
    expect(stdout).toContain('Did you mean "command"?');
    expect(existsSync(runner.home)).toBe(false);
  });

  test('validate of broken JSON says where it breaks', async () => {
    const runner = wfRunner();
    writeFileSync(runner.path('broken.json'), '{\n  "id": "broken",\n  "execute": {\n');
    const { code, stdout } = await runner.wf(['definitions', 'validate', runner.path('broken.json')]);
    expect(code).toBe(2);
    expect(stdout).toContain('~/broken.json:4:1');
  });

  test('validate of all finds the one that is broken, two of one name, and a name that is not the id', async () => {
    const runner = wfRunner();
    runner.define({ id: 'good', execute: { command: '/bin/true' } });
    runner.define({ id: 'twin', execute: { command: '/bin/true' } });
    const definitions = join(runner.home, 'definitions');
    writeFileSync(join(definitions, 'TWIN.json'), '{"id":"TWIN","execute":{"command":"/bin/true"}}');
    writeFileSync(join(definitions, 'alias.json'), '{"id":"good","execute":{"command":"/bin/true"}}');
    type Checked = { ok: boolean; files: { id: string; ok: boolean; findings: { code: string }[] }[] };
    const { ok, files } = await value<Checked>(runner, 'definitions', 'validate');
    expect(ok).toBe(false);
    const byId = Object.fromEntries(files.map((file) => [file.id, file.findings.map(({ code }) => code)]));
    expect(byId).toEqual({
      TWIN: ['workflow-ambiguous'],
      alias: ['id-mismatch'],
      'autonomous-e2e': [],
      good: [],
      twin: ['workflow-ambiguous'],
    });
  });

  test('a file of the home stands before the one of the package, and is listed so', async () => {
    const runner = wfRunner();
    runner.define({ id: 'autonomous-e2e', description: 'mine', execute: { command: '/bin/true' } });
    const { items } = await value<{ items: object[] }>(runner, 'definitions', 'list');
    expect(items).toEqual([
      expect.objectContaining({ id: 'autonomous-e2e', source: 'home', overrides: true, description: 'mine' }),
    ]);
  });

  test('show prints the file and how the engine reads it', async () => {
    const runner = wfRunner();
    runner.define({ id: 'tiny', execute: { command: '/bin/true', timeout: '3s' } });
    const { stdout } = await runner.wf(['definitions', 'show', 'tiny']);
    expect(stdout).toContain('"timeout": "3s"');
    expect(stdout).toContain('"timeoutMs": 3000');
  });

  test('schema without --json is the schema itself, ready for a file', async () => {
    const { stdout } = await wfRunner().wf(['definitions', 'schema']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', required: ['id'] });
  });
});

describe('tools', () => {
  const define = (runner: WfRunner, args: readonly string[]): void =>
    runner.define({
      id: 'tooled',
      autoConfigure: {
        enabled: true,
        allowlist: ['counter'],
        toolCommands: { counter: { command: '/bin/sh', args: ['-c', 'echo x >> "$HOME/tools"', ...args] } },
      },
      execute: { command: '/bin/true' },
    });

  test('bootstrap does once what runs then find done; reset makes the next run do it again', async () => {
    const runner = wfRunner();
    define(runner, []);
    expect((await runner.wf(['tools', 'bootstrap', 'tooled'])).stdout).toContain('✓ made ready');
    expect((await runner.wf(['tools', 'bootstrap', 'tooled'])).stdout).toContain('✓ was ready');
    await runner.json(['run', 'tooled', '--input', 'one']);
    expect(runner.lines('tools')).toEqual(['x']);
    expect(existsSync(join(runner.home, 'state/tools/counter.ok'))).toBe(true);
    expect((await runner.wf(['tools', 'list'])).stdout).toMatch(/✓ {2}counter\s+tooled\s+ready since/);

    expect((await runner.wf(['tools', 'reset', 'counter'])).code).toBe(0);
    expect(existsSync(join(runner.home, 'state/tools/counter.ok'))).toBe(false);
    expect((await runner.wf(['tools', 'reset', 'counter'])).stdout).toContain('nothing to forget');
    expect(runner.types().filter((type) => type === 'ToolReset')).toHaveLength(1);
    await runner.json(['run', 'tooled', '--input', 'two']);
    expect(runner.lines('tools')).toEqual(['x', 'x']);
  });

  test('another command under the same name is not ready just because the old one was', async () => {
    const runner = wfRunner();
    define(runner, []);
    await runner.wf(['tools', 'bootstrap', 'tooled']);
    define(runner, ['changed']);
    const { items } = await value<{ items: { tool: string; ready: boolean }[] }>(
      runner,
      'tools',
      'list',
      '--workflow',
      'tooled',
    );
    expect(items).toEqual([expect.objectContaining({ tool: 'counter', ready: false })]);
  });

  test('a tool that fails is exit 5 with its reason, and what it printed may be long', async () => {
    const runner = wfRunner();
    const script =
      'i=0; while [ $i -lt 6000 ]; do echo "0123456789 0123456789 0123456789 0123456789 0123456789"; i=$((i+1)); done; echo "no licence" >&2; exit 9';
    runner.define({
      id: 'tooled',
      autoConfigure: {
        enabled: true,
        allowlist: ['loud'],
        toolCommands: { loud: { command: '/bin/sh', args: ['-c', script] } },
      },
      execute: { command: '/bin/true' },
    });
    const { code, stdout } = await runner.wf(['tools', 'bootstrap', 'tooled']);
    expect(code).toBe(5);
    expect(stdout).toContain('no licence');
    expect((await runner.wf(['tools', 'list'])).stdout).toContain(
      'last error: /bin/sh exited with 9: no licence',
    );
  });
});

describe('projections', () => {
  test('--check says which file differs and from where; a rebuild makes the same bytes again', async () => {
    const runner = wfRunner();
    const { run } = await main(runner);
    const summary = join(runner.home, `outbox/${run.runId}.md`);
    const before = readFileSync(summary, 'utf8');
    expect((await runner.wf(['rebuild-projections', '--check'])).code).toBe(0);
    writeFileSync(summary, before.replace('Route', 'Rout3'));
    rmSync(join(runner.home, `tasks/T-${run.runId}.md`));
    const checked = await runner.wf(['rebuild-projections', '--check']);
    expect(checked.code).toBe(1);
    const { line, byte } = {
      line: before.slice(0, before.indexOf('Route')).split('\n').length,
      byte: before.indexOf('Route') + 4,
    };
    expect(checked.stdout).toContain(`different  outbox/${run.runId}.md from byte ${byte}, line ${line}`);
    expect(checked.stdout).toContain(`missing    tasks/T-${run.runId}.md`);
    // Piped: how far it has come is nobody's question.
    expect(checked.stderr).toBe('');
    expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
    expect(readFileSync(summary, 'utf8')).toBe(before);
    expect((await runner.wf(['rebuild-projections', '--check'])).code).toBe(0);
  });
});

describe('log verify', () => {
  test('prints the head hash of the last line', async () => {
    const runner = wfRunner();
    await main(runner);
    const lines = readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8').trimEnd().split('\n');
    const { hash } = JSON.parse(lines.at(-1) ?? '') as { hash: string };
    const { code, stdout } = await runner.wf(['log', 'verify']);
    expect(code).toBe(0);
    expect(stdout).toContain(`✓ ${lines.length} events`);
    expect(stdout).toContain(hash);
  });

  test('one changed letter is exit 65 with line, byte and reason, and nothing is touched', async () => {
    const runner = wfRunner();
    await main(runner);
    const log = join(runner.home, 'logs/events.jsonl');
    const text = readFileSync(log, 'utf8');
    const changed = text.replace('BIM Automation', 'BIM automation');
    writeFileSync(log, changed);
    const line = text.slice(0, text.indexOf('BIM Automation')).split('\n').length;
    const { code, stdout } = await runner.wf(['log', 'verify']);
    expect(code).toBe(65);
    expect(stdout).toContain(`✗ line ${line}, byte `);
    expect(stdout).toContain('its data does not match dataHash');
    expect(readFileSync(log, 'utf8')).toBe(changed);
  });

  test('an unfinished line at the end is harmless', async () => {
    const runner = wfRunner();
    await main(runner);
    appendFileSync(join(runner.home, 'logs/events.jsonl'), '{"seq":99,"id":"0');
    const { code, stdout } = await runner.wf(['log', 'verify']);
    expect(code).toBe(0);
    expect(stdout).toContain('17 bytes of an unfinished write at the end');
  });

  test("the script engine's home is not called corrupt, and is left as it was", async () => {
    const runner = wfRunner();
    cpSync(join(import.meta.dirname, '../fixtures/legacy-home'), runner.home, { recursive: true });
    const before = treeOf(runner.home);
    for (const args of [['log', 'verify'], [], ['runs'], ['rebuild-projections'], ['doctor', '--fix']]) {
      const { code, stdout, stderr } = await runner.wf(args);
      expect({ args, code }).toEqual({ args, code: args[0] === 'doctor' ? 1 : 2 });
      expect(stdout + stderr).toContain('belongs to the script engine');
      expect(stdout + stderr).toContain('WF_HOME');
    }
    expect(treeOf(runner.home)).toEqual(before);
  });
});
