import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkDefinition, type Finding, formatPath } from '../../src/workflow/validate-definition.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));

/** `severity code path` of each finding. */
const brief = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, code, path }) => `${severity} ${code} ${formatPath(path)}`);
const check = (rest: object): Finding[] => checkDefinition({ id: 'x', ...rest });
const one = (rest: object): Finding | undefined => {
  const findings = check(rest);
  expect(findings).toHaveLength(1);
  return findings[0];
};

describe('definitions that must run', () => {
  test('id and execute alone, id alone, and an empty execute', () => {
    expect(check({ execute: { command: '/bin/true' } })).toEqual([]);
    expect(check({ execute: {} })).toEqual([]);
    expect(check({})).toEqual([]);
  });

  test('the bundled one, without a word', () => {
    expect(
      checkDefinition(read('../../definitions/autonomous-e2e.json'), { expectedId: 'autonomous-e2e' }),
    ).toEqual([]);
  });

  test("the script engine's, with warnings that name what is read differently", () => {
    expect(brief(checkDefinition(read('../fixtures/legacy-definition.json')))).toEqual([
      'warning missing autoConfigure.allowlist[2]',
      'warning user-value-as-operand execute.args[4]',
      'warning legacy-path verify.requiredFiles[0]',
      'warning legacy-path deliver.summaryFile',
    ]);
  });

  test('every key of this version, in steps', () => {
    const step = {
      id: 'a',
      dispatcher: 'openclaw',
      agent: 'personal-assistant',
      await: 'outcome',
      timeout: '3h',
      retry: { maxAttempts: 20, backoff: '0s', maxBackoff: '7d' },
      idempotent: true,
      env: ['API_TOKEN'],
      notPerformedExitCodes: [75, 255],
      message: '{{brief}} {{input.brand}}',
    };
    expect(check({ $schema: 's', execute: { steps: [step, { id: 'b', dispatcher: 'manual' }] } })).toEqual(
      [],
    );
  });
});

describe('shapes', () => {
  test.each([
    [null, 'got null'],
    [[], 'got a list'],
    ['x', 'got the text "x"'],
  ])('a file that holds %j is refused with what it should hold', (raw, got) => {
    expect(checkDefinition(raw)[0]?.message).toContain(got);
  });

  test.each([
    [{ id: undefined }, 'id', 'it is missing'],
    [{ id: '../x' }, 'id', 'letters, digits'],
    [{ id: 7 }, 'id', 'expected a text, got the number 7'],
    [{ description: [] }, 'description', 'expected a text, got a list'],
    [{ execute: { timeout: '5 minutes' } }, 'execute.timeout', 'expected a duration such as "500ms"'],
    [{ execute: { timeout: 30 } }, 'execute.timeout', 'expected a text, got the number 30'],
    [{ execute: { timeout: '8d' } }, 'execute.timeout', 'at most "7d"'],
    [{ execute: { timeout: '0s' } }, 'execute.timeout', 'above zero'],
    [
      { defaults: { retry: { maxAttempts: 21 } } },
      'defaults.retry.maxAttempts',
      'at most 20, got the number 21',
    ],
    [{ defaults: { retry: { maxAttempts: 0 } } }, 'defaults.retry.maxAttempts', 'at least 1'],
    [{ defaults: { retry: { maxAttempts: 1.5 } } }, 'defaults.retry.maxAttempts', 'expected a whole number'],
    [{ execute: { notPerformedExitCodes: [0] } }, 'execute.notPerformedExitCodes[0]', 'at least 1'],
    [{ execute: { notPerformedExitCodes: [256] } }, 'execute.notPerformedExitCodes[0]', 'at most 255'],
    [{ execute: { await: 'result' } }, 'execute.await', 'expected one of auto, outcome, dispatch'],
    [{ execute: { agent: '--evil' } }, 'execute.agent', 'letters, digits'],
    [{ execute: { steps: [] } }, 'execute.steps', 'at least 1 entry'],
    [{ execute: { command: 'a\0b' } }, 'execute.command', 'without NUL'],
    [{ execute: { message: '' } }, 'execute.message', 'not empty'],
    [
      { classify: { routes: [{ name: 'a', match: ['b'] }] } },
      'classify.routes[0].risk',
      'expected one of low, high',
    ],
    [{ plan: { general: 'x' } }, 'plan.general', 'expected a list'],
    [{ selfImprove: { maxChangesPerRun: -1 } }, 'selfImprove.maxChangesPerRun', 'at least 0'],
  ])('%j is refused at its path with what was expected', (rest, path, expectation) => {
    const finding = one(rest);
    expect(finding?.severity).toBe('error');
    expect(formatPath(finding?.path ?? [])).toBe(path);
    expect(finding?.message).toContain(expectation);
  });

  test('a secret written beside an environment name is refused and not repeated', () => {
    const finding = one({ execute: { env: ['TOKEN=hunter2'] } });
    expect(finding?.message).toContain('without its value');
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test('more than twenty steps are refused', () => {
    const steps = Array.from({ length: 21 }, (_, index) => ({ id: `s${index}` }));
    expect(one({ execute: { steps } })?.message).toContain('at most 20 entries');
  });

  test('an id that is not the name of its file is refused', () => {
    expect(checkDefinition({ id: 'a' }, { expectedId: 'b' })).toMatchObject([
      { severity: 'error', code: 'id-mismatch', path: ['id'] },
    ]);
  });
});

describe('keys', () => {
  test('with $schema a mistyped key is an error that suggests the right one', () => {
    expect(one({ $schema: 's', execute: { tiemout: '5s' } })).toMatchObject({
      severity: 'error',
      code: 'unknown-key',
      path: ['execute', 'tiemout'],
      hint: 'Did you mean "timeout"?',
    });
  });

  test('without $schema the old file still runs, with a warning', () => {
    expect(one({ descripton: 'x' })).toMatchObject({
      severity: 'warning',
      hint: 'Did you mean "description"?',
    });
    expect(one({ zebra: 1 })?.hint).toContain('Known here: $schema, id');
  });

  test('a duration as a number is refused in every file, with the key to use', () => {
    const finding = one({ defaults: { retry: { backoffMs: 500 } } });
    expect(finding).toMatchObject({ severity: 'error', code: 'unknown-key' });
    expect(finding?.message).toContain('did you mean "backoff"');
  });

  test.each([
    [{ defaults: { limits: {} } }, 'defaults.limits'],
    [
      { autoConfigure: { allowlist: ['t'], toolCommands: { t: { command: 'x', env: [] } } } },
      'autoConfigure.toolCommands.t.env',
    ],
  ])('%j is refused instead of ignored, with or without $schema', (rest, path) => {
    for (const finding of [one(rest), one({ $schema: 's', ...rest })]) {
      expect(finding).toMatchObject({ severity: 'error', code: 'not-carried-out-yet' });
      expect(finding?.message).toContain('not carried out yet by this version');
      expect(formatPath(finding?.path ?? [])).toBe(path);
    }
  });

  test('constructor and __proto__ are unknown keys like any other, and no names of tools', () => {
    const raw: unknown = JSON.parse(
      '{"$schema":"s","id":"x","constructor":1,"__proto__":{"execute":1},"autoConfigure":{"toolCommands":{"__proto__":{"command":"x"}}},"plan":{"constructor":["a"],"__proto__":["b"]}}',
    );
    expect(brief(checkDefinition(raw)).sort()).toEqual([
      'error bad-name autoConfigure.toolCommands.__proto__',
      'error bad-name plan.__proto__',
      'error unknown-key __proto__',
      'error unknown-key constructor',
      'warning no-effect plan.constructor',
    ]);
  });
});

describe('rules between keys', () => {
  test.each([
    [{ execute: { dispatcher: 'command' } }, 'error missing execute'],
    [{ execute: { args: ['x'] } }, 'error contradiction execute.args'],
    [{ execute: { dispatcher: 'manual', command: 'x' } }, 'error contradiction execute.command'],
    [{ execute: { command: 'x', message: 'y' } }, 'warning no-effect execute.message'],
    [{ execute: { timeout: '1s', steps: [{ id: 'a' }] } }, 'error contradiction execute.timeout'],
    [{ execute: { steps: [{ id: 'a' }, { id: 'A' }] } }, 'error duplicate execute.steps[1].id'],
    [{ execute: { steps: [{}, {}] } }, 'error duplicate execute.steps[1]'],
    [{ execute: { steps: [{ id: '../a' }] } }, 'error shape execute.steps[0].id'],
    [
      { defaults: { retry: { backoff: '2m', maxBackoff: '1m' } } },
      'error contradiction defaults.retry.maxBackoff',
    ],
    [
      {
        classify: {
          routes: [
            { name: 'a', match: [], risk: 'low' },
            { name: 'A', match: [], risk: 'low' },
          ],
        },
      },
      'error duplicate classify.routes[1].name',
    ],
    [{ plan: { contnt: ['x'] } }, 'warning no-effect plan.contnt'],
    [{ autoConfigure: { allowlist: ['t'] } }, 'warning missing autoConfigure.allowlist[0]'],
    [
      { autoConfigure: { allowlist: ['t'], toolCommands: { t: { required: true } } } },
      'error missing autoConfigure.allowlist[0]',
    ],
    [
      { autoConfigure: { toolCommands: { t: { command: 'x' } } } },
      'warning no-effect autoConfigure.toolCommands.t',
    ],
    [{ autoConfigure: { allowlist: ['../t'], toolCommands: {} } }, 'error shape autoConfigure.allowlist[0]'],
  ])('%j', (rest, expected) => {
    expect(brief(check(rest))).toContain(expected);
  });
});

describe('templates', () => {
  test.each([
    [{ execute: { message: '{{tsak}}' } }, 'execute.message', 'Did you mean {{task}}?'],
    [{ execute: { message: '{{brand}}' } }, 'execute.message', 'input.<field>'],
    [{ plan: { general: ['{{nope}}'] } }, 'plan.general[0]', 'Known: '],
    [{ defaults: { assumptions: ['ok', '{{}}'] } }, 'defaults.assumptions[1]', 'Known: '],
    [{ verify: { requiredFiles: ['{{home}}/{{constructor}}'] } }, 'verify.requiredFiles[0]', 'Known: '],
  ])('%j: an unknown name is an error before anything runs', (rest, path, hint) => {
    const finding = one(rest);
    expect(finding).toMatchObject({ severity: 'error', code: 'unknown-template' });
    expect(formatPath(finding?.path ?? [])).toBe(path);
    expect(finding?.hint).toContain(hint);
  });

  test.each([
    [{ plan: { general: ['{{brief}}'] } }],
    [{ deliver: { summaryFile: '{{home}}/outbox/{{input.name}}-{{runId}}.md' } }],
    [{ deliver: { summaryFile: '{{home}}/outbox/{{idempotencyKey}}-{{runId}}.md' } }],
    [{ autoConfigure: { allowlist: ['t'], toolCommands: { t: { command: 'x', args: ['{{task}}'] } } } }],
    [{ autoConfigure: { allowlist: ['t'], toolCommands: { t: { command: 'x', args: ['{{runId}}'] } } } }],
  ])('%j: a known name where it must not stand is refused', (rest) => {
    expect(one(rest)).toMatchObject({ severity: 'error', code: 'template-not-here' });
  });

  test('fields of the input may stand wherever values may', () => {
    const execute = { command: 'x', args: ['--a={{input.a}}'] };
    const verify = { requiredFiles: ['{{artifacts}}/{{input.a}}.md'] };
    expect(check({ execute, verify, plan: { general: ['for {{input.a}}'] } })).toEqual([]);
  });

  test('braces that are not closed are pointed out, for they are sent as they stand', () => {
    expect(one({ execute: { message: 'a {{task' } })?.severity).toBe('warning');
  });
});

describe('paths', () => {
  test.each([
    ['{{home}}/outbox/last.md', 'expected {{runId}}'],
    ['{{home}}/logs/{{runId}}.md', 'nothing may be written into "logs"'],
    ['{{home}}/./State/{{runId}}.md', 'nothing may be written into "state"'],
    ['{{ home }}//blobs/{{runId}}', 'nothing may be written into "blobs"'],
    ['{{home}}/definitions/{{runId}}.json', 'nothing may be written into "definitions"'],
    ['{{home}}/config.json/{{runId}}', 'nothing may be written into "config.json"'],
    ['/srv/workflows/state/runs/{{runId}}.json', 'nothing may be written into "state"'],
    ['{{home}}/outbox/../logs/{{runId}}.md', '".." is not allowed'],
    ['{{runId}}.md', 'expected a path beginning with'],
    ['~/x/{{runId}}.md', '"~" is not expanded'],
    ['{{home}}/outbox/{{runId}}/', 'got a folder'],
  ])('summaryFile %s is refused', (summaryFile, expectation) => {
    const errors = check({ deliver: { summaryFile } }).filter(({ severity }) => severity === 'error');
    expect(errors.map(({ message }) => message).join('\n')).toContain(expectation);
    expect(errors[0]?.path).toEqual(['deliver', 'summaryFile']);
  });

  test('artifacts, outbox and an absolute place of its own are fine', () => {
    for (const summaryFile of [
      '{{artifacts}}/{{runId}}.md',
      '{{home}}/outbox/a/{{runId}}.md',
      '/srv/out/{{runId}}.md',
    ]) {
      expect(check({ deliver: { summaryFile } })).toEqual([]);
    }
  });

  test('a relative path is read from the home, and said so', () => {
    expect(one({ deliver: { summaryFile: 'outbox/{{runId}}.md' } })).toMatchObject({
      severity: 'warning',
      code: 'relative-path',
    });
  });
});

describe('limits, notify and reminders', () => {
  test('as the format has them', () => {
    expect(
      check({
        execute: { steps: [{ id: 'a', dispatcher: 'agent', agent: 'claude' }] },
        limits: { concurrency: 1, runsPerDay: 24, costUsdPerRun: 0.5, costUsdPerDay: 5 },
        notify: [
          { on: ['failed', 'waiting', 'missed'], to: ['phone', 'default'], repeat: '4h' },
          { on: ['completed'] },
        ],
        approval: [{ at: 'execute', remindAfter: '4h', expiresIn: '20h' }],
      }),
    ).toEqual([]);
  });

  test.each([
    [{ limits: { concurrency: 0 } }, 'limits.concurrency', 'at least 1'],
    [{ limits: { runsPerDay: 1.5 } }, 'limits.runsPerDay', 'whole number'],
    [{ limits: { costUsdPerRun: 0 } }, 'limits.costUsdPerRun', 'at least 0.01'],
    [{ notify: [{ on: ['fail'] }] }, 'notify[0].on[0]', 'expected one of failed'],
    [{ notify: [{ on: [] }] }, 'notify[0].on', 'at least 1 entry'],
    [{ notify: [{ on: ['failed'], to: '--x' }] }, 'notify[0].to', 'expected letters'],
    [{ notify: [{ on: ['failed'], to: 7 }] }, 'notify[0].to', 'or a list'],
    [{ notify: [{ on: ['failed'], to: [] }] }, 'notify[0].to', 'at least 1 entry'],
    [{ notify: [{ on: ['failed'], repeat: '30s' }] }, 'notify[0].repeat', 'at least "1m"'],
    [{ approval: [{ at: 'execute', remindAfter: '10s' }] }, 'approval[0].remindAfter', 'at least "1m"'],
  ])('%j is refused at its place', (rest, path, words) => {
    const finding = one(rest);
    expect(finding).toMatchObject({ severity: 'error' });
    expect(formatPath(finding?.path ?? [])).toBe(path);
    expect(finding?.message).toContain(words);
  });

  test('what would have no effect is said', () => {
    const command = { command: '/bin/x' };
    expect(brief(check({ execute: command, limits: { costUsdPerRun: 1 } }))).toEqual([
      'warning no-effect limits.costUsdPerRun',
    ]);
    expect(check({ notify: [{ on: ['failed'], repeat: '4 hours' }] })).toHaveLength(1);
    expect(brief(check({ notify: [{ on: ['completed'], repeat: '1h' }] }))).toEqual([
      'warning no-effect notify[0].repeat',
    ]);
    expect(brief(check({ approval: [{ at: 'execute', remindAfter: '4h', expiresIn: '4h' }] }))).toEqual([
      'warning no-effect approval[0].remindAfter',
    ]);
  });
});
