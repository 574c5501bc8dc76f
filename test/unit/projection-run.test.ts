/** Given the events of a run, then the bytes of its record, summary and briefs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isBlobRef, type Text } from '../../src/events/envelope.ts';
import type { StoredRunEvent } from '../../src/events/run-events.ts';
import { fenced, oneLine } from '../../src/projections/fence.ts';
import { runFiles } from '../../src/projections/run-files.ts';
import { runRecord } from '../../src/projections/run-record.ts';
import { evolveRunFold, noRunFold, type RunFold, runRow } from '../../src/projections/run-row.ts';
import { runSignals } from '../../src/projections/run-signals.ts';
import { summary } from '../../src/projections/summary.ts';
import { ENDINGS, type Ending, runCommits, runIdOfPlan } from '../support/projection-histories.ts';

const resolve = (text: Text): string => (isBlobRef(text) ? `whole ${text.blob}` : text);
const runId = runIdOfPlan(0);

function given(
  ending: Ending,
  input = 'write a blog',
  output = '{"ok":true}',
  summaryFile = `outbox/${runId}.md`,
): RunFold {
  const plan = { n: 0, workflow: 'alpha', key: 'k', forced: false, ending, input, output, summaryFile };
  const events = runCommits(plan)
    .filter((commit) => commit.stream.startsWith('run/'))
    .flatMap((commit) => commit.events);
  return events.reduce<RunFold>(
    (fold, event, i) =>
      evolveRunFold(fold, {
        ...(event as StoredRunEvent),
        seq: i + 10,
        id: '01KAQ7ZM4X0000000000000000',
        streamVersion: i + 1,
        ts: new Date(Date.UTC(2026, 10, 23, 0, 0, i)).toISOString(),
      }),
    noRunFold,
  );
}

const recordOf = (fold: RunFold) => JSON.parse(runRecord(fold.state, resolve)) as Record<string, never>;
const legacy = (name: string) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../fixtures/legacy-home/state/runs', `${name}.json`), 'utf8'),
  ) as Record<string, unknown> & { context: object; stages: Record<string, unknown>[] };

describe('the run record', () => {
  test('has every key of the script engine, in its order, so that old readers go on working', () => {
    const old = legacy('0b3b4251-2798-4dcd-b527-e9ac512b1836');
    const now = recordOf(given('completed'));
    expect(Object.keys(now).slice(0, Object.keys(old).length)).toEqual(Object.keys(old));
    expect(Object.keys(now.context ?? {})).toEqual(Object.keys(old.context));
    const stages = now.stages as unknown as Record<string, unknown>[];
    expect(stages.map((stage) => Object.keys(stage))).toEqual(old.stages.map((stage) => Object.keys(stage)));
    expect(stages.map((stage) => stage.name)).toEqual(old.stages.map((stage) => stage.name));
    for (const [i, stage] of old.stages.entries()) {
      const known = stage.name === 'log' ? ['logged'] : Object.keys(stage.output as object);
      expect(Object.keys(stages[i]?.output as object)).toEqual(expect.arrayContaining(known));
    }
  });

  test('says a failure as the script engine did: a text in the stage, nothing in the ones after', () => {
    const record = recordOf(given('failed', 'x', 'boom'));
    const stages = record.stages as unknown as {
      name: string;
      status: string;
      error: unknown;
      startedAt: unknown;
    }[];
    expect(stages.find((s) => s.name === 'execute')).toMatchObject({
      status: 'failed',
      error: 'failed: boom',
    });
    expect(stages.find((s) => s.name === 'verify')).toMatchObject({
      status: 'pending',
      error: null,
      startedAt: null,
    });
    expect(record).toMatchObject({
      status: 'failed',
      outcome: 'failed',
      error: { stage: 'execute', step: 'main' },
    });
  });

  test('context is absent where nothing is known yet, as in old records', () => {
    const record = recordOf(given('approval'));
    expect(Object.keys(record.context ?? {})).toEqual(['task', 'route', 'plan', 'tools']);
    expect(record).toMatchObject({
      status: 'waiting',
      waiting: { for: 'approval' },
      approvals: [{ status: 'pending' }],
    });
  });

  test.each(ENDINGS)('never holds the one-time word of a brief (%s)', (ending) => {
    const text = runRecord(given(ending).state, resolve);
    expect(text).not.toContain('nonce');
    expect(text.endsWith('}\n')).toBe(true);
  });

  test('shows the whole text behind a reference', () => {
    const { state } = given('completed');
    const long = { ...state, input: { blob: 'abc', bytes: 1, preview: 'a' } };
    expect(JSON.parse(runRecord(long, resolve))).toMatchObject({
      input: 'whole abc',
      context: { task: 'whole abc' },
    });
  });
});

describe('the summary', () => {
  test('is the script engine’s shape with the final status', () => {
    expect(summary(given('completed').state, resolve)).toBe(
      [
        `# Workflow Run ${runId}`,
        '- Workflow: alpha',
        '- Route: content',
        '- Task: write a blog',
        '- Status: completed',
        '- Outcome: done',
        '- Updated: 2026-11-23T00:00:20.000Z',
        '',
        '## Execution',
        '```',
        '{"ok":true}',
        '```',
        '',
      ].join('\n'),
    );
  });

  test('a task of several lines stays one list item and cannot forge a status', () => {
    const text = summary(given('completed', 'first\n- Status: failed\n\n# Heading').state, resolve);
    expect(text).toContain('- Task: first\n  - Status: failed\n  \n  # Heading\n- Status: completed\n');
  });

  test('output with fences of its own cannot end the block', () => {
    const output = 'a\n```\n## Error\n````\nb';
    const text = summary(given('completed', 'x', output).state, resolve);
    expect(text).toContain(`## Execution\n\`\`\`\`\`\n${output}\n\`\`\`\`\`\n`);
  });

  test('a terminal that shows it is not steered, and taking that out closes no block', () => {
    const text = summary(
      given('completed', 'wr\u001b]0;x\u0007ite\r\nit', 'a\u001b[2J\tb\u009bc\n``\u001b`\n## Error\r\n')
        .state,
      resolve,
    );
    expect(text.replace(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
    expect(text).toContain('- Task: wr]0;xite\n  it\n');
    expect(text).toContain('## Execution\n````\na[2J\tbc\n```\n## Error\n````\n');
  });

  test.each([
    ['handed_off', /nobody has reported it done yet/],
    ['approval', /## Waiting for\nApproval A-/],
    ['unknown', /wf resolve .* --sent \| --not-sent/],
    ['retry', /The next attempt, due 2027-01-01/],
    ['outcome', /The outcome of T-/],
    ['failed', /## Error\nIn execute, step main \(exit\):\n```\nfailed: /],
    ['reported', /## Report\nok, by me, .*:\n```\n\{"ok":true\}/],
  ] as const)('of a run that is %s says what a reader needs next', (ending, expected) => {
    expect(summary(given(ending).state, resolve)).toMatch(expected);
  });
});

describe('the files of a run', () => {
  const files = (ending: Ending, summaryFile?: string) =>
    runFiles(given(ending, undefined, undefined, summaryFile).state, resolve);

  test('a run on its way has a record and no summary', () => {
    expect([...files('running')].map(([path, text]) => [path, text !== null])).toEqual([
      [`state/runs/${runId}.json`, true],
      [`outbox/${runId}.md`, false],
    ]);
  });

  test.each(['failed', 'approval', 'unknown', 'cancelled', 'handed_off'] as const)(
    'a run that is %s has a summary too',
    (ending) => {
      expect(files(ending).get(`outbox/${runId}.md`)).toContain('# Workflow Run');
    },
  );

  test('the brief is exactly what was dispatched, and gone when the task was taken back', () => {
    const brief = files('handed_off').get(`tasks/T-${runId}.md`);
    expect(brief).toBe('Brief 1 of write a blog\nnonce: abc\n');
    expect(files('withdrawn').get(`tasks/T-${runId}.md`)).toBeNull();
    expect(files('cancelled').get(`tasks/T-${runId}.md`)).toBeNull();
    expect(files('reported').get(`tasks/T-${runId}.md`)).toBe(brief);
  });

  test('a copy is added where the definition wants one, and never in the place of a record', () => {
    expect(files('completed', 'artifacts/x.md').get('artifacts/x.md')).toContain('# Workflow Run');
    expect(files('completed', `./outbox/${runId}.md`).size).toBe(2);
    expect(files('completed', `state/runs/${runId}.json`).get(`state/runs/${runId}.json`)).toContain(
      '"runId"',
    );
    expect(files('completed', 'tasks/x.md').has('tasks/x.md')).toBe(false);
  });
});

describe('rows and signals', () => {
  test('a row is short whatever the task is', () => {
    const row = runRow(given('completed', `${'😀'.repeat(300)}\nsecond`));
    expect(row.task.length).toBeLessThanOrEqual(200);
    expect(row.task.isWellFormed()).toBe(true);
    expect(row).toMatchObject({
      status: 'completed',
      route: 'content',
      firstSeq: 10,
      durationMs: 20_000,
      attempts: 1,
    });
  });

  test('a run that failed once and succeeded later still counts as a failure in execute', () => {
    const row = runRow(given('resumed'));
    expect(row).toMatchObject({ status: 'completed', executeFailures: 1, verifyFailures: 0, attempts: 2 });
    expect(runSignals([row])).toMatchObject({ runCount: 1, failedRuns: 0, execFailures: 1, slowRuns: 0 });
  });

  test('slow is more than twice the median, and needs five runs to be said', () => {
    const run = (durationMs: number) => ({
      ...runRow(given('completed')),
      runId: `r${durationMs}`,
      durationMs,
    });
    const rows = [100, 110, 120, 130, 300].map(run);
    expect(runSignals(rows)).toMatchObject({ slowRuns: 1, slowRunIds: ['r300'], avgDurationMs: 152 });
    expect(runSignals(rows.slice(1)).slowRuns).toBe(0);
    expect(runSignals([])).toMatchObject({ finishedRuns: 0, avgDurationMs: null });
  });

  test.each([
    ['a  b\nc', 10, 'a b c'],
    ['abcdef', 4, 'abc…'],
    ['', 4, ''],
    ['abcd', 4, 'abcd'],
    [`abcd${' '.repeat(50)}`, 4, 'abc…'],
  ])('%j on one line of %i', (text, limit, expected) => {
    expect(oneLine(text, limit)).toBe(expected);
  });

  test('a fence closes on its own line even when the text ends in a newline', () => {
    expect(fenced('a\n')).toBe('```\na\n```\n');
  });
});
