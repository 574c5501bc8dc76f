import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
const legacy = read('../fixtures/legacy-definition.json');

describe('what a file leaves out', () => {
  test('a definition of id and execute alone is a whole one', () => {
    const definition = normaliseDefinition({ id: 'x', execute: { command: '/bin/true' } });
    expect(definition.steps).toEqual([
      {
        id: 'main',
        dispatcher: 'command',
        command: '/bin/true',
        args: [],
        await: 'auto',
        timeoutMs: 600_000,
        retry: { maxAttempts: 1, backoffMs: 30_000, maxBackoffMs: 300_000, retryOnExitCodes: [] },
        idempotent: false,
        env: [],
        notPerformedExitCodes: [],
        message: '{{brief}}',
        attach: [],
        onError: 'fail',
      },
    ]);
    expect(definition.requiredFiles).toEqual(['{{home}}/state/runs/{{runId}}.json']);
    expect(definition.summaryFile).toBe('{{home}}/outbox/{{runId}}.md');
    expect(definition.assumptions).toEqual([]);
    expect(definition.tools).toEqual([]);
    expect(definition.selfImprove.enabled).toBe(false);
  });

  test('without execute, and with an empty one, the best configured dispatcher is taken', () => {
    expect(normaliseDefinition({ id: 'x' }).steps[0]?.dispatcher).toBe('auto');
    expect(normaliseDefinition({ id: 'x', execute: {} }).steps[0]?.dispatcher).toBe('auto');
  });

  test('without classify a restart is still high risk', () => {
    const { classify } = normaliseDefinition({ id: 'x' });
    expect(classify.routes.map(({ name, risk }) => `${name} ${risk}`)).toEqual(['ops high', 'content low']);
    expect(classify.fallback).toEqual({ name: 'general', risk: 'low' });
    expect(classify.highRiskWords).toContain('restart');
  });

  test('a classify section that only changes the fallback keeps the words that raise the risk', () => {
    const raw = { id: 'x', classify: { routes: [], fallback: { name: 'ops', risk: 'low' } } };
    const { classify } = normaliseDefinition(raw);
    expect(classify.routes).toEqual([]);
    expect(classify.highRiskWords).toContain('wipe');
  });

  test('every route has plan lines', () => {
    const raw = {
      id: 'x',
      classify: {
        routes: [{ name: 'deep', match: ['deep'], risk: 'low' }],
        fallback: { name: 'brief', risk: 'low' },
      },
      plan: { deep: ['Dig.'] },
    };
    const { plan } = normaliseDefinition(raw);
    expect(plan.get('deep')).toEqual(['Dig.']);
    expect(plan.get('brief')).toEqual(plan.get('general'));
    expect(plan.get('content')).toHaveLength(3);
  });
});

describe('what a file says', () => {
  test('a step takes what it leaves out from defaults, key by key', () => {
    const definition = normaliseDefinition({
      id: 'x',
      defaults: { timeout: '2h', retry: { maxAttempts: 4, backoff: '1s' } },
      execute: {
        steps: [
          { id: 'a', retry: { backoff: '10m' } },
          { id: 'b', timeout: '90s' },
        ],
      },
    });
    expect(definition.steps.map(({ timeoutMs, retry }) => ({ timeoutMs, retry }))).toEqual([
      {
        timeoutMs: 7_200_000,
        retry: { maxAttempts: 4, backoffMs: 600_000, maxBackoffMs: 600_000, retryOnExitCodes: [] },
      },
      {
        timeoutMs: 90_000,
        retry: { maxAttempts: 4, backoffMs: 1_000, maxBackoffMs: 300_000, retryOnExitCodes: [] },
      },
    ]);
  });

  test('tools come in the order of the allowlist, and only those on it', () => {
    const autoConfigure = {
      allowlist: ['b', 'a', 'gone'],
      toolCommands: {
        a: { command: 'A', timeout: '5s' },
        c: { command: 'C' },
        b: { command: 'B', required: true },
      },
    };
    const tools = normaliseDefinition({ id: 'x', autoConfigure }).tools;
    expect(
      tools.map(({ name, command, required, timeoutMs }) => [name, command, required, timeoutMs]),
    ).toEqual([
      ['b', 'B', true, 600_000],
      ['a', 'A', false, 5_000],
      ['gone', undefined, false, 600_000],
    ]);
    expect(
      normaliseDefinition({ id: 'x', autoConfigure: { ...autoConfigure, enabled: false } }).tools,
    ).toEqual([]);
  });

  test('keys named constructor and __proto__ are plain names and change nothing else', () => {
    const raw: unknown = JSON.parse(
      '{"id":"x","plan":{"__proto__":["a"],"constructor":["b"]},"autoConfigure":{"allowlist":["constructor","toString"],"toolCommands":{"constructor":{"command":"/bin/true"}}}}',
    );
    const definition = normaliseDefinition(raw);
    expect(definition.plan.get('__proto__')).toEqual(['a']);
    expect(definition.plan.get('constructor')).toEqual(['b']);
    expect(definition.tools.map(({ name, command }) => [name, command])).toEqual([
      ['constructor', '/bin/true'],
      ['toString', undefined],
    ]);
    expect(({} as { command?: string }).command).toBeUndefined();
  });

  test("a script engine's definition keeps its meaning, and its absolute paths mean this home", () => {
    const definition = normaliseDefinition(legacy);
    expect(definition.steps[0]).toMatchObject({ id: 'main', dispatcher: 'command', command: '/bin/sh' });
    expect(definition.steps[0]?.args.slice(2)).toEqual(['dispatch', '{{route}}', '{{task}}']);
    expect(definition.tools.map(({ name }) => name)).toEqual([
      'publish_directory',
      'broken_tool',
      'no_command_tool',
    ]);
    expect(definition.requiredFiles).toEqual(['{{home}}/state/runs/{{runId}}.json']);
    expect(definition.summaryFile).toBe('{{home}}/outbox/{{runId}}.md');
    expect(definition.assumptions).toHaveLength(6);
    expect(definition.selfImprove).toEqual({ enabled: true, autoApplyLowRisk: true, maxChangesPerRun: 2 });
  });

  test('what becomes of bad improvements: nothing by itself, else after 10 runs a question', () => {
    const of = (revert: object) =>
      normaliseDefinition({ id: 'x', selfImprove: { revert } }).selfImprove.revert;
    expect(normaliseDefinition({ id: 'x', selfImprove: {} }).selfImprove).not.toHaveProperty('revert');
    expect(of({})).toEqual({ afterRuns: 10, whenWorse: 'propose' });
    expect(of({ afterRuns: 4, whenWorse: 'revert' })).toEqual({ afterRuns: 4, whenWorse: 'revert' });
  });

  test('other absolute paths stay, relative ones begin at the home', () => {
    const verify = { requiredFiles: ['/srv/x/{{runId}}.json', 'out/a.md', '{{artifacts}}/b.md'] };
    expect(normaliseDefinition({ id: 'x', verify }).requiredFiles).toEqual([
      '/srv/x/{{runId}}.json',
      '{{home}}/out/a.md',
      '{{artifacts}}/b.md',
    ]);
  });
});
