/** `definitions torture`: what a crash anywhere does to a definition, told before it happens. */
import { describe, expect, it, vi } from 'vitest';
import { messagesFor } from '../../src/engine/torture/messages.ts';
import { normaliseDefinition } from '../../src/workflow/normalise.ts';
import { byPhase, byTrouble, keysOf, tortureOf } from '../support/torture-of.ts';

const command = (more: object = {}) => ({ dispatcher: 'command', command: '/usr/bin/post', ...more });
const SOUND = { ok: true, findings: [], findingsInAll: 0, cutShort: false };

// Hundreds of lives each: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 });

describe('a command that may not be repeated', () => {
  it('waits for a person wherever it may have happened, and by whoever goes on wherever it did not', async () => {
    const report = await tortureOf({ definition: { execute: command() } });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report)).toEqual({
      before: ['once'],
      intended: ['waits'],
      acting: ['waits'],
      acted: ['waits'],
      recorded: ['once'],
    });
    expect(byTrouble(report)).toEqual({
      refused: 'fails',
      failed: 'fails',
      'lost-done': 'waits',
      'lost-undone': 'waits',
    });
    expect(keysOf(report)).toEqual(['idempotent', 'retry']);
    // Left alone while its process lives on.
    const acting = report.steps[0]?.crashes.find(({ phase }) => phase === 'acting');
    expect(acting?.stillWorking).toBe(acting?.kills);
    expect(acting?.kills).toBeGreaterThan(0);
  });

  it('that cannot begin is tried again by itself where `retry` says so', async () => {
    const report = await tortureOf({
      definition: { execute: command({ retry: { maxAttempts: 3 }, notPerformedExitCodes: [75] }) },
    });
    expect(report).toMatchObject(SOUND);
    expect(byTrouble(report).refused).toBe('tried-again');
    expect(byTrouble(report).failed).toBe('fails');
    expect(keysOf(report)).toEqual(['idempotent', 'notPerformedExitCodes']);
  });

  it('is not torn apart by a failure that nobody was told of: that is a new run, and said', async () => {
    const { ok, beganAnew } = await tortureOf({
      definition: {
        execute: { steps: [command({ id: 'first' }), command({ id: 'second' })] },
      },
    });
    expect(ok).toBe(true);
    expect(beganAnew.lives).toBeGreaterThan(0);
    expect(beganAnew.steps).toEqual(['first', 'second']);
  });
});

describe('a command that is declared idempotent', () => {
  it('is performed again with the same key, and nobody is bothered', async () => {
    const report = await tortureOf({ definition: { execute: command({ idempotent: true }) } });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report)).toEqual({
      before: ['once'],
      intended: ['once'],
      acting: ['same-key'],
      acted: ['same-key'],
      recorded: ['once'],
    });
    expect(byTrouble(report)['lost-done']).toBe('same-key');
    expect(keysOf(report)).toContain('idempotent');
  });
});

describe('steps in order', () => {
  it('are judged each by its own settings', async () => {
    const report = await tortureOf({
      definition: {
        execute: {
          steps: [
            command({ id: 'dump', idempotent: true }),
            command({ id: 'publish' }),
            { id: 'note', dispatcher: 'manual' },
          ],
        },
      },
    });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report, 'dump').acted).toEqual(['same-key']);
    expect(byPhase(report, 'publish').acted).toEqual(['waits']);
    expect(byPhase(report, 'note')).toEqual({ before: ['queued'], recorded: ['queued'] });
  });

  it('that hand over and are waited for reach their end once', async () => {
    const report = await tortureOf({
      definition: {
        execute: {
          steps: [command({ id: 'ask', await: 'outcome' }), command({ id: 'use', await: 'dispatch' })],
        },
      },
    });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report, 'use').recorded).toEqual(['once']);
  });
});

describe('an assistant that can be asked', () => {
  it('is asked, and nothing is sent twice', async () => {
    const report = await tortureOf({
      definition: { execute: { dispatcher: 'openclaw', retry: { maxAttempts: 3 } } },
    });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report)).toEqual({
      before: ['once'],
      intended: ['sent-after-asking'],
      acting: ['found'],
      acted: ['found'],
      recorded: ['once'],
    });
    expect(byTrouble(report)).toEqual({
      refused: 'tried-again',
      'lost-done': 'found',
      'lost-undone': 'sent-after-asking',
    });
  });

  it('needs `retry`, or a person takes up what it certainly was not given', async () => {
    const report = await tortureOf({ definition: { execute: { dispatcher: 'openclaw' } } });
    expect(byPhase(report).intended).toEqual(['fails']);
    expect(keysOf(report)).toEqual(['retry']);
  });

  it('behind a script of your own cannot deny a job: what may not have reached it waits', async () => {
    const report = await tortureOf({
      definition: { execute: { dispatcher: 'openclaw' } },
      declaresKey: false,
    });
    expect(report).toMatchObject(SOUND);
    expect(byPhase(report).intended).toEqual(['waits']);
    expect(byPhase(report).acted).toEqual(['found']);
  });
});

describe('work for whoever is there (`auto`)', () => {
  it('is queued once where config connects nobody, and the key that changes it is named', async () => {
    const report = await tortureOf({ definition: {} });
    expect(report).toMatchObject(SOUND);
    expect(report.counts.acts).toBe(0);
    expect(byPhase(report)).toEqual({ before: ['queued'], recorded: ['queued'] });
    expect(keysOf(report)).toEqual(['openclaw']);
  });

  it('is dispatched where it connects one', async () => {
    const report = await tortureOf({ definition: {}, connected: true });
    expect(report.steps[0]?.dispatcher).toBe('openclaw');
    expect(byPhase(report).acted).toEqual(['found']);
  });
});

describe('what stands around the steps', () => {
  it('an approval: a yes on record is kept, one that was cut off is asked for again, nothing goes without', async () => {
    const report = await tortureOf({
      definition: { classify: { routes: [], fallback: { name: 'ops', risk: 'high' } }, execute: command() },
    });
    expect(report).toMatchObject(SOUND);
    expect(report.askedAgain).toBeGreaterThan(0);
    expect(byPhase(report).acted).toEqual(['waits']);
  });

  it('a tool is set up again when its set-up was cut off, also one that fails first', async () => {
    const report = await tortureOf({
      definition: {
        autoConfigure: {
          enabled: true,
          allowlist: ['restic', 'bare'],
          toolCommands: { restic: { command: '/usr/bin/restic', required: true } },
        },
        execute: command(),
      },
    });
    expect(report).toMatchObject(SOUND);
    expect(report.tools).toEqual([{ tool: 'restic', setUps: 2 }]);
  });

  it('files that are late fail verify, and no step is repeated for them', async () => {
    const report = await tortureOf({
      definition: { execute: command(), verify: { requiredFiles: ['{{artifacts}}/a.txt'] } },
    });
    expect(report).toMatchObject(SOUND);
  });

  it('being killed again while it goes on changes nothing', async () => {
    const once = await tortureOf({ definition: {} });
    const twice = await tortureOf({ definition: {}, twice: true });
    expect(twice).toMatchObject(SOUND);
    expect(twice.counts.lives).toBeGreaterThan(once.counts.lives * 5);
    expect(byPhase(twice)).toEqual(byPhase(once));
  });

  it('nor does it where acts are in doubt, as far as the bound lets it try', async () => {
    const twice = await tortureOf({ definition: { execute: command() }, twice: true, maxLives: 250 });
    expect(twice).toMatchObject({ ...SOUND, cutShort: true, counts: { lives: 250 } });
    expect(twice.counts.kills + twice.counts.powerCuts).toBeGreaterThan(450);
  });

  it('the same definition gives the same report, and a bound that was met is said', async () => {
    const spec = { definition: { execute: command() } };
    expect(await tortureOf(spec)).toEqual(await tortureOf(spec));
    expect(await tortureOf({ ...spec, maxLives: 10 })).toMatchObject({
      cutShort: true,
      counts: { lives: 10 },
    });
  });
});

describe('checks, approvals and deliveries', () => {
  it('are sound at every crash point, each judged by its own settings', async () => {
    const report = await tortureOf({
      definition: {
        execute: { steps: [command({ id: 'draft' }), command({ id: 'extra', onError: 'continue' })] },
        verify: {
          command: { command: '/bin/check' },
          files: [{ path: '{{artifacts}}/post.md', fresh: true }],
        },
        approval: [{ at: 'deliver', onReject: 'redo', expiresIn: '2h', fourEyes: true }],
        deliver: { actions: [command({ id: 'blog' }), command({ id: 'social', idempotent: true })] },
      },
    });
    expect(report).toMatchObject(SOUND);
    const steps = report.steps.map(({ step }) => step);
    expect(steps).toEqual(['draft', 'extra', 'verify.command', 'deliver.blog', 'deliver.social']);
    expect(byTrouble(report, 'extra')).toMatchObject({
      refused: 'left-out',
      failed: 'left-out',
      'lost-done': 'waits',
    });
    expect(byPhase(report, 'verify.command')).toMatchObject({ acted: ['same-key'] });
    expect(byPhase(report, 'deliver.blog')).toMatchObject({ acted: ['waits'], recorded: ['once'] });
    expect(byPhase(report, 'deliver.social')).toMatchObject({ acted: ['same-key'] });
  });
});

describe('the requests it is tried with', () => {
  const messages = (raw: object) => messagesFor(normaliseDefinition({ id: 'mine', ...raw }));

  it('are one for each route, by the fewest words that lead there', () => {
    expect(messages({}).messages).toEqual([
      { input: 'An example task', route: 'general', risk: 'low' },
      { input: 'An example task: restart', route: 'ops', risk: 'high' },
      { input: 'An example task: blog', route: 'content', risk: 'low' },
    ]);
  });

  it('meet the gate although no route is risky by itself', () => {
    const { messages: made } = messages({ classify: { routes: [], highRiskWords: ['delete'] } });
    expect(made).toEqual([
      { input: 'An example task', route: 'general', risk: 'low' },
      { input: 'An example task: delete', route: 'general', risk: 'high' },
    ]);
  });

  it('ask for a route that no word leads to, fill the fields that are used, and say what they leave out', () => {
    const routes = Array.from({ length: 8 }, (_, i) => ({ name: `r${i}`, match: [], risk: 'low' }));
    const { messages: made, leftOut } = messages({
      classify: { routes, highRiskWords: [] },
      execute: { dispatcher: 'manual', message: '{{input.brand}}' },
    });
    expect(made[1]).toEqual({
      input: '{"task":"An example task","brand":"example"}',
      route: 'r0',
      risk: 'low',
      requested: 'r0',
    });
    expect([made.length, leftOut]).toEqual([6, ['r5', 'r6', 'r7']]);
  });
});

describe('requests, agents and messages', () => {
  const blog = { dispatcher: 'http', url: 'https://cms.example/posts', body: 'x' };

  it('a request that may have gone out waits for a person; an idempotent one goes again with its key', async () => {
    const waits = await tortureOf({ definition: { execute: blog } });
    expect(waits).toMatchObject(SOUND);
    expect(byPhase(waits).acted).toEqual(['waits']);
    const again = await tortureOf({ definition: { execute: { ...blog, idempotent: true } } });
    expect(again).toMatchObject(SOUND);
    expect(byPhase(again).acted).toEqual(['same-key']);
  });

  it('a turn of an agent in doubt is answered by its fresh files, or by a person', async () => {
    const agent = { dispatcher: 'agent', agent: 'claude' };
    const waits = await tortureOf({ definition: { execute: agent } });
    expect(waits).toMatchObject(SOUND);
    expect(byPhase(waits).acted).toEqual(['waits']);
    const verify = { files: [{ path: '{{artifacts}}/a', fresh: true }] };
    const files = await tortureOf({ definition: { execute: agent, verify } });
    expect(files).toMatchObject(SOUND);
    expect(byTrouble(files)).toMatchObject({ 'lost-done': 'once', 'lost-undone': 'waits' });
    expect(byPhase(files).acted).toEqual(['once']);
  });
});
