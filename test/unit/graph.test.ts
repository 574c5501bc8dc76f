/** The picture of a definition, and where a run is in it: a person is asked where the engine asks, and nowhere else. */
import { expect, test } from 'vitest';
import { graphText } from '../../src/commands/render/graph-text.ts';
import { graphOf } from '../../src/projections/graph/graph.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { RUN, runSpec } from '../support/run-spec.ts';

const raw = {
  id: 'nightly',
  classify: {
    routes: [{ name: 'ops', match: ['restart'], risk: 'high' }],
    fallback: { name: 'other', risk: 'low' },
  },
  autoConfigure: { enabled: true, allowlist: ['pdf'], toolCommands: { pdf: { command: '/bin/true' } } },
  execute: {
    steps: [
      { id: 'draft', dispatcher: 'command', command: '/bin/draft', args: ['a'] },
      { id: 'send', dispatcher: 'manual', onError: 'continue' },
    ],
  },
  approval: [
    { at: 'execute.send', by: ['kim'], onReject: 'skip' },
    { at: 'deliver', fourEyes: true },
  ],
  verify: {
    requiredFiles: ['{{artifacts}}/a.md'],
    files: [{ path: '{{artifacts}}/b.json', fresh: true, json: true }],
    outcome: { notEmpty: true, failOn: ['sorry'] },
  },
  deliver: { actions: [{ id: 'blog', dispatcher: 'command', command: '/bin/blog' }] },
};

test('a definition in plain characters', () => {
  expect(graphText(graphOf(normaliseDefinition(raw), null), 'ascii')).toBe(`workflow nightly
 |
 +- intake
 +- classify
 |    route   ops: high risk, on restart
 |    route   other: low risk, otherwise
 +- plan
 +- configure_tools
 |    tool    pdf
 +- execute
 |    step    draft: /bin/draft a
 |    ask     before execute.send: always, by kim, no: skip
 |    step    send: manual, may fail
 +- verify
 |    check   {{artifacts}}/a.md: is there
 |    check   {{artifacts}}/b.json: fresh, JSON
 |    check   answer: not empty, without sorry
 +- deliver
 |    ask     before deliver: always, four eyes, no: cancel
 |    action  blog: /bin/blog
 +- log
`);
});

test('where nothing is said about high risk, the engine asks before the work', () => {
  const { approval: _approval, ...without } = raw;
  const ask = graphOf(normaliseDefinition(without), null).stages.flatMap(({ items }) =>
    items.filter(({ kind }) => kind === 'approval'),
  );
  expect(ask).toEqual([
    { kind: 'approval', name: 'execute', detail: 'at high risk, no: cancel', mark: null },
  ]);
});

test('a run at a closed gate is drawn there', () => {
  const spec = runSpec(
    { ...raw, id: 'nightly', autoConfigure: undefined },
    { input: 'restart it', connected: {} },
  );
  const { state } = spec.given(
    spec.past(
      { type: 'BeginStep', step: 'draft', nonce: 'w' },
      {
        type: 'EffectEnded',
        effectId: `${RUN}.draft.1`,
        result: { result: 'confirmed', outcome: 'done', receipt: { by: 'process', exitCode: 0 } },
      },
      { type: 'BeginStep', step: 'send', nonce: 'w' },
    ),
  );
  const drawn = graphText(graphOf(spec.context.definition, state), 'ascii');
  expect(drawn).toContain(` +- [>] execute
 |    [x] step    draft: /bin/draft a
 |    [>] ask     before execute.send: always, by kim, no: skip
 |    [ ] step    send: manual, may fail
 +- [ ] verify
`);
  expect(drawn).toContain(' |    [x] route   ops: high risk, on restart\n |    [-] route   other');
});

test('as Mermaid: routes side by side, questions as diamonds, and no text that could be markup', () => {
  const definition = normaliseDefinition({
    id: 'm',
    classify: {
      routes: [{ name: 'a', match: ['x"]; click'], risk: 'low' }],
      fallback: { name: 'b', risk: 'low' },
    },
    verify: { requiredFiles: [] },
    execute: { dispatcher: 'command', command: '/bin/do', args: ['<b>'] },
    approval: [{ at: 'execute' }],
  });
  expect(graphText(graphOf(definition, null), 'mermaid')).toBe(`flowchart TD
  intake(["intake"])
  classify(["classify"])
  intake --> classify
  classify_1["route a: low risk, on x#34;#93;#59; click"]
  classify --> classify_1
  classify_2["route b: low risk, otherwise"]
  classify --> classify_2
  plan(["plan"])
  classify_1 --> plan
  classify_2 --> plan
  configure_tools(["configure_tools"])
  plan --> configure_tools
  execute(["execute"])
  configure_tools --> execute
  execute_1{"ask before execute: always, no: cancel"}
  execute --> execute_1
  execute_2["step main: /bin/do #60;b#62;"]
  execute_1 --> execute_2
  verify(["verify"])
  execute_2 --> verify
  deliver(["deliver"])
  verify --> deliver
  log(["log"])
  deliver --> log
`);
});
