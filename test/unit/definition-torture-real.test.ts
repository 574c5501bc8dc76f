/** What is tortured is what runs: a scratch life records the very events that a real home records. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { ENGINE, live } from '../../src/engine/torture/life.ts';
import { WELL } from '../../src/engine/torture/scenario.ts';
import { ScratchHome } from '../../src/engine/torture/scratch-home.ts';

const never = new AbortController().signal;

it.each([
  ['two commands with a tool', { execute: { steps: [step('a'), step('b')] }, autoConfigure: tool() }],
  ['work that nobody here can do', {}],
])('%s', async (_what, more) => {
  const home = mkdtempSync(join(tmpdir(), 'wf-scratch-real-'));
  try {
    mkdirSync(join(home, 'definitions'));
    const file = join(home, 'definitions/mine.json');
    writeFileSync(file, JSON.stringify({ id: 'mine', ...more }));
    const { ports } = await openWorkflowHome({
      home,
      env: { PATH: process.env.PATH },
      packageDir: resolve(import.meta.dirname, '../..'),
      onNotice: () => undefined,
      interrupts: { stop: never, force: never },
    });
    const request = { workflowId: 'mine', input: 'look', force: false, detach: false };
    const { run } = await startRun(ports, request);
    const lines = readFileSync(join(home, 'logs/events.jsonl'), 'utf8').trim().split('\n');
    const real = lines.map((line) => (JSON.parse(line) as { type: string }).type);

    const scratch = new ScratchHome({
      loaded: await ports.definitions.load('mine'),
      home,
      connected: {},
      redact: ports.redact,
      sha256: ports.sha256,
      toolCommand: ports.world.toolCommand,
      declaresKey: true,
      scenario: WELL,
      crashes: [],
    });
    const { end } = await live(scratch, ENGINE, request, 'same-request', 'somebody');
    const places = scratch.points.places.map((place) => /^after (.+) was recorded$/.exec(place)?.[1]);
    const types = places.flatMap((names) => names?.split(', ') ?? []);
    // The scratch life goes on where the real one was handed over: somebody reports.
    expect(types.slice(0, real.length)).toEqual(real);
    expect([run.status, end]).toEqual([types.length > real.length ? 'handed_off' : 'completed', 'completed']);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

function step(id: string) {
  return { id, dispatcher: 'command', command: '/bin/true' };
}

function tool() {
  return { enabled: true, allowlist: ['t'], toolCommands: { t: { command: '/bin/true', required: true } } };
}
