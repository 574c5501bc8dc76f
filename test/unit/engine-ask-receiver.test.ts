/** A doubt right after an act: whoever can be asked is asked before a person is. */
import { describe, expect, it } from 'vitest';
import { startRun } from '../../src/engine/start-run.ts';
import { DONE, IN_DOUBT, Simulation } from '../support/simulation.ts';

describe('an act whose end nobody saw, and a receiver that can be asked', () => {
  const definitions = { talk: { id: 'talk', execute: { command: '/bin/true', retry: { maxAttempts: 2 } } } };
  const ask = { workflowId: 'talk', input: 'x', force: false, detach: false };

  it('that has it: the run goes on, and nobody is bothered', async () => {
    const lookup = {
      found: 'performed',
      outcome: 'handed_off',
      receipt: { by: 'lookup', jobId: 'j' },
    } as const;
    const simulation = new Simulation({ definitions, results: [IN_DOUBT], lookup });
    const answer = await simulation.process((ports) => startRun(ports, ask));
    expect(answer).toMatchObject({ run: { status: 'handed_off' } });
    expect(simulation.acts).toHaveLength(1);
  });

  it('that does not have it: it is given it again', async () => {
    const simulation = new Simulation({
      definitions,
      results: [IN_DOUBT, DONE],
      lookup: { found: 'absent' },
    });
    const answer = await simulation.process((ports) => startRun(ports, ask));
    expect(answer).toMatchObject({ run: { status: 'completed' } });
    expect(simulation.acts.map(({ effect }) => effect.attempt)).toEqual([1, 2]);
  });

  it('that cannot tell: it waits for a person', async () => {
    const simulation = new Simulation({ definitions, results: [IN_DOUBT] });
    const answer = await simulation.process((ports) => startRun(ports, ask));
    expect(answer).toMatchObject({ run: { status: 'waiting', waiting: { for: 'unknown-effect' } } });
  });
});
