/** `wf feedback improve --back-test`: what a proposal would have made of messages that went out, with no effect at all. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sh, type WfRunner, wfRunner } from '../support/wf.ts';

const BACK_TEST = ['feedback', 'improve', '--workflow-id', 'autonomous-e2e', '--back-test'] as const;
const SENTENCE = 'Give a source link for every key claim';
const say = (runner: WfRunner, text: string, id = 'autonomous-e2e') =>
  runner.wf(['feedback', 'submit', '--workflow-id', id, '--score', '3', '--feedback', text]);

test('each message with what would have come into it; the newest first, no more than asked for, nothing done', async () => {
  const runner = wfRunner();
  for (const input of ['write a blog', 'write a thread', 'water the plants'])
    await runner.wf(['run', 'autonomous-e2e', '--input', input]);
  await say(runner, 'Needs more source links and tighter summaries');
  const before = runner.log();
  const shown = await runner.wf([...BACK_TEST, '2']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain(`  + ${SENTENCE}`);
  expect(shown.stdout).toContain('2 of the newest 2 messages would have been another.');
  expect(shown.stdout).toMatch(new RegExp(`^ {2}\\+ - ${SENTENCE}`, 'm'));
  expect(shown.stdout).not.toMatch(/^ {2}- /m);
  expect(shown.stdout).toContain('Nothing was changed or sent.');

  const json = JSON.parse((await runner.wf([...BACK_TEST, '9', '--max-changes', '1', '--json'])).stdout);
  expect(json).toMatchObject({ messages: 3, changed: 3, changes: [{ catalogueId: 'cite-sources' }] });
  const runs = (JSON.parse((await runner.wf(['runs', '--json'])).stdout) as { items: { runId: string }[] })
    .items;
  expect(json.items.map((item: { runId: string }) => item.runId)).toEqual(runs.map(({ runId }) => runId));
  const [message] = json.items as { lines: { mark: string; text: string }[] }[];
  expect(message?.lines.filter(({ mark }) => mark !== ' ')).toEqual([
    { mark: '+', text: expect.stringContaining(SENTENCE) },
  ]);
  expect(message?.lines[0]).toEqual({ mark: ' ', text: 'water the plants' });
  expect(runner.log()).toEqual(before);
  expect(existsSync(join(runner.home, 'definitions/autonomous-e2e.json'))).toBe(false);
});

test('a message that has the sentence already would have been the same; a program has none', async () => {
  const runner = wfRunner();
  const text = 'no sources';
  runner.define({ id: 'tool', execute: sh('true') });
  await runner.wf(['run', 'tool', '--input', 'x']);
  await say(runner, text, 'tool');
  const none = await runner.wf(['feedback', 'improve', '--workflow-id', 'tool', '--back-test', '5']);
  expect(none.stdout).toContain('No message was sent yet that it could have changed.');

  await say(runner, text);
  await runner.wf(['run', 'autonomous-e2e', '--input', 'before']);
  await runner.wf(['feedback', 'improve', '--workflow-id', 'autonomous-e2e', '--auto-apply']);
  await runner.wf(['run', 'autonomous-e2e', '--input', 'after']);
  // The package's definition again, which does not have it.
  rmSync(join(runner.home, 'definitions/autonomous-e2e.json'));
  const { stdout } = await runner.wf([...BACK_TEST, '5', '--json']);
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ messages: 2, changed: 1, items: [{ lines: [] }, {}] });
  expect(found.items[1].lines).not.toEqual([]);
  const nothing = await runner.wf([
    'feedback',
    'improve',
    '--workflow-id',
    'tool',
    '--back-test',
    '5',
    '--json',
  ]);
  expect(JSON.parse(nothing.stdout)).toMatchObject({ messages: 0, changed: 0 });
});
