/** The library from within one process: what a program that uses it may rely on. Real home, real children. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stopper } from '../../src/effects/stop.ts';
import { eraseRun } from '../../src/engine/erase-run.ts';
import { openWorkflowHome } from '../../src/engine/open-home.ts';
import {
  defineWorkflow,
  type Engine,
  type EngineEvent,
  type EngineOptions,
  openEngine,
} from '../../src/index.ts';
import { root } from '../support/wf.ts';

const ENV = { PATH: process.env.PATH, HOME: '/nowhere', USER: 'kim' };

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wf-library-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'home');
}
async function open(home = place(), options: EngineOptions = {}): Promise<Engine> {
  const engine = await openEngine({ home, env: ENV, ...options });
  onTestFinished(() => engine.close({ patienceMs: 0 }));
  return engine;
}
const logOf = (home: string): readonly { type: string; data: Record<string, unknown> }[] =>
  readFileSync(join(home, 'logs/events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const byHand = defineWorkflow({ id: 'by-hand', execute: { dispatcher: 'manual' } });
const shell = (id: string, script: string) =>
  defineWorkflow({ id, execute: { command: '/bin/sh', args: ['-c', script] } });
const asked = defineWorkflow({
  id: 'asked',
  execute: {
    command: '/bin/sh',
    args: ['-c', 'echo once >> "$WF_HOME_OF_TEST/acts"'],
    env: ['WF_HOME_OF_TEST'],
  },
  approval: [{ at: 'execute' }],
});

describe('runs', () => {
  test('64 at once share the syncs of the log, and each is on disk when it is told', async () => {
    const fdatasync = vi.spyOn(process.getBuiltinModule('node:fs'), 'fdatasyncSync');
    onTestFinished(() => {
      fdatasync.mockRestore();
    });
    const engine = await open();
    await engine.run(byHand, { input: 'first' });
    const before = fdatasync.mock.calls.length;
    await engine.run(byHand, { input: 'alone' });
    const alone = fdatasync.mock.calls.length - before;
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => engine.run(byHand, { input: `task ${n}` })),
    );
    const together = fdatasync.mock.calls.length - before - alone;
    expect(alone).toBe(2);
    expect(together).toBeLessThanOrEqual(4 * alone);
    for (const { run } of answers) {
      expect(run.status).toBe('handed_off');
      expect(existsSync(join(engine.home, `outbox/${run.runId}.md`))).toBe(true);
    }
  });

  test('the same request is answered with the run there is, also by another engine', async () => {
    const home = place();
    const { run } = await (await open(home)).run(byHand, { input: 'once' });
    const again = await (await open(home)).run(byHand, { input: 'once' });
    expect(again).toMatchObject({ answer: 'reused', run: { runId: run.runId } });
  });

  test('a run that failed is an answer; what cannot be done is an error with code and exit code', async () => {
    const engine = await open();
    const { run } = await engine.run(shell('broken', 'echo no >&2; exit 3'), { input: 'x' });
    expect(run).toMatchObject({ status: 'failed', error: { code: 'exit-code' } });
    await expect(engine.run('nosuch', { input: 'x' })).rejects.toMatchObject({
      name: 'WfError',
      code: 'workflow-unknown',
      exitCode: 3,
    });
    await expect(engine.run(byHand, { input: '  ' })).rejects.toMatchObject({
      code: 'input-empty',
      exitCode: 2,
    });
    await expect(engine.run(byHand, { input: 7 as unknown as string })).rejects.toMatchObject({
      code: 'input-invalid',
    });
    await expect(engine.resume('01KAQ7ZM4XYZ0000000000RUN1')).rejects.toMatchObject({ code: 'run-unknown' });
    await expect(engine.show('../x')).rejects.toMatchObject({ code: 'run-id-invalid' });
    await expect(engine.runs({ limit: 0 })).rejects.toMatchObject({ code: 'limit-invalid' });
    await expect(engine.report(run.runId, { by: '' })).rejects.toMatchObject({ code: 'by-missing' });
  });

  test('a detached run goes on by itself, and closing waits for it', async () => {
    const home = place();
    const engine = await open(home);
    const { answer, run } = await engine.run(shell('slow', 'sleep 0.3'), { input: 'x', detach: true });
    expect({ answer, status: run.status }).toEqual({ answer: 'detached', status: 'running' });
    await until(() => logOf(home).some(({ type }) => type === 'EffectIntended'));
    await engine.close();
    const { run: after } = await (await open(home)).show(run.runId);
    expect(after.effects.map(({ status }) => status)).toEqual(['done']);
  });

  test('cancel ends the child of a run that this engine is at work on', async () => {
    const engine = await open();
    const going = engine.run(shell('long', 'sleep 60'), { input: 'x' });
    const seen = engine.events({ types: ['EffectIntended'] });
    const { value } = await seen.next();
    const runId = (value as EngineEvent).stream.slice('run/'.length);
    expect(await engine.cancel(runId, { by: 'kim', reason: 'enough' })).toMatchObject({
      status: 'cancelled',
    });
    expect((await going).run.status).toBe('cancelled');
    await seen.return?.();
  });

  test('what was reported has its secrets replaced', async () => {
    const engine = await open();
    const { run } = await engine.run(byHand, { input: 'x' });
    const text = 'done, password=hunter2hunter2';
    const { run: done } = await engine.report(run.runId, { text, by: 'kim' });
    expect(done.outcome).toBe('done');
    expect(readFileSync(join(engine.home, 'logs/events.jsonl'), 'utf8')).not.toContain('hunter2');
  });
});

describe('closing', () => {
  test('leaves a run resumable, and another engine of this process resumes it at once', async () => {
    const home = place();
    const engine = await open(home);
    const steps = defineWorkflow({
      id: 'two',
      execute: {
        steps: [
          {
            id: 'a',
            command: '/bin/sh',
            args: ['-c', 'sleep 0.2; echo a >> "$WF_HOME_OF_TEST/acts"'],
            env: ['WF_HOME_OF_TEST'],
          },
          {
            id: 'b',
            command: '/bin/sh',
            args: ['-c', 'echo b >> "$WF_HOME_OF_TEST/acts"'],
            env: ['WF_HOME_OF_TEST'],
          },
        ],
      },
    });
    const env = { ...ENV, WF_HOME_OF_TEST: home };
    const first = await open(home, { env });
    const going = first.run(steps, { input: 'x' });
    const interrupted = expect(going).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    await until(
      () => existsSync(join(home, 'logs')) && logOf(home).some(({ type }) => type === 'EffectIntended'),
    );
    await first.close();
    await interrupted;
    const [left] = await engine.runs();
    expect(left).toMatchObject({ status: 'running' });
    // Without the program's definition: the log has it.
    const { run } = await (await open(home, { env })).resume(left?.runId ?? '');
    expect(run).toMatchObject({ status: 'completed', outcome: 'done' });
    expect(readFileSync(join(home, 'acts'), 'utf8')).toBe('a\nb\n');
  });

  test('afterwards nothing is done, and closing again is no error', async () => {
    const engine = await open();
    await engine.close();
    await engine.close();
    await expect(engine.run(byHand, { input: 'x' })).rejects.toMatchObject({
      code: 'engine-closed',
      exitCode: 2,
    });
    expect(() => engine.events()).toThrow('closed');
  });
});

describe('questions', () => {
  const env = (home: string) => ({ ...ENV, WF_HOME_OF_TEST: home });

  test('a yes to exactly what was shown lets it happen, and the log says who and by which way', async () => {
    const home = place();
    const engine = await open(home, { env: env(home) });
    const { run } = await engine.run(asked, { input: 'x' });
    expect(run.waiting).toMatchObject({ for: 'approval' });
    const question = await engine.question(run.runId);
    expect(question).toMatchObject({
      risk: 'low',
      task: 'x',
      covers: [{ step: 'main', dispatcher: 'command' }],
    });
    const { approvalId, binding } = question;
    await expect(engine.approve(approvalId, { binding: 'f'.repeat(64), by: 'kim' })).rejects.toMatchObject({
      code: 'approval-differs',
      exitCode: 4,
    });
    await expect(engine.approve(approvalId, { binding, by: '' })).rejects.toMatchObject({
      code: 'by-missing',
    });
    expect(existsSync(join(home, 'acts'))).toBe(false);
    expect((await engine.approve(approvalId, { binding, by: 'robin' })).run.status).toBe('completed');
    expect(readFileSync(join(home, 'acts'), 'utf8')).toBe('once\n');
    expect(logOf(home).find(({ type }) => type === 'ApprovalGranted')?.data).toMatchObject({
      by: 'robin',
      via: 'library',
    });
  });

  test('a high-risk question is not answered here, whoever says so', async () => {
    const home = place();
    const engine = await open(home, { env: env(home) });
    const { run } = await engine.run(shell('ops', 'echo once >> "$WF_HOME_OF_TEST/acts"'), {
      input: 'restart the server and delete it',
    });
    expect(run.status).toBe('waiting');
    const { approvalId, binding, risk } = await engine.question(run.runId);
    expect(risk).toBe('high');
    await expect(engine.approve(approvalId, { binding, by: 'kim' })).rejects.toMatchObject({
      code: 'approval-needs-terminal',
      exitCode: 2,
      hint: `wf approve ${approvalId}`,
    });
    expect(existsSync(join(home, 'acts'))).toBe(false);
    // A no is always taken.
    expect((await engine.reject(approvalId, { binding, by: 'kim', reason: 'no' })).run.status).toBe(
      'cancelled',
    );
  });

  test('"owner" is who runs the process, and four eyes are four', async () => {
    const engine = await open();
    const rule = (id: string, extra: object) =>
      defineWorkflow({ id, execute: { command: '/bin/true' }, approval: [{ at: 'execute', ...extra }] });
    const ask = async (workflow: ReturnType<typeof rule>) => {
      const { run } = await engine.run(workflow, { input: 'x', by: 'kim' });
      return engine.question(run.runId);
    };
    const owned = await ask(rule('owned', { by: ['owner'] }));
    await expect(engine.approve(owned.approvalId, { ...owned, by: 'robin' })).rejects.toMatchObject({
      code: 'approval-not-yours',
    });
    expect((await engine.approve(owned.approvalId, { ...owned, by: 'kim' })).run.status).toBe('completed');
    const four = await ask(rule('four', { fourEyes: true }));
    await expect(engine.approve(four.approvalId, { ...four, by: 'kim' })).rejects.toMatchObject({
      code: 'approval-four-eyes',
    });
    expect((await engine.approve(four.approvalId, { ...four, by: 'robin' })).run.status).toBe('completed');
  });
});

describe('events', () => {
  test('come in order, from the position that is named, and end with the loop or the engine', async () => {
    const home = place();
    const engine = await open(home);
    const { run } = await engine.run(byHand, { input: 'x' });
    const all = await collect(engine.events({ follow: false }));
    expect(all.map(({ seq }) => seq)).toEqual(logOf(home).map((_, i) => i + 1));
    const later = await collect(
      engine.events({ after: 5, runId: run.runId, types: ['StageCompleted'], follow: false }),
    );
    expect(later.length).toBeGreaterThan(3);
    expect(later.every(({ seq, type }) => seq > 5 && type === 'StageCompleted')).toBe(true);

    const following = collect(engine.events({ after: 'now' }));
    await new Promise((resolve) => setImmediate(resolve));
    await engine.report(run.runId, { by: 'kim' });
    const told: string[] = [];
    const subscribed = engine.subscribe(({ type }) => void told.push(type), { after: all.length });
    await engine.close();
    await subscribed.ended;
    expect(told[0]).toBe('OutcomeReported');
    expect(told.at(-1)).toBe('RunCompleted');
    expect((await following).every(({ seq }) => seq > all.length)).toBe(true);
  });

  test('wait for a slow loop: one is on its way, the others are in the log', async () => {
    const engine = await open();
    const feed = engine.events({ types: ['RunStarted'] });
    const first = feed.next();
    for (let n = 0; n < 5; n++) await engine.run(byHand, { input: `task ${n}` });
    const seen = [(await first).value as EngineEvent];
    for (let n = 1; n < 5; n++) seen.push((await feed.next()).value as EngineEvent);
    expect(seen.map((event) => event.type === 'RunStarted' && event.data.input)).toEqual(
      Array.from({ length: 5 }, (_, n) => `task ${n}`),
    );
    await feed.return?.();
  });

  test('of another process come too, and a function that throws ends its subscription alone', async () => {
    const home = place();
    const engine = await open(home);
    const broken = engine.subscribe(() => {
      throw new Error('no');
    });
    const types: string[] = [];
    const whole = engine.subscribe(({ type }) => void types.push(type));
    await (await open(home)).run(byHand, { input: 'x' });
    await expect(broken.ended).rejects.toThrow('no');
    await until(() => types.includes('RunHandedOff'));
    await whole.close();
  });

  test('whose texts were erased say what they were', async () => {
    const home = place();
    const engine = await open(home);
    const { run } = await engine.run(shell('done', 'true'), { input: 'a secret plan' });
    await engine.close();
    const never = stopper().signal;
    const other = await openWorkflowHome({
      home,
      env: {},
      packageDir: root,
      onNotice: () => undefined,
      interrupts: { stop: never, force: never },
    });
    await eraseRun(other, run.runId, { by: 'kim', artifacts: false });
    await other.store.close();
    const events = await collect((await open(home)).events({ runId: run.runId, follow: false }));
    expect(events[0]).toMatchObject({ type: 'Erased', data: { was: 'RunStarted' } });
    expect(events.at(-1)?.type).toBe('RunErased');
  });
});

describe('definitions in code', () => {
  test('are checked, and one id means one definition', async () => {
    const home = place();
    const engine = await open(home, { workflows: [byHand] });
    expect((await engine.run('by-hand', { input: 'x' })).run.status).toBe('handed_off');
    const wrong = defineWorkflow({ id: 'wrong', execute: { command: '{{task}}' } });
    await expect(engine.run(wrong, { input: 'x' })).rejects.toMatchObject({
      code: 'definition-invalid',
      exitCode: 2,
    });
    const other = defineWorkflow({ id: 'by-hand', execute: { dispatcher: 'manual', message: 'other' } });
    await expect(engine.run(other, { input: 'x' })).rejects.toMatchObject({ code: 'workflow-ambiguous' });
    const learning = defineWorkflow({
      id: 'learning',
      execute: { dispatcher: 'manual' },
      selfImprove: { enabled: true },
    });
    await expect(engine.run(learning, { input: 'x' })).rejects.toMatchObject({ code: 'definition-in-code' });
    mkdirSync(join(home, 'definitions'), { recursive: true });
    writeFileSync(
      join(home, 'definitions/by-hand.json'),
      '{"id":"by-hand","execute":{"dispatcher":"manual"}}',
    );
    await expect(engine.run(byHand, { input: 'y' })).rejects.toMatchObject({ code: 'workflow-ambiguous' });
  });

  test('take their fields as an object, and a later change of the object changes nothing', async () => {
    const definition = {
      id: 'fields',
      input: { fields: { topic: { type: 'string', required: true }, pages: { type: 'number', default: 2 } } },
      execute: { dispatcher: 'manual', message: '{{input.pages}} pages on {{input.topic}}' },
    } as const;
    const workflow = defineWorkflow(definition);
    const engine = await open();
    const { run } = await engine.run(workflow, { input: { task: 'write', topic: 'BIM', pages: 3 } });
    const { run: shown } = await engine.show(run.runId);
    expect(shown.effects[0]?.preview).toContain('3 pages on BIM');
    expect(workflow.definition).not.toBe(definition);
  });
});

test('files of the engine are its owner’s alone whatever the umask, which stays as it is', async () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const home = place();
  const engine = await open(home);
  const { run } = await engine.run(shell('writes', 'echo x > "$WF_TASK_FILE.out"'), { input: 'x' });
  await engine.run(byHand, { input: 'y' });
  expect(run.status).toBe('completed');
  const own = readdirSync(home, { recursive: true, withFileTypes: true });
  const open_ = own
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open_).toEqual([]);
  expect(process.umask()).toBe(0);
});

async function collect(feed: AsyncIterable<EngineEvent>): Promise<readonly EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of feed) events.push(event);
  return events;
}
