/**
 * The engine under everything at once: requests, resumes, reports, approvals, cancellations, processes killed at any
 * append or act, power cuts. After each step the log must satisfy every promise made to the user.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelRun, recordAndContinue } from '../../src/engine/outside-commands.ts';
import { resumeRun } from '../../src/engine/resume-run.ts';
import { startRun } from '../../src/engine/start-run.ts';
import { keyEventSchemas } from '../../src/events/key-events.ts';
import { runEventSchemas } from '../../src/events/run-events.ts';
import { runStream } from '../../src/events/streams.ts';
import type { OutsideCommand } from '../../src/workflow/command.ts';
import type { EffectResult } from '../../src/workflow/effects.ts';
import { type FoldableEvent, foldRun, isExpiry } from '../../src/workflow/evolve.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { foretell } from '../../src/workflow/replay/foretell.ts';
import { preflight } from '../../src/workflow/replay/preflight.ts';
import { connectedIn } from '../../src/workflow/replay/recorded-answers.ts';
import { replayAgainst } from '../../src/workflow/replay/replay-against.ts';
import { outputOf } from '../../src/workflow/state.ts';
import { withoutWorld } from '../support/no-world.ts';
import { nthSeed, propertyRuns, propertyTimeoutMs } from '../support/property-runs.ts';
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
  auto: { id: 'auto', ...CALM, execute: { dispatcher: 'auto' } },
  awaited: {
    id: 'awaited',
    ...CALM,
    execute: { steps: [{ id: 'ask', dispatcher: 'manual' }, command('then')] },
  },
  risky: { id: 'risky', ...RISKY, execute: { steps: [command('a', { retry: RETRY }), command('b')] } },
  published: {
    id: 'published',
    ...CALM,
    execute: { steps: [command('draft'), command('extra', { onError: 'continue' })] },
    verify: { command: { command: '/bin/check' }, files: [{ path: '{{artifacts}}/post.md', fresh: true }] },
    approval: [{ at: 'deliver', onReject: 'redo', maxRedo: 1, expiresIn: '1h' }],
    deliver: { actions: [command('blog', { retry: RETRY }), command('social', { idempotent: true })] },
  },
  pruned: {
    id: 'pruned',
    ...CALM,
    execute: { steps: [command('backup'), command('prune')] },
    approval: [{ at: 'execute.prune', onReject: 'skip', expiresIn: '1h', onExpire: 'skip' }],
  },
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
  readonly key: string | undefined;
  constructor(workflowId: WorkflowId, input: string, force: boolean, key?: string) {
    super();
    this.workflowId = workflowId;
    this.input = input;
    this.force = force;
    this.key = key;
  }
  async act(real: Real): Promise<void> {
    const { workflowId, input, force, key } = this;
    const request = { workflowId, input, force, detach: false, ...(key === undefined ? {} : { key }) };
    await real.process((ports) => startRun(ports, request));
  }
  override toString = () =>
    `run(${this.workflowId}, ${this.input}${this.force ? ', force' : ''}${this.key ?? ''})`;
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
  readonly withCurrentDefinition: boolean;
  constructor(pick: number, withCurrentDefinition = false) {
    super(pick);
    this.withCurrentDefinition = withCurrentDefinition;
  }
  async on(real: Real, runId: string): Promise<void> {
    const { withCurrentDefinition } = this;
    await real.process((ports) => resumeRun(ports, { runId, takeOver: false, withCurrentDefinition }));
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
const HOUR_MS = 3_600_000;
const id = fc.constantFrom(...(Object.keys(DEFINITIONS) as WorkflowId[]));
const input = fc.constantFrom('x', 'y');
const outside = (name: string, make: (real: Real, runId: string) => OutsideCommand) =>
  pick.map((n) => new Outside(n, name, make));
const circumstance = (name: string, change: (model: Model, real: Real) => void) =>
  fc.constant(new Circumstance(name, change));
const commands = [
  fc.tuple(id, input, fc.boolean()).map(([workflow, text, force]) => new Run(workflow, text, force)),
  fc.tuple(id, input).map(([workflow, text]) => new Run(workflow, text, false, 'one key for all')),
  fc.tuple(pick, fc.boolean()).map(([n, current]) => new Resume(n, current)),
  pick.map((n) => new Resume(n)),
  outside('report ok', () => ({ type: 'Report', status: 'ok', text: 'done', by: 'u' })),
  outside('report error', () => ({ type: 'Report', status: 'error', by: 'u' })),
  outside('approve', (real, runId) => ({
    type: 'Approve',
    approvalId: pendingApproval(real, runId),
    by: 'u',
    isOwner: true,
  })),
  outside('reject', (real, runId) => ({ type: 'Reject', approvalId: pendingApproval(real, runId), by: 'u' })),
  outside('resolve sent', () => ({ type: 'Resolve', verdict: 'sent', by: 'u' })),
  outside('resolve not-sent', () => ({ type: 'Resolve', verdict: 'not-sent', by: 'u' })),
  pick.map((n) => new Cancel(n)),
  fc.integer({ min: 1, max: 14 }).map(
    (n) =>
      new Circumstance(`kill at ${n}`, (model) => {
        model.kill = n;
      }),
  ),
  circumstance('power cut', (_, real) => real.powerCut()),
  circumstance('reopen', (_, real) => real.reopen()),
  circumstance('rebuild', (_, real) => real.rebuild()),
  circumstance('an hour passes', (_, real) => real.sleep(HOUR_MS)),
  pick.map(
    (n) =>
      new Circumstance(`draft ${n}`, (_, real) => {
        for (const runId of real.runIds()) real.contents.set(`artifacts/${runId}/post.md`, String(n));
      }),
  ),
  circumstance('connect an assistant', (_, real) => real.connect()),
  id.map((one) => new Circumstance(`edit ${one}`, (_, real) => real.editDefinition(one))),
  fc
    .array(result, { minLength: 1, maxLength: 4 })
    .map(
      (list) =>
        new Circumstance(`world: ${list.map((one) => one.result)}`, (_, real) => real.willResult(list)),
    ),
];

const seen = new Set<string>();

/** What it takes for the kinds of events that need several things to come together. */
const rare = [
  input.map((text) => new Run('pruned', text, false)),
  circumstance('an hour passes', (_, real) => real.sleep(HOUR_MS)),
  id
    .filter((one) => one === 'auto' || one === 'plain')
    .map((one) => new Run(one, 'x', false, 'one key for all')),
  input.map((text) => new Run('auto', text, false)),
  input.map((text) => new Run('plain', text, false, 'one key for all')),
  pick.map((n) => new Resume(n, true)),
  circumstance('connect an assistant', (_, real) => real.connect()),
  circumstance('edit plain', (_, real) => real.editDefinition('plain')),
  fc
    .constantFrom(DONE, BROKEN)
    .map((one) => new Circumstance(`world: ${one.result}`, (_, real) => real.willResult([one]))),
];

/** The record of a run is enough to come to it again, by its own definition and without a world. */
function assertDecidedAgain(real: Real, runId: string): void {
  const events = real.store.events().filter(({ stream }) => stream === runStream(runId));
  // What a yes given before is worth after another definition was adopted cannot be told by one definition alone.
  if (events.some(({ type }) => type === 'DefinitionAdopted')) return;
  const context = real.contextOf(runId);
  const replayed = withoutWorld(() => replayAgainst(context, events as unknown as readonly FoldableEvent[]));
  expect(replayed, JSON.stringify(events.map(({ type }) => type))).toEqual({
    same: events.length,
    divergence: null,
  });
}

/**
 * Any definition can be asked what it would have made of any run, and nothing of the world is reached by it; its own makes
 * the same of it, as far as the record goes.
 */
function assertForetold(real: Real, runId: string): void {
  const stored = real.store.events().filter(({ stream }) => stream === runStream(runId));
  const events = stored as unknown as readonly FoldableEvent[];
  const run = foldRun(events);
  const context = { ...real.contextOf(runId), connected: connectedIn(run) };
  const all = Object.values(DEFINITIONS);
  const other = { ...context, definition: normaliseDefinition(all[events.length % all.length]) };
  const { own, foretold } = withoutWorld(() => {
    preflight(context, other, run, events);
    return { own: preflight(context, context, run, events), foretold: foretell(context, run, events) };
  });
  expect(own).toEqual([]);
  if (events.some(({ type }) => type === 'DefinitionAdopted')) return;
  const { route = foretold.route, risk = foretold.risk } = outputOf(run, 'classify') ?? {};
  expect(foretold).toMatchObject({ route, risk });
  for (const { step, attempt, dispatcher, preview, nonce } of run.effects) {
    // What was connected only later takes its place from the beginning here.
    if (attempt > 1 || dispatcher === 'manual') continue;
    const was = nonce === undefined ? preview : String(preview).replaceAll(nonce, 'nonce');
    expect(foretold.messages).toContainEqual(expect.objectContaining({ step, dispatcher, text: was }));
  }
}

const anyHistories = (numRuns: number, from: typeof commands = commands, nth = 0): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.commands(from, { maxCommands: 30, size: 'max' }), async (list) => {
      const real = new Simulation({ definitions: DEFINITIONS });
      await fc.asyncModelRun(() => ({ model: { kill: null }, real }), list);
      for (const event of real.store.events()) seen.add(event.type);
      for (const runId of real.runIds()) {
        assertDecidedAgain(real, runId);
        if (from === commands) assertForetold(real, runId);
      }
    }),
    { numRuns, ...nthSeed(nth) },
  );

describe('the engine, whatever happens to it', () => {
  it('never breaks a promise to the user', () => anyHistories(propertyRuns(200)), propertyTimeoutMs);

  it(
    'reaches every kind of event that a run, a key or a tool can have',
    async () => {
      const tools = ['ToolBootstrapStarted', 'ToolBootstrapped', 'DefinitionRegistered'];
      // What retention records needs real folders: test/cli/growth.test.ts; so do erasing and importing a home:
      // test/cli/erase.test.ts, test/property/legacy-import.test.ts.
      const runKinds = Object.keys(runEventSchemas).filter(
        (type) => !isExpiry(type) && type !== 'RunErased' && type !== 'RunImported',
      );
      const kinds = [...runKinds, ...Object.keys(keyEventSchemas), ...tools];
      const missing = () => kinds.filter((type) => !seen.has(type));
      // Which kinds some hundred random histories hold is chance; that some history holds each of them is not.
      for (let batch = 0; batch < 20 && missing().length > 0; batch++) await anyHistories(50, rare, batch);
      expect(missing(), 'no generated history has these').toEqual([]);
    },
    propertyTimeoutMs,
  );
});
