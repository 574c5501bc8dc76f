/**
 * The engine under everything at once: requests, resumes, reports, approvals, cancellations, processes killed at any
 * append or act, power cuts. After each step the log must satisfy every promise made to the user.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelRun, recordAndContinue } from '../../src/engine/outside-commands.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { OutsideCommand } from '../../src/workflow/command.ts';
import type { EffectResult } from '../../src/workflow/effects.ts';
import {
  assertInvariants,
  BROKEN,
  DONE,
  IN_DOUBT,
  JOB,
  NOT_PERFORMED,
  Simulation,
} from '../support/simulation.ts';

const CALM = { classify: { routes: [], fallback: { name: 'general', risk: 'low' } } };
const RISKY = { classify: { routes: [], fallback: { name: 'ops', risk: 'high' } } };
const RETRY = { maxAttempts: 3, backoff: '1s' };
const command = (id: string, more: object = {}) => ({
  id,
  dispatcher: 'command',
  command: '/bin/x',
  ...more,
});

const DEFINITIONS = {
  plain: { id: 'plain', ...CALM, execute: { command: '/bin/x', retry: RETRY } },
  again: { id: 'again', ...CALM, execute: { command: '/bin/x', idempotent: true, retry: RETRY } },
  steps: {
    id: 'steps',
    ...CALM,
    autoConfigure: { enabled: true, allowlist: ['t'], toolCommands: { t: { command: '/bin/t', args: [] } } },
    execute: { steps: [command('a', { retry: RETRY }), command('b', { idempotent: true }), command('c')] },
  },
  manual: { id: 'manual', ...CALM, execute: { dispatcher: 'manual' } },
  awaited: {
    id: 'awaited',
    ...CALM,
    execute: { steps: [{ id: 'ask', dispatcher: 'manual' }, command('then')] },
  },
  risky: { id: 'risky', ...RISKY, execute: { steps: [command('a', { retry: RETRY }), command('b')] } },
  learns: { id: 'learns', ...CALM, execute: { command: '/bin/x' }, selfImprove: { enabled: true } },
};
type WorkflowId = keyof typeof DEFINITIONS;

type Model = { kill: number | null };
type Real = Simulation;

/** One thing a user or the world does; it always may be tried, and the log must hold whatever comes of it. */
abstract class Step implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    real.killAt(model.kill);
    model.kill = null;
    await this.act(real);
    assertInvariants(real);
  }
  abstract act(real: Real): Promise<void>;
}

class Run extends Step {
  readonly workflowId: WorkflowId;
  readonly input: string;
  readonly force: boolean;
  constructor(workflowId: WorkflowId, input: string, force: boolean) {
    super();
    this.workflowId = workflowId;
    this.input = input;
    this.force = force;
  }
  async act(real: Real): Promise<void> {
    const { workflowId, input, force } = this;
    await real.process((ports) => startRun(ports, { workflowId, input, force, detach: false }));
  }
  override toString = () => `run(${this.workflowId}, ${this.input}${this.force ? ', force' : ''})`;
}

/** Everything that names a run picks one of those there are. */
abstract class OnRun extends Step {
  readonly pick: number;
  constructor(pick: number) {
    super();
    this.pick = pick;
  }
  async act(real: Real): Promise<void> {
    const ids = real.runIds();
    const runId = ids[this.pick % Math.max(1, ids.length)];
    if (runId !== undefined) await this.on(real, runId);
  }
  abstract on(real: Real, runId: string): Promise<void>;
}

class Resume extends OnRun {
  async on(real: Real, runId: string): Promise<void> {
    await real.process((ports) => resumeRun(ports, { runId, takeOver: false, withCurrentDefinition: false }));
  }
  override toString = () => `resume(${this.pick})`;
}

class Outside extends OnRun {
  readonly name: string;
  readonly make: (real: Real, runId: string) => OutsideCommand;
  constructor(pick: number, name: string, make: (real: Real, runId: string) => OutsideCommand) {
    super(pick);
    this.name = name;
    this.make = make;
  }
  async on(real: Real, runId: string): Promise<void> {
    await real.process((ports) => recordAndContinue(ports, runId, this.make(real, runId), { detach: false }));
  }
  override toString = () => `${this.name}(${this.pick})`;
}

class Cancel extends OnRun {
  async on(real: Real, runId: string): Promise<void> {
    await real.process((ports) => cancelRun(ports, runId, 'user'));
  }
  override toString = () => `cancel(${this.pick})`;
}

/** Changes the circumstances of what comes next. */
class Circumstance extends Step {
  readonly name: string;
  readonly change: (model: Model, real: Real) => void;
  constructor(name: string, change: (model: Model, real: Real) => void) {
    super();
    this.name = name;
    this.change = change;
  }
  override async run(model: Model, real: Real): Promise<void> {
    this.change(model, real);
    assertInvariants(real);
  }
  async act(): Promise<void> {}
  override toString = () => this.name;
}

const pendingApproval = (real: Real, runId: string): string =>
  real.run(runId).approvals.find((approval) => approval.status === 'pending')?.approvalId ?? 'A-none';

const result: fc.Arbitrary<EffectResult> = fc.constantFrom(DONE, DONE, JOB, BROKEN, NOT_PERFORMED, IN_DOUBT);
const pick = fc.nat(5);
const commands = [
  fc
    .tuple(
      fc.constantFrom(...(Object.keys(DEFINITIONS) as WorkflowId[])),
      fc.constantFrom('x', 'y'),
      fc.boolean(),
    )
    .map(([workflowId, input, force]) => new Run(workflowId, input, force)),
  pick.map((n) => new Resume(n)),
  pick.map(
    (n) => new Outside(n, 'report ok', () => ({ type: 'Report', status: 'ok', text: 'done', by: 'u' })),
  ),
  pick.map((n) => new Outside(n, 'report error', () => ({ type: 'Report', status: 'error', by: 'u' }))),
  pick.map(
    (n) =>
      new Outside(n, 'approve', (real, id) => ({
        type: 'Approve',
        approvalId: pendingApproval(real, id),
        by: 'u',
      })),
  ),
  pick.map(
    (n) =>
      new Outside(n, 'reject', (real, id) => ({
        type: 'Reject',
        approvalId: pendingApproval(real, id),
        by: 'u',
      })),
  ),
  pick.map((n) => new Outside(n, 'resolve sent', () => ({ type: 'Resolve', verdict: 'sent', by: 'u' }))),
  pick.map(
    (n) => new Outside(n, 'resolve not-sent', () => ({ type: 'Resolve', verdict: 'not-sent', by: 'u' })),
  ),
  pick.map((n) => new Cancel(n)),
  fc.integer({ min: 1, max: 14 }).map(
    (n) =>
      new Circumstance(`kill at ${n}`, (model) => {
        model.kill = n;
      }),
  ),
  fc.constant(new Circumstance('power cut', (_, real) => real.powerCut())),
  fc.constant(new Circumstance('reopen', (_, real) => real.reopen())),
  fc
    .array(result, { minLength: 1, maxLength: 4 })
    .map(
      (list) =>
        new Circumstance(`world: ${list.map((r) => r.result).join(',')}`, (_, real) => real.willResult(list)),
    ),
];

const seen = new Set<string>();

describe('the engine, whatever happens to it', () => {
  it('never breaks a promise to the user', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 30, size: 'max' }), async (list) => {
        const real = new Simulation({ definitions: DEFINITIONS });
        await fc.asyncModelRun(() => ({ model: { kill: null }, real }), list);
        for (const event of real.store.events()) seen.add(event.type);
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('reaches every kind of event that a run, a key or a tool can have', () => {
    const reached = [...seen].sort();
    for (const type of RUN_KINDS) expect(reached, `no generated history has a ${type}`).toContain(type);
  });
});

/** TaskWithdrawn and DefinitionAdopted need a changed configuration: see run-kinds in test/unit. */
const RUN_KINDS = [
  'KeyClaimed',
  'RunReused',
  'RunStarted',
  'RunLeased',
  'RunResumed',
  'StageStarted',
  'StageCompleted',
  'StageFailed',
  'EffectIntended',
  'EffectConfirmed',
  'EffectFailed',
  'EffectUnknown',
  'EffectResolved',
  'ApprovalRequested',
  'ApprovalGranted',
  'ApprovalRejected',
  'OutcomeReported',
  'RunCompleted',
  'RunHandedOff',
  'RunFailed',
  'RunCancelled',
  'ToolBootstrapStarted',
  'ToolBootstrapped',
  'DefinitionRegistered',
];
