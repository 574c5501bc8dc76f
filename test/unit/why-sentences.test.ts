/** Why a run went as it did: the sentences a person reads, each with the event it can be looked up by. */
import { describe, expect, test } from 'vitest';
import { keySentences, type NumberedKeyEvent } from '../../src/projections/why/key-sentences.ts';
import { nowOf } from '../../src/projections/why/now.ts';
import { runSentences } from '../../src/projections/why/run-sentences.ts';
import type { DecidedEvent } from '../../src/workflow/decide.ts';
import { NOW, RUN, runSpec } from '../support/run-spec.ts';

const numbered = (events: readonly DecidedEvent[]) =>
  events.map((event, i) => ({ ...event, ts: NOW, seq: i + 10, streamVersion: i + 1 }));
const told = (events: readonly DecidedEvent[]): readonly string[] =>
  runSentences(numbered(events)).map(({ seq, text }) => `${seq} ${text}`);
const main = `${RUN}.main.1`;
const begin = (step = 'main') => ({ type: 'BeginStep', step, nonce: 'word' }) as const;
const routes = { routes: [{ name: 'garden', match: ['plants', 'water'] }], fallback: { name: 'other' } };

describe('why a run went so', () => {
  test('the words that routed it, and that a task nobody took is not done', () => {
    const spec = runSpec({ classify: routes });
    const sentences = told(spec.past(begin()));
    expect(sentences.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      expect.stringMatching(/^Asked for; pinned to definition [0-9a-f]{12} of workflow spec\.$/),
      'Routed to garden, because the task says "plants" and "water".',
      `Step main became the task T-${RUN} for whoever takes it.`,
      'Step main was handed over (it is queued): it is not known to be done.',
    ]);
  });

  test('every sentence names the event it is read from', () => {
    const events = numbered(runSpec({ classify: routes }).past(begin()));
    const types = runSentences(events).map(({ seq }) => events.find((event) => event.seq === seq)?.type);
    expect(types).toEqual(['RunStarted', 'StageCompleted', 'EffectIntended', 'EffectConfirmed']);
  });

  test('nobody wrote a word of any route', () => {
    const spec = runSpec({ classify: routes }, { input: 'sing' });
    expect(told(spec.past())[1]).toMatch(
      /Routed to other, because no word of any route stands in the task\.$/,
    );
  });

  test('a closed gate: what asks, why, and what a yes would do', () => {
    const spec = runSpec(
      { classify: { ...routes, highRiskWords: ['delete'] } },
      { input: 'delete the plants' },
    );
    const events = spec.past(begin());
    const lines = told(events);
    expect(lines.at(-2)).toMatch(/Its risk is high, because the request says "delete"\.$/);
    expect(lines.at(-1)).toMatch(
      /Waited for a yes to A-\w+ before execute \(main\)\. Why: route garden because of "plants"; high-risk words: "delete"\.$/,
    );
    expect(nowOf(spec.given(events).state)).toBe(
      `The gate is closed: nothing is dispatched until somebody says yes or no to A-${RUN}.`,
    );
  });

  const command = { execute: { command: '/bin/true', dispatcher: 'command', retry: { maxAttempts: 2 } } };
  const ended = (result: object) =>
    ({ type: 'EffectEnded', effectId: main, result }) as Parameters<ReturnType<typeof runSpec>['past']>[0];

  test('what certainly did not happen is tried again, and says that this is safe', () => {
    const error = { code: 'spawn', message: 'no such program' };
    const spec = runSpec(command);
    const lines = told(
      spec.past(begin(), ended({ result: 'failed', performed: false, retryable: true, error })),
    );
    expect(lines.at(-1)).toMatch(
      /Step main was certainly not performed: no such program\. Nothing happened, so trying again is safe: the next attempt was due at 2026-/,
    );
  });

  test('what was performed and failed is not repeated, and the run says where it failed', () => {
    const error = { code: 'exit', message: 'exit code 3' };
    const spec = runSpec(command);
    const lines = told(
      spec.past(begin(), ended({ result: 'failed', performed: true, retryable: false, error, exitCode: 3 })),
    );
    expect(lines.slice(-3).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'Step main was performed and failed: exit code 3. What was performed is not repeated by itself.',
      'Stage execute failed: exit code 3.',
      'The run failed at execute, step main: exit code 3.',
    ]);
  });

  test('a doubt is told as one, and who ended it', () => {
    const reason = { code: 'timeout', message: 'no answer in 5 s' };
    const spec = runSpec(command);
    const events = spec.past(begin(), ended({ result: 'unknown', reason }), {
      type: 'Resolve',
      verdict: 'not-sent',
      by: 'kim',
    });
    expect(
      told(events)
        .slice(-2)
        .map((line) => line.replace(/^\d+ /, '')),
    ).toEqual([
      'Nobody can say whether step main was performed: no answer in 5 s. It was not repeated; the run waits until somebody has looked.',
      'kim looked and said: step main did not happen, so it was to be done anew.',
    ]);
  });

  test('a silent turn of an agent is no wait for a person while its files may answer', () => {
    const agents = new Map([['claude', { auto: false }]]);
    const files = [{ path: '{{artifacts}}/digest.md', fresh: true }];
    const execute = { dispatcher: 'agent', agent: 'claude', await: 'outcome' };
    const spec = runSpec({ execute, verify: { files } }, { connected: { agents } });
    const reason = { code: 'timeout', message: 'no answer in 5 s' };
    const silent = [begin(), ended({ result: 'unknown', reason })] as const;
    expect(told(spec.past(...silent)).at(-1)).toMatch(
      /no answer in 5 s\. It was not repeated; the files that were to come of it were to answer\.$/,
    );
    const checks = [{ file: 'digest.md', exists: true }];
    expect(told(spec.past(...silent, { type: 'FilesLooked', effectId: main, checks }))).toContainEqual(
      expect.stringMatching(/Step main was done: the files that were to come of it are there\./),
    );
  });

  test.each([
    ['on the terminal', {}],
    ['through a program that uses the library', { via: 'library' }],
  ] as const)('a yes says who gave it and where: %s', (where, via) => {
    const spec = runSpec({ ...command, approval: [{ at: 'execute' }] });
    const yes = { type: 'Approve', approvalId: `A-${RUN}`, by: 'kim', isOwner: true, ...via } as const;
    expect(told(spec.past(begin(), yes))).toContainEqual(
      expect.stringMatching(new RegExp(`kim said yes to A-${RUN} ${where}\\.$`)),
    );
  });

  test('a takeover says that the one before was gone', () => {
    const spec = runSpec(command);
    const owner = { host: 'h', bootId: 'b', pid: 8, pidStart: 't' };
    const lines = told(spec.past({ type: 'Continue', owner, by: 'run' }));
    expect(lines.at(-1)).toMatch(/Taken over by run: the process that was at work on it was gone\.$/);
  });

  test('of an erased run only that is told, with its words still in the log or not', () => {
    const events = numbered(runSpec(command, { input: 'a secret errand' }).past(begin()));
    const data = {
      ...{ runId: RUN, workflowId: 'spec', definitionHash: '0'.repeat(64), key: 'k', forced: false },
      status: 'completed',
      ...{ createdAt: NOW, finishedAt: NOW, by: 'kim' },
    } as const;
    const erased = { type: 'RunErased', data, ts: NOW, seq: 99, streamVersion: 99 } as const;
    const gone = events.map((event) => ({ ...event, data: { erased: true } }) as unknown as typeof event);
    const only = [expect.objectContaining({ seq: 99, text: expect.stringMatching(/^kim erased its texts/) })];
    expect(runSentences([...events, erased])).toEqual(only);
    expect(runSentences([...gone, erased])).toEqual(only);
  });

  test('a tool that was passed over says why', () => {
    const spec = runSpec({
      autoConfigure: { enabled: true, allowlist: ['pdf'], toolCommands: { pdf: { command: '/bin/false' } } },
    });
    const skipped = [{ tool: 'pdf', reason: 'command_failed', detail: 'exit code 1' }] as const;
    const lines = told(
      spec.past({ type: 'ToolsConfigured', output: { configured: [], skipped: [...skipped] } }),
    );
    expect(lines.at(-1)).toMatch(/Skipped tool pdf: its command failed \(exit code 1\)\.$/);
  });
});

describe('why its key was given to it', () => {
  const base = { workflowId: 'spec', key: 'daily' };
  const claim = (seq: number, runId: string, forced = false): NumberedKeyEvent => ({
    type: 'KeyClaimed',
    seq,
    ts: NOW,
    data: { ...base, runId, runVersion: 0, inputHash: '0'.repeat(64), forced },
  });
  const reuse = (seq: number): NumberedKeyEvent => ({
    type: 'RunReused',
    seq,
    ts: NOW,
    data: { ...base, runId: RUN, status: 'completed' },
  });

  test('a free key, an earlier run that answers no more, and --force', () => {
    const texts = (events: readonly NumberedKeyEvent[]) => keySentences(events, RUN).map(({ text }) => text);
    expect(texts([claim(1, RUN)])).toEqual([
      'It ran because its key daily was free: nobody had asked for it before.',
    ]);
    expect(texts([claim(1, 'OLD'), claim(2, RUN)])).toEqual([
      'It ran because its key daily was free: run OLD had it before, and none of them answers for it any more.',
    ]);
    expect(texts([claim(1, RUN, true)])).toEqual([
      'It has the key daily by --force: runs that have it already were passed over.',
    ]);
  });

  test('being asked for every minute is one sentence, with the newest event', () => {
    const sentences = keySentences([claim(1, RUN), reuse(2), reuse(3), reuse(4)], RUN);
    expect(sentences.at(-1)).toEqual({
      seq: 4,
      ts: NOW,
      kind: 'reused',
      text: 'Asked for again 3 times, this the last, and answered with this run: nothing was started.',
    });
    expect(sentences).toHaveLength(2);
  });
});
