/** "Done, agent silent": a turn whose end nobody saw, answered by the files it was to make, or by a person. */
import { describe, expect, test } from 'vitest';
import type { Ask } from '../support/run-spec.ts';
import { begin, effectId, NOW, RUN, runSpec, unknown, verified } from '../support/run-spec.ts';

const agents = new Map([['claude', { auto: false }]]);
const agent = { dispatcher: 'agent', agent: 'claude', await: 'outcome' };
const files = [{ path: '{{artifacts}}/digest.md', fresh: true, minBytes: 10 }];
const spec = (raw: object = {}) =>
  runSpec({ execute: agent, verify: { requiredFiles: [], files }, ...raw }, { connected: { agents } });
const looked = (exists: boolean): Ask => ({
  type: 'FilesLooked',
  effectId: effectId(),
  checks: [{ file: 'digest.md', exists }],
});

describe('a turn of an agent that ran out of time', () => {
  test('is followed by a look at the files, which must have changed since that very turn began', () => {
    const { given, past } = spec();
    const after = given(past(begin(), unknown()));
    expect(after.state).toMatchObject({
      status: 'running',
      effects: [{ status: 'unknown', awaitsFiles: true }],
    });
    expect(after.next()).toEqual({
      type: 'perform',
      effect: {
        kind: 'look-at-files',
        effectId: effectId(),
        files: [
          {
            file: `artifacts/${RUN}/digest.md`,
            rule: {
              minBytes: 10,
              contains: [],
              notContains: [],
              json: false,
              changedSince: NOW,
              slackMs: 10,
            },
          },
        ],
      },
    });
  });

  test('whose files pass is done, and the run ends unreported', () => {
    const { given, past } = spec();
    const done = given(past(begin(), unknown(), looked(true)));
    expect(done.state.effects[0]).toMatchObject({ status: 'done', receipt: { by: 'files' } });
    given(past(begin(), unknown(), looked(true)))
      .when(verified)
      .then('StageCompleted', 'StageStarted', 'StageCompleted', 'StageStarted', 'StageCompleted', {
        type: 'RunCompleted',
        data: { outcome: 'unreported' },
      });
  });

  test('whose files do not pass stays in doubt: a person says what happened', () => {
    const { given, past } = spec();
    const { state } = given(past(begin(), unknown(), looked(false)));
    expect(state).toMatchObject({ status: 'waiting', waiting: { for: 'unknown-effect' }, lease: null });
    expect(state.effects[0]?.error?.message).toContain('missing: digest.md');
    expect(state.effects[0]).not.toHaveProperty('awaitsFiles');
  });

  test('that was reported on before the look is what the report says', () => {
    const { given, past } = spec();
    const report: Ask = { type: 'Report', status: 'ok', text: 'here', nonce: 'nonce1', by: 'claude' };
    const events = past(begin(), unknown(), report);
    given(events).when(looked(false)).then('StageCompleted', 'StageStarted');
    expect(given(past(begin(), unknown(), report, looked(false), verified)).state.outcome).toBe('done');
  });

  test.each([
    ['no file has to be fresh', { verify: { files: [{ path: '{{artifacts}}/a', minBytes: 1 }] } }],
    ['an answer is asked for', { verify: { files, outcome: { notEmpty: true } } }],
    ['it was a command', { execute: { command: '/bin/true' } }],
  ])('is in doubt at once where %s', (_name, raw) => {
    const { given, past } = spec(raw);
    expect(given(past(begin(), unknown())).state).toMatchObject({
      status: 'waiting',
      waiting: { for: 'unknown-effect' },
    });
  });

  test('is in doubt at once where a person ended it', () => {
    const { given, past } = spec();
    const ended: Ask = {
      type: 'EffectEnded',
      effectId: effectId(),
      result: { result: 'unknown', reason: { code: 'interrupted', message: 'was ended' } },
    };
    expect(given(past(begin(), ended)).state.waiting).toMatchObject({ for: 'unknown-effect' });
  });
});

test('an agent that reported its work and then ended badly has done it', () => {
  const { given, past } = spec();
  const report: Ask = { type: 'Report', status: 'ok', text: 'here it is', nonce: 'nonce1', by: 'claude' };
  const ended: Ask = {
    type: 'EffectEnded',
    effectId: effectId(),
    result: {
      result: 'failed',
      performed: true,
      retryable: false,
      exitCode: 1,
      costUsd: 0.5,
      error: { code: 'agent-failed', message: 'x' },
    },
  };
  expect(given(past(begin(), report, ended)).state.effects[0]).toMatchObject({
    status: 'done',
    receipt: { by: 'report', exitCode: 1, costUsd: 0.5 },
  });
});
