/** `wf init` as somebody types it who begins: a template copied is one that the next commands take. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, treeOf, wfRunner } from '../support/wf.ts';

type Needs = { file: string; schemaFile: string; needs: { kind: string; name: string }[] };
const NAMES = ['autonomous-e2e', 'daily-brand', 'nightly-backup', 'research-digest'];

describe.each(NAMES)('the template %s', (name) => {
  const template = join(root, `definitions/templates/${name}.jsonc`);

  test('is copied where a run of it can begin', async () => {
    const runner = wfRunner();
    const made = await runner.wf(['init', name, '--id', `my-${name}`, '--json']);
    expect(made.code, made.stdout).toBe(0);
    const { file, schemaFile, needs } = JSON.parse(made.stdout) as Needs;
    expect(readFileSync(file, 'utf8')).toBe(
      readFileSync(template, 'utf8').replace(`"id": "${name}"`, `"id": "my-${name}"`),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(schemaFile, 'utf8')).toBe(
      readFileSync(join(root, 'definitions/workflow.schema.json'), 'utf8'),
    );
    expect((await runner.wf(['definitions', 'validate', `my-${name}`])).code).toBe(0);
    const dry = await runner.wf(['run', `my-${name}`, '--input', 'look at it', '--dry-run']);
    // What it says is missing in config.json is what a run says, too.
    if (needs.some(({ kind, name: what }) => kind === 'config' && what !== 'openclaw'))
      expect(dry.code).not.toBe(1);
    else expect(dry.code, dry.stderr).toBe(0);
    const again = await runner.wf(['init', name, '--id', `MY-${name}`]);
    expect(again.code).toBe(4);
  });
});

test('the list says what each is for, and makes nothing', async () => {
  const runner = wfRunner();
  const { code, stdout } = await runner.wf(['init']);
  expect(code).toBe(0);
  for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  expect(existsSync(runner.home)).toBe(false);
});

test('a home of the script engine is left alone', async () => {
  const runner = wfRunner();
  const legacy = join(root, 'test/fixtures/legacy-home');
  const before = treeOf(legacy);
  expect((await runner.wf(['--home', legacy, 'init', 'autonomous-e2e'])).code).toBe(2);
  expect(treeOf(legacy)).toEqual(before);
});
