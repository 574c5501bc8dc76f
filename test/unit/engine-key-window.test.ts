/** `idempotency`: how long a finished run answers, and what makes two requests the same work. */
import { expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { RunRequest } from '../../src/engine/prepare-request.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { BROKEN, DONE, Simulation } from '../support/simulation.ts';

const execute = { command: '/bin/x' };
const HOUR_MS = 3_600_000;
const definitions = {
  daily: { id: 'daily', execute, idempotency: { window: '24h' } },
  once: { id: 'once', execute },
  branded: { id: 'branded', execute, idempotency: { key: '{{input.brand}} on {{date}}', window: '20h' } },
};

async function ask(simulation: Simulation, workflowId: string, input = 'backup'): Promise<string> {
  const request: RunRequest = { workflowId, input, force: false, detach: false };
  const answer = await simulation.process((ports) => startRun(ports, request));
  return answer instanceof Error ? answer.message : (answer as Answer).kind;
}

test('a run that finished answers for its window, counted from its start, and not for ever', async () => {
  const simulation = new Simulation({ definitions });
  expect(await ask(simulation, 'daily')).toBe('ended');
  simulation.sleep(23 * HOUR_MS);
  expect(await ask(simulation, 'daily')).toBe('reused');
  simulation.sleep(2 * HOUR_MS);
  expect(await ask(simulation, 'daily')).toBe('ended');
  expect(await ask(simulation, 'daily')).toBe('reused');
  expect(simulation.acts).toHaveLength(2);
});

test('without a window it answers for ever', async () => {
  const simulation = new Simulation({ definitions });
  await ask(simulation, 'once');
  simulation.sleep(10_000 * HOUR_MS);
  expect(await ask(simulation, 'once')).toBe('reused');
});

test('a failed run of the day answers nobody: the next request does the work', async () => {
  const simulation = new Simulation({ definitions, results: [BROKEN] });
  await ask(simulation, 'daily');
  simulation.willResult([DONE]);
  expect(await ask(simulation, 'daily')).toBe('ended');
});

test('the definition says what the same work is: one brand a day, whatever the words', async () => {
  const simulation = new Simulation({ definitions });
  expect(await ask(simulation, 'branded', '{"task":"post","brand":"acme"}')).toBe('ended');
  expect(await ask(simulation, 'branded', '{"task":"post","brand":"acme"}')).toBe('reused');
  expect(await ask(simulation, 'branded', '{"task":"post more","brand":"acme"}')).toMatch(
    /has another input/,
  );
  expect(await ask(simulation, 'branded', '{"task":"post","brand":"other"}')).toBe('ended');
  simulation.sleep(24 * HOUR_MS);
  expect(await ask(simulation, 'branded', '{"task":"post more","brand":"acme"}')).toBe('ended');
});
