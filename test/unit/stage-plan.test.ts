/** plan: the route's lines and the assumptions, as the brief will carry them. */
import { expect, test } from 'vitest';
import { outputOf } from '../../src/workflow/state.ts';
import { begin, RUN, runSpec } from '../support/run-spec.ts';

const raw = {
  defaults: { assumptions: ['Ask nobody.', 'Answer {{input.who}}.'] },
  plan: { content: ['Outline {{task}}.', 'Write to {{artifacts}}/post.md.'] },
};
const input = '{"task":"OPS: write a post about {{home}}","who":"Ada"}';

test('lines and assumptions are expanded once, and a user’s OPS: prefix is taken off', () => {
  const { given, past } = runSpec(raw, { input });
  expect(outputOf(given(past()).state, 'plan')).toEqual({
    route: 'content',
    steps: ['Outline write a post about {{home}}.', `Write to /home/wf/artifacts/${RUN}/post.md.`],
    assumptions: ['Ask nobody.', 'Answer Ada.'],
  });
});

test('what is dispatched carries both, or improvement would improve nothing', () => {
  const { given, past } = runSpec(raw, { input });
  const { state } = given(past(begin()));
  const preview = state.effects[0]?.preview;
  expect(preview).toContain('1. Outline write a post');
  expect(preview).toContain('- Answer Ada.');
  expect(preview).toContain('--nonce nonce1');
  expect(preview).toContain(`wf report T-${RUN} --status ok`);
});

test('a route without lines of its own has the general ones', () => {
  const { given, past } = runSpec({ classify: { routes: [], fallback: { name: 'odd', risk: 'low' } } });
  expect(outputOf(given(past()).state, 'plan')?.steps.length).toBeGreaterThan(0);
});
