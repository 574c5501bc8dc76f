/** configure_tools: the world makes tools ready; the run only says which, and what a failure means. */
import { expect, test } from 'vitest';
import { command, runSpec } from '../support/run-spec.ts';

const tooled = {
  execute: command,
  autoConfigure: {
    allowlist: ['a', 'b', 'a'],
    toolCommands: { a: { command: '/bin/true' }, c: { command: '/bin/rm' } },
  },
};

test('only allowlisted tools are asked for, each once, in their order', () => {
  const { given, past } = runSpec(tooled);
  const due = given(past()).next();
  expect(due).toMatchObject({ type: 'perform', effect: { kind: 'configure-tools' } });
  const names = due.type === 'perform' && due.effect.kind === 'configure-tools' ? due.effect.tools : [];
  expect(names.map(({ name, command }) => `${name} ${command}`)).toEqual(['a /bin/true', 'b undefined']);
});

test('without tools, and with autoConfigure switched off, the stage is done at once', () => {
  for (const raw of [
    { execute: command },
    { ...tooled, autoConfigure: { ...tooled.autoConfigure, enabled: false } },
  ]) {
    const { given, past } = runSpec(raw);
    expect(given(past()).next()).toMatchObject({ type: 'perform', effect: { kind: 'begin-step' } });
  }
});

test('a tool that could not be made ready is reported, and the run goes on', () => {
  const { given, past } = runSpec(tooled);
  const output = { configured: ['a'], skipped: [{ tool: 'b', reason: 'no_command' as const }] };
  given(past())
    .when({ type: 'ToolsConfigured', output })
    .then({ type: 'StageCompleted', data: { stage: 'configure_tools', output } }, 'StageStarted');
});

test('a required one fails the stage and the run, before anything is dispatched', () => {
  const { given, past } = runSpec(tooled);
  const { state } = given(past())
    .when({
      type: 'ToolsConfigured',
      output: { configured: [], skipped: [] },
      failed: { code: 'tool-required', message: 'the required tool a is not ready' },
    })
    .then('StageFailed', { type: 'RunFailed', data: { stage: 'configure_tools' } });
  expect(state).toMatchObject({ status: 'failed', effects: [], lease: null });
});

test('an answer that comes twice is refused', () => {
  const { given, past } = runSpec(tooled);
  const output = { configured: ['a'], skipped: [] };
  given(past({ type: 'ToolsConfigured', output }))
    .when({ type: 'ToolsConfigured', output })
    .refused('stage-not-due');
});
