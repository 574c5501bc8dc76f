/** Who is told of a stop finds its summary, also when a crash came between the record and the files. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import type { EnginePorts } from '../../src/engine/ports.ts';
import { startRun } from '../../src/engine/start-run.ts';

const packageDir = resolve(import.meta.dirname, '../..');
const never = new AbortController().signal;
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'wf-told-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

class Died extends Error {}

/** A process over real files; one that dies does it before its first projection. */
async function programOf(fate: 'dies' | 'lives'): Promise<EnginePorts> {
  const opened = await openWorkflowHome({
    home,
    env: {},
    packageDir,
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  const { projections } = opened.ports;
  const project = async (): Promise<void> => {
    if (fate === 'dies') throw new Died();
    await projections.project();
  };
  return { ...opened.ports, projections: { ...projections, project } };
}

const request = (input: string) => ({ workflowId: 'autonomous-e2e', input, force: false, detach: false });

describe('killed after a stop was recorded and before its files were written', () => {
  it.each([
    ['a hand-over', 'write a blog', 'handed_off'],
    ['a wait for approval', 'restart the server', 'waiting'],
  ])('%s: the same request names a summary that is there', async (_what, input, status) => {
    await expect(startRun(await programOf('dies'), request(input))).rejects.toThrow(Died);
    const { run } = await startRun(await programOf('lives'), request(input));
    expect(run.status).toBe(status);
    const summary = join(home, `outbox/${run.runId}.md`);
    expect(existsSync(summary)).toBe(true);
    expect(readFileSync(summary, 'utf8')).toContain(`- Status: ${status}`);
  });
});
