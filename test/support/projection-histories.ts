/**
 * Plausible histories of a home, as commits in the order they are appended. A plan says what happens to each run,
 * tool and workflow; the picks interleave them as several processes would.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { AnyEvent } from '../../src/events/catalog.ts';
import { keyStream, runStream, toolStream, workflowStream } from '../../src/events/streams.ts';

export type HistoryCommit = { readonly stream: string; readonly events: readonly AnyEvent[] };

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

export const ENDINGS = [
  'running',
  'completed',
  'handed_off',
  'reported',
  'report-error',
  'withdrawn',
  'failed',
  'resumed',
  'cancelled',
  'approval',
  'approved',
  'rejected',
  'unknown',
  'resolved',
  'retry',
  'outcome',
] as const;
/** What retention leaves behind, and a run that went on after it. */
const EXPIRIES = ['expired', 'expired-resumed'] as const;
/** The texts of a run may be erased once it is over. */
const ERASED = ['erased', 'erased-task'] as const;
export type Ending = (typeof ENDINGS | typeof EXPIRIES | typeof ERASED)[number];

export type RunPlan = {
  readonly n: number;
  readonly workflow: string;
  readonly key: string;
  readonly forced: boolean;
  readonly ending: Ending;
  readonly input: string;
  readonly output: string;
  readonly summaryFile: string;
};

/** 26 characters, sorting by n; two neighbours share a long beginning. */
export const runIdOfPlan = (n: number): string => `01KAQ7ZM4XYZ${String(n).padStart(14, '0')}`;

const OWNER = { host: 'h', bootId: 'b', pid: 7, pidStart: '1' };
const SALT = 'saltsaltsalt';

/** The commits of one run, each on its own stream, in order. */
export function runCommits(plan: RunPlan): HistoryCommit[] {
  const { workflow, key, forced, input } = plan;
  const runId = runIdOfPlan(plan.n);
  const stream = runStream(runId);
  const keys = keyStream(sha(`${workflow}\n${key}`));
  const commits: HistoryCommit[] = [];
  const run = (...events: AnyEvent[]): void => {
    commits.push({ stream, events });
  };
  const inputHash = sha(input);
  commits.push({
    stream: keys,
    events: [
      { type: 'KeyClaimed', data: { workflowId: workflow, key, runId, runVersion: 0, inputHash, forced } },
    ],
  });
  run(
    {
      type: 'RunStarted',
      data: {
        runId,
        workflowId: workflow,
        definitionHash: sha('d'),
        key,
        inputHash,
        input,
        redactions: 0,
        forced,
        salt: SALT,
      },
    },
    { type: 'RunLeased', data: { owner: OWNER } },
    started('intake'),
    {
      type: 'StageCompleted',
      data: { stage: 'intake', attempt: 1, output: { kind: 'text', bytes: 1, redactions: 0 } },
    },
    started('classify'),
    {
      type: 'StageCompleted',
      data: {
        stage: 'classify',
        attempt: 1,
        output: { route: 'content', risk: 'low', words: ['write'], highRiskWords: [], because: 'words' },
      },
    },
    started('plan'),
    {
      type: 'StageCompleted',
      data: { stage: 'plan', attempt: 1, output: { route: 'content', steps: ['Do.'], assumptions: [] } },
    },
    started('configure_tools'),
    {
      type: 'StageCompleted',
      data: { stage: 'configure_tools', attempt: 1, output: { configured: [], skipped: [] } },
    },
  );
  endings(plan, runId, run);
  if (plan.ending === 'resumed' || plan.ending === 'expired-resumed') {
    // A failed run claims again before it is resumed.
    const claim = { workflowId: workflow, key, runId, runVersion: 17, inputHash, forced };
    commits.splice(-1, 0, { stream: keys, events: [{ type: 'KeyClaimed', data: claim }] });
  }
  commits.push({
    stream: keys,
    events: [{ type: 'RunReused', data: { workflowId: workflow, key, runId, status: plan.ending } }],
  });
  return commits;
}

type Run = (...events: AnyEvent[]) => void;

const started = (
  stage: 'intake' | 'classify' | 'plan' | 'configure_tools' | 'execute' | 'verify' | 'deliver' | 'log',
  attempt = 1,
): AnyEvent => ({
  type: 'StageStarted',
  data: { stage, attempt },
});

/** Every arm ends in its last commit; a missing one would not compile. */
function endings(plan: RunPlan, runId: string, run: Run): null {
  const task = `T-${runId}`;
  const manual = (attempt: number): AnyEvent[] => [
    intended(runId, attempt, 'manual', `Brief ${attempt} of ${plan.input}\nnonce: abc`, task),
    {
      type: 'EffectConfirmed',
      data: { effectId: `E-${runId}-${attempt}`, outcome: 'handed_off', receipt: { by: 'queue' } },
    },
  ];
  const act = (attempt: number): AnyEvent[] => [
    intended(runId, attempt, 'command', '/bin/true'),
    {
      type: 'EffectConfirmed',
      data: {
        effectId: `E-${runId}-${attempt}`,
        outcome: 'done',
        receipt: { by: 'process', exitCode: 0 },
        stdout: plan.output,
      },
    },
  ];
  const finish = (mode: 'work' | 'hand-over', attempt = 1): AnyEvent[] => [
    {
      type: 'StageCompleted',
      data: {
        stage: 'execute',
        attempt,
        output: { outcome: mode === 'work' ? 'done' : 'handed_off', steps: [] },
      },
    },
    started('verify', attempt),
    { type: 'StageCompleted', data: { stage: 'verify', attempt, output: { mode, ok: true, checks: [] } } },
    started('deliver', attempt),
    {
      type: 'StageCompleted',
      data: { stage: 'deliver', attempt, output: { summaryFile: plan.summaryFile } },
    },
    started('log', attempt),
    { type: 'StageCompleted', data: { stage: 'log', attempt, output: { logged: true } } },
  ];
  const done: AnyEvent = { type: 'RunCompleted', data: { outcome: 'done' } };
  const handedOff: AnyEvent = { type: 'RunHandedOff', data: { taskIds: [task] } };
  const error = { code: 'exit', message: `failed: ${plan.output}` };
  const fail: AnyEvent[] = [
    intended(runId, 1, 'command', '/bin/false'),
    { type: 'EffectFailed', data: { effectId: `E-${runId}-1`, performed: true, error, exitCode: 1 } },
    { type: 'StageFailed', data: { stage: 'execute', attempt: 1, error, step: 'main' } },
    { type: 'RunFailed', data: { stage: 'execute', step: 'main', error } },
  ];
  const approvalId = `A-${runId}`;
  const ask: AnyEvent = {
    type: 'ApprovalRequested',
    data: {
      approvalId,
      at: 'execute',
      risk: 'high',
      reasons: ['"restart"'],
      binding: sha(runId),
      covers: [],
    },
  };
  const unknown: AnyEvent = {
    type: 'EffectUnknown',
    data: { effectId: `E-${runId}-1`, reason: { code: 'timeout', message: 'no answer' } },
  };
  const report = (status: 'ok' | 'error'): AnyEvent => ({
    type: 'OutcomeReported',
    data: {
      effectId: `E-${runId}-1`,
      status,
      text: plan.output,
      contentHash: sha(plan.output),
      by: 'me',
      withNonce: true,
      salt: SALT,
    },
  });
  const resumed = (
    reason: 'requested' | 'approved' | 'reported' | 'resolved' | 'task-withdrawn',
  ): AnyEvent => ({
    type: 'RunResumed',
    data: { reason, by: 'me' },
  });
  const add = (...events: AnyEvent[]): null => {
    run(...events);
    return null;
  };
  run(started('execute'));
  switch (plan.ending) {
    case 'running':
      return add(intended(runId, 1, 'command', '/bin/true'));
    case 'completed':
      run(...act(1));
      return add(...finish('work'), done);
    case 'handed_off':
      return add(...manual(1), ...finish('hand-over'), handedOff);
    case 'erased':
      run(...act(1), ...finish('work'), done);
      return add(erased(plan, runId, 'completed'));
    case 'erased-task':
      run(...manual(1), ...finish('hand-over'), handedOff);
      return add(erased(plan, runId, 'handed_off'));
    case 'reported':
      run(...manual(1), ...finish('hand-over'), handedOff);
      run(report('ok'));
      return add(resumed('reported'), ...finish('work', 2), done);
    case 'report-error':
      run(...manual(1), ...finish('hand-over'), handedOff);
      run(report('error'));
      return add(resumed('reported'), { type: 'RunFailed', data: { stage: 'execute', error } });
    case 'withdrawn':
      run(...manual(1), ...finish('hand-over'), handedOff);
      return add(
        { type: 'TaskWithdrawn', data: { effectId: `E-${runId}-1`, by: 'me' } },
        resumed('task-withdrawn'),
        ...act(2),
      );
    case 'failed':
      return add(...fail);
    case 'resumed':
      run(...fail);
      return add(resumed('requested'), started('execute', 2), ...act(2), ...finish('work', 2), done);
    case 'expired':
      run(...act(1));
      run(...finish('work'), done);
      run({ type: 'ArtifactsExpired', data: { keep: '7d' } });
      return add({ type: 'RunFilesExpired', data: { keep: 3 } });
    case 'expired-resumed':
      run(...fail);
      run({ type: 'RunFilesExpired', data: { keep: '400d' } });
      return add(resumed('requested'), started('execute', 2), ...act(2), ...finish('work', 2), done);
    case 'cancelled':
      run(...manual(1));
      return add({ type: 'RunCancelled', data: { by: 'me' } });
    case 'approval':
      return add(ask);
    case 'approved':
      run(ask);
      run({ type: 'ApprovalGranted', data: { approvalId, binding: sha(runId), by: 'me', via: 'terminal' } });
      return add(resumed('approved'), ...act(1), ...finish('work'), done);
    case 'rejected':
      run(ask);
      return add(
        { type: 'ApprovalRejected', data: { approvalId, by: 'me' } },
        { type: 'RunCancelled', data: { by: 'me' } },
      );
    case 'unknown':
      return add(intended(runId, 1, 'command', 'x'), unknown);
    case 'resolved':
      run(intended(runId, 1, 'command', 'x'), unknown);
      return add(
        { type: 'EffectResolved', data: { effectId: `E-${runId}-1`, verdict: 'sent', by: 'me' } },
        resumed('resolved'),
      );
    case 'retry':
      return add(intended(runId, 1, 'command', 'x'), {
        type: 'EffectFailed',
        data: { effectId: `E-${runId}-1`, performed: false, error, retryAt: '2027-01-01T00:00:00.000Z' },
      });
    case 'outcome':
      return add(intended(runId, 1, 'openclaw', 'm', task), {
        type: 'EffectConfirmed',
        data: {
          effectId: `E-${runId}-1`,
          outcome: 'handed_off',
          awaited: true,
          receipt: { by: 'process', jobId: 'j' },
        },
      });
  }
}

const erased = (plan: RunPlan, runId: string, status: 'completed' | 'handed_off'): AnyEvent => ({
  type: 'RunErased',
  data: {
    runId,
    workflowId: plan.workflow,
    definitionHash: sha('d'),
    key: plan.key,
    forced: plan.forced,
    status,
    outcome: status === 'completed' ? 'done' : 'handed_off',
    route: 'content',
    createdAt: '2026-11-23T00:00:00.000Z',
    finishedAt: '2026-11-23T00:00:01.000Z',
    by: 'me',
  },
});

const intended = (
  runId: string,
  attempt: number,
  dispatcher: 'command' | 'manual' | 'openclaw',
  preview: string,
  taskId?: string,
): AnyEvent => ({
  type: 'EffectIntended',
  data: {
    effectId: `E-${runId}-${attempt}`,
    step: 'main',
    attempt,
    dispatcher,
    key: `wf:${runId}:execute.main:${attempt}`,
    idempotent: false,
    awaits: 'auto',
    preview,
    ...(taskId === undefined ? {} : { taskId, nonce: 'abc' }),
  },
});

export type ToolPlan = {
  readonly tool: string;
  readonly hosts: readonly string[];
  readonly acts: readonly ('ok' | 'fail' | 'reset' | 'start')[];
};

export function toolCommits(plan: ToolPlan): HistoryCommit[] {
  const { tool } = plan;
  return plan.hosts.flatMap((host) =>
    plan.acts.map((act, i): HistoryCommit => {
      const commandHash = sha(`${tool}${i % 2}`);
      const start: AnyEvent = {
        type: 'ToolBootstrapStarted',
        data: { tool, commandHash, command: ['mkdir'], owner: OWNER },
      };
      const end: AnyEvent =
        act === 'ok'
          ? { type: 'ToolBootstrapped', data: { tool, commandHash } }
          : { type: 'ToolBootstrapFailed', data: { tool, commandHash, error: { code: 'x', message: 'no' } } };
      const stream = toolStream(host, tool);
      if (act === 'reset') return { stream, events: [{ type: 'ToolReset', data: { tool, by: 'me' } }] };
      return { stream, events: act === 'start' ? [start] : [start, end] };
    }),
  );
}

export type WorkflowPlan = {
  readonly workflow: string;
  readonly scores: readonly number[];
  readonly fate: 'proposed' | 'applied' | 'abandoned' | 'reverted';
};

export function workflowCommits({ workflow, scores, fate }: WorkflowPlan, n = 0): HistoryCommit[] {
  const stream = workflowStream(workflow);
  const one = (event: AnyEvent): HistoryCommit => ({ stream, events: [event] });
  const improvementId = `I-${workflow}-${n}`;
  const change = { kind: 'add-assumption', catalogueId: 'sources', sentence: 'Cite sources.' } as const;
  const ids = { improvementId, workflowId: workflow };
  const intent = (id: string, reverts?: string): AnyEvent => ({
    type: 'ImprovementIntended',
    data: {
      improvementId: id,
      workflowId: workflow,
      beforeHash: sha('a'),
      afterHash: sha('b'),
      changes: [change],
      backup: 'definitions/.backups/x.json',
      ...(reverts === undefined ? {} : { reverts }),
    },
  });
  const commits = [
    one({
      type: 'DefinitionRegistered',
      data: { workflowId: workflow, definitionHash: sha(`d${n}`), source: 'bundled', body: '{}' },
    }),
    ...scores.map((score, i) =>
      one({
        type: 'FeedbackSubmitted',
        data: {
          feedbackId: `F-${workflow}-${n}-${i}`,
          workflowId: workflow,
          score,
          text: 'more sources',
          by: 'me',
          salt: SALT,
        },
      }),
    ),
    one({
      type: 'ImprovementProposed',
      data: {
        proposalId: `P-${workflow}-${n}`,
        workflowId: workflow,
        suggestions: [
          { catalogueId: 'sources', risk: 'low', summary: 'Cite sources', evidence: ['F'], change },
          { catalogueId: 'advice', risk: 'high', summary: 'Think', evidence: [] },
        ],
        feedbackCount: scores.length,
        runCount: 0,
      },
    }),
  ];
  if (fate === 'proposed') return commits;
  commits.push(one(intent(improvementId)));
  if (fate === 'abandoned')
    commits.push(one({ type: 'ImprovementAbandoned', data: { ...ids, reason: 'changed' } }));
  else commits.push(one({ type: 'ImprovementApplied', data: { ...ids, afterHash: sha('b') } }));
  if (fate === 'reverted') {
    const revert = `${improvementId}-r`;
    commits.push(one(intent(revert, improvementId)));
    commits.push(
      one({
        type: 'ImprovementReverted',
        data: { improvementId: revert, workflowId: workflow, reverts: improvementId, afterHash: sha('a') },
      }),
    );
  }
  return commits;
}

/** Merges lists of commits; each keeps its own order. A pick chooses whose turn it is. */
export function interleave(
  lists: readonly (readonly HistoryCommit[])[],
  picks: readonly number[],
): HistoryCommit[] {
  const queues = lists.map((list) => [...list]);
  const merged: HistoryCommit[] = [];
  for (let turn = 0; ; turn++) {
    const open = queues.filter((queue) => queue.length > 0);
    if (open.length === 0) return merged;
    const next = open[(picks[turn % Math.max(1, picks.length)] ?? 0) % open.length]?.shift();
    if (next !== undefined) merged.push(next);
  }
}

const workflowName = fc.constantFrom('alpha', 'beta');

const textArb = fc.oneof(
  fc.constantFrom(
    'write a blog',
    'two\nlines\n```\n# not a heading\n````',
    '',
    'constructor',
    '😀'.repeat(150),
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);

const runPlans = fc.array(
  fc.record({
    workflow: workflowName,
    key: fc.constantFrom('k1', 'k2', '__proto__', 'alpha:k1'),
    forced: fc.boolean(),
    ending: fc.constantFrom<Ending>(...ENDINGS, ...EXPIRIES, ...ERASED),
    input: textArb,
    output: textArb,
    summaryFile: fc.constantFrom(
      'outbox/{id}.md',
      'artifacts/{id}/copy.md',
      'outbox/extra/{id}.txt',
      'state/runs/{id}.json',
      '../{id}',
    ),
  }),
  { maxLength: 6 },
);

/** Whole histories, interleaved. */
export const historyArb: fc.Arbitrary<HistoryCommit[]> = fc
  .record({
    runs: runPlans,
    tools: fc.array(
      fc.record({
        tool: fc.constantFrom('dir', 'net'),
        hosts: fc.constantFrom(['h1'], ['h1', 'h2']),
        acts: fc.array(fc.constantFrom('ok', 'fail', 'reset', 'start'), { maxLength: 4 }),
      }),
      { maxLength: 1 },
    ),
    workflows: fc.array(
      fc.record({
        workflow: workflowName,
        scores: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
        fate: fc.constantFrom('proposed', 'applied', 'abandoned', 'reverted'),
      }),
      { maxLength: 2 },
    ),
    picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }),
  })
  .map(({ runs, tools, workflows, picks }) =>
    interleave(
      [
        ...runs.map((plan, n) =>
          runCommits({ ...plan, n, summaryFile: plan.summaryFile.replace('{id}', runIdOfPlan(n)) }),
        ),
        ...tools.map(toolCommits),
        ...workflows.map(workflowCommits),
      ],
      picks,
    ),
  );
