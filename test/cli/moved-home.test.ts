/** A home that was moved: what runs and definitions name where it stood is found again, or told. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sh, wfRunner } from '../support/wf.ts';

type Finding = { id: string; severity: string; message: string; fix?: string };

test('show says where the home was and where the file is now; doctor names the definition that still points there', async () => {
  const runner = wfRunner();
  const script =
    'mkdir -p "$WF_ARTIFACTS"; echo x > "$WF_ARTIFACTS/post.md"; echo "wrote $WF_ARTIFACTS/post.md"';
  runner.define({ id: 'writes', execute: sh(`WF_ARTIFACTS="$WF_HOME/artifacts/$WF_RUN_ID"; ${script}`) });
  const { run } = await runner.json(['run', 'writes', '--input', 'x']);
  const was = `${runner.home}/artifacts/${run.runId}/post.md`;
  expect(existsSync(was)).toBe(true);
  const show = async (...home: string[]) => (await runner.wf([...home, 'show', run.runId])).stdout;
  expect(await show()).not.toContain('before');

  const moved = runner.path('elsewhere');
  renameSync(runner.home, moved);
  const home = ['--home', moved];
  const text = await show(...home);
  expect(text).toContain('this home was at ~/home before');
  expect(text).toContain(
    `~/home/artifacts/${run.runId}/post.md\n               is now ~/elsewhere/artifacts/${run.runId}/post.md`,
  );
  const doctor = async (): Promise<Finding | undefined> => {
    const { stdout } = await runner.wf([...home, 'doctor', '--json']);
    return (JSON.parse(stdout) as { findings: Finding[] }).findings.find(({ id }) => id === 'home-moved');
  };
  expect(await doctor()).toMatchObject({ severity: 'ok', message: expect.stringContaining(runner.home) });
  const file = `${moved}/definitions/writes.json`;
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('"id"', `"verify": {"requiredFiles": ["${runner.home}/x"]}, "id"`),
  );
  expect(await doctor()).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('definitions/writes.json still names files there'),
    fix: expect.stringContaining('{{home}}'),
  });
});
