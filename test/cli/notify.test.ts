/**
 * `notify` with the built program: real targets (small scripts), real kills, the real home read back. Only the desktop
 * is stood in for: a script called `notify-send`, for no screen is there.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Notifier } from '../../src/engine/notifier.ts';
import { notifyDue } from '../../src/engine/notify-due.ts';
import { type OpenHome, openWorkflowHome } from '../../src/engine/open-home.ts';
import { neverPinged, pingDue } from '../../src/engine/ping-due.ts';
import { expectHealthy, root, sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

const low = { routes: [], highRiskWords: [], fallback: { name: 'g', risk: 'low' } };
const HOUR_MS = 3_600_000;

const configure = (runner: WfRunner, config: object): void => {
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  writeFileSync(`${runner.home}/config.json`, JSON.stringify(config));
};
const script = (runner: WfRunner, name: string, body: string): string => {
  const file = runner.path(name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};
/** Appends what it is told to a file of its name. */
const hears = (runner: WfRunner, name: string, end = ''): object => {
  const body = `cat >> ${runner.path(name)}; echo >> ${runner.path(name)}; ${end}`;
  return { via: 'command', command: script(runner, `${name}.sh`, body) };
};
const failing = (notify: object, more: object = {}) => ({
  id: 'w',
  classify: low,
  execute: sh('echo "last words" >&2; exit 3'),
  notify: [notify],
  ...more,
});
const noticesOf = (runner: WfRunner) => runner.log().filter(({ stream }) => stream.startsWith('notify/'));

async function inProcess(runner: WfRunner): Promise<OpenHome> {
  const never = new AbortController().signal;
  const home = await openWorkflowHome({
    home: runner.home,
    env: { PATH: process.env.PATH, HOME: runner.dir },
    packageDir: root,
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  });
  onTestFinished(async () => {
    await home.store.close();
    home.index.close();
  });
  return home;
}

describe('somebody is told', () => {
  test('of a failure, at once: the end screen, show and why say whom', async () => {
    const runner = wfRunner();
    configure(runner, { messages: { default: hears(runner, 'phone') } });
    runner.define(failing({ on: ['failed'] }));
    const ended = await runner.wf(['run', 'w', '--input', 'nightly work']);
    expect(ended.code).toBe(5);
    expect(ended.stdout).toContain('told      default');
    const heard = readFileSync(runner.path('phone'), 'utf8');
    expect(heard).toContain(
      'w failed at execute\ntask: nightly work\nwhy: /bin/sh exited with 3: last words',
    );
    const shown = await runner.wf(['show', 'last']);
    expect(shown.stdout).toMatch(/Told\n .* UTC {3}failed: default/);
    const why = await runner.wf(['why', 'last']);
    expect(why.stdout).toContain('"default" was told that it failed.');
    expect(readdirSync(`${runner.home}/run`)).toEqual([]);
    await expectHealthy(runner);
  });

  test('the next target when one fails, also one that cannot be started', async () => {
    const runner = wfRunner();
    configure(runner, {
      messages: {
        phone: hears(runner, 'phone', 'exit 7'),
        pager: { via: 'command', command: runner.path('no-such-program') },
        mail: hears(runner, 'mail'),
      },
    });
    runner.define(failing({ on: ['failed'], to: ['phone', 'pager', 'mail'] }));
    const ended = await runner.wf(['run', 'w', '--input', 'x']);
    expect(ended.stdout).toContain('told      not phone: its program exited with 7');
    expect(ended.stdout).toContain('told      not pager: ');
    expect(ended.stdout).toContain('told      mail');
    expect(runner.lines('mail')[0]).toBe('w failed at execute');
    expect(noticesOf(runner).map(({ type }) => type)).toEqual(
      ['Failed', 'Failed', 'Sent'].flatMap((end) => ['NotificationIntended', `Notification${end}`]),
    );
  });

  test('without any target nothing is started, nothing fails, and the screen says so', async () => {
    const runner = wfRunner();
    runner.define({ id: 'w', classify: low, execute: sh('true'), notify: [{ on: ['completed'] }] });
    const ended = await runner.wf(['run', 'w', '--input', 'x']);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('told      nobody: "messages" in config.json has no default');
    expect((await runner.wf(['why', 'last'])).stdout).toContain('Nobody was told that it is done');
    const checked = await runner.wf(['definitions', 'validate', 'w']);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toContain('nobody is told: config.json has no "default" under "messages"');
  });

  test('what a user typed is one argument: no option, no code, no markup on a desktop', async () => {
    const runner = wfRunner();
    const bin = runner.path('bin');
    mkdirSync(bin);
    script(runner, 'bin/notify-send', `for a in "$@"; do echo "[$a]" >> ${runner.path('desktop')}; done`);
    configure(runner, {
      messages: {
        desk: { via: 'desktop' },
        arg: {
          via: 'command',
          command: script(runner, 'arg.sh', `for a in "$@"; do echo "[$a]" >> ${runner.path('arg')}; done`),
          args: ['--text', '{{text}}'],
        },
      },
    });
    const on = ['failed'];
    runner.define(
      failing(
        { on, to: 'desk' },
        {
          notify: [
            { on, to: 'desk' },
            { on, to: 'arg' },
          ],
        },
      ),
    );
    const input = `--help $(touch ${runner.path('pwned')}) <b>x</b> {{runId}} \u0007\u202e`;
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    await runner.wf(['run', 'w', `--input=${input}`], { env });
    const desktop = readFileSync(runner.path('desktop'), 'utf8');
    expect(desktop).toMatch(/^\[--app-name=wf\]\n\[--\]\n\[wf\]\n\[w failed at execute\n/);
    expect(desktop).toContain('&lt;b&gt;x&lt;/b&gt; {{runId}}');
    const arg = readFileSync(runner.path('arg'), 'utf8');
    expect(arg).toMatch(/^\[--text\]\n\[w failed at execute\ntask: --help \$\(touch /);
    expect(arg).not.toContain('\u0007');
    expect(existsSync(runner.path('pwned'))).toBe(false);
  });

  test('secrets of its environment are not in the log, and it has no others', async () => {
    const runner = wfRunner();
    const body = `echo "$TOKEN|$OTHER" > ${runner.path('env')}; echo "$TOKEN" >&2; exit 4`;
    configure(runner, {
      messages: { default: { via: 'command', command: script(runner, 'x.sh', body), env: ['TOKEN'] } },
    });
    runner.define(failing({ on: ['failed'] }));
    const env = { TOKEN: 'tok-hush-hush', OTHER: 'not-yours' };
    await runner.wf(['run', 'w', '--input', 'x'], { env });
    expect(runner.lines('env')).toEqual(['tok-hush-hush|']);
    expect(readFileSync(`${runner.home}/logs/events.jsonl`, 'utf8')).not.toContain('tok-hush-hush');
  });
});

describe('killed at it', () => {
  test('between claim and receipt: in doubt, never told twice by that target; the next one is', async () => {
    const runner = wfRunner();
    configure(runner, {
      messages: { phone: hears(runner, 'phone', 'sleep 60'), mail: hears(runner, 'mail') },
    });
    runner.define(failing({ on: ['failed'], to: ['phone', 'mail'] }));
    const { child, ended } = runner.start(['run', 'w', '--input', 'x']);
    await until(() => runner.lines('phone').length > 0);
    child.kill('SIGKILL');
    await ended;
    expect(runner.types().at(-1)).toBe('NotificationIntended');
    const home = await inProcess(runner);
    expect(await notifyDue(home, Date.now())).toBe(1);
    expect(await notifyDue(home, Date.now() + 1000 * HOUR_MS)).toBe(0);
    expect(runner.lines('phone').filter((line) => line.startsWith('w failed'))).toHaveLength(1);
    expect(runner.lines('mail').filter((line) => line.startsWith('w failed'))).toHaveLength(1);
    const why = await runner.wf(['why', 'last']);
    expect(why.stdout).toContain('"phone" was to be told that it failed, and it may have arrived');
    expect(why.stdout).toContain('"mail" was told that it failed.');
    // The child of the killed one may still be at it; what it left is removed by doctor.
    await expectHealthy(runner);
  });

  test('before the claim: the next look tells it, once, with two servers looking', async () => {
    const runner = wfRunner();
    runner.define(failing({ on: ['failed'] }));
    // Nobody was told by this process: it had no target.
    configure(runner, { messages: { default: hears(runner, 'phone') } });
    const [a, b] = [await inProcess(runner), await inProcess(runner)];
    const without = { ...a.ports };
    delete (without as { notify?: unknown }).notify;
    const { startRun } = await import('../../src/engine/start-run.ts');
    await startRun(without, { workflowId: 'w', input: 'x', force: false, detach: false });
    expect(runner.types().at(-1)).toBe('RunFailed');
    const sent = await Promise.all([notifyDue(a, Date.now()), notifyDue(b, Date.now())]);
    expect(sent.toSorted()).toEqual([0, 1]);
    expect(runner.lines('phone').filter((line) => line.startsWith('w failed'))).toHaveLength(1);
    await expectHealthy(runner);
  });
});

describe('as a server looks', () => {
  test('a question is asked again every four hours until it is answered', async () => {
    const runner = wfRunner();
    configure(runner, { messages: { default: hears(runner, 'phone') } });
    runner.define({
      id: 'ask',
      classify: low,
      execute: sh('true'),
      approval: [{ at: 'execute', remindAfter: '4h', expiresIn: '20h' }],
    });
    const { run } = await runner.json(['run', 'ask', '--input', 'x']);
    const home = await inProcess(runner);
    const asked = () => runner.lines('phone').filter((line) => line.includes('waits for your approval'));
    const startMs = Date.now();
    const hoursAsked: number[] = [];
    for (let hour = 0; hour < 12; hour++) {
      const told = await notifyDue(home, startMs + hour * HOUR_MS + 60_000);
      if (told > 0) hoursAsked.push(hour);
    }
    expect(hoursAsked).toEqual([4, 8]);
    expect(asked()).toHaveLength(3);
    expect(asked()[1]).toBe('still: ask waits for your approval');
    await runner.json(['reject', run.runId]);
    expect(await notifyDue(home, startMs + 100 * HOUR_MS)).toBe(0);
    expect(asked()).toHaveLength(3);
    await expectHealthy(runner);
  });

  test('a failure is told again while no newer run has begun, and what was told survives a rebuild', async () => {
    const runner = wfRunner();
    configure(runner, { messages: { default: hears(runner, 'phone') } });
    runner.define(failing({ on: ['failed'], repeat: '6h' }));
    await runner.wf(['run', 'w', '--input', 'one']);
    const startMs = Date.now();
    expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
    const home = await inProcess(runner);
    expect(await notifyDue(home, startMs + HOUR_MS)).toBe(0);
    expect(await notifyDue(home, startMs + 7 * HOUR_MS)).toBe(1);
    expect(await notifyDue(home, startMs + 8 * HOUR_MS)).toBe(0);
    await runner.wf(['run', 'w', '--input', 'two']);
    const texts = () => runner.lines('phone').filter((line) => line.startsWith('task: one'));
    expect(await notifyDue(home, startMs + 20 * HOUR_MS)).toBe(1);
    expect(texts()).toHaveLength(2);
    await expectHealthy(runner);
  });

  test('wf serve asks the watchdog, and tells what a killed run and a missed slot left untold', async () => {
    const hits: string[] = [];
    const server = createServer((request, response) => {
      hits.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const runner = wfRunner();
    const url = `http://127.0.0.1:${port}/alive`;
    configure(runner, { messages: { default: hears(runner, 'phone', 'sleep 60') }, ping: { url } });
    runner.define(failing({ on: ['failed'] }));
    const { child, ended } = runner.start(['run', 'w', '--input', 'x']);
    await until(() => runner.lines('phone').length > 0);
    child.kill('SIGKILL');
    await ended;
    const target = hears(runner, 'mail');
    configure(runner, { messages: { default: target, mail: target }, ping: { url } });
    runner.define({ ...failing({ on: ['failed', 'missed'], to: ['mail'] }), id: 'other' });
    const home = await inProcess(runner);
    const slot = '2026-01-02T02:30:00.000Z';
    const data = { workflowId: 'other', scheduleId: 's', slot, count: 1, reason: 'late' };
    const version = await home.store.headOf('workflow/other');
    await home.store.append('workflow/other', version, [{ type: 'ScheduleSlotSkipped', data }], {
      commitId: home.ports.newId(),
      durable: true,
    });
    for (let pass = 0; pass < 2; pass++) {
      const served = await runner.wf(['serve', '--once']);
      expect(served.code, served.stdout + served.stderr).toBe(0);
    }
    expect(hits).toEqual(['/alive', '/alive']);
    const mailed = runner.lines('mail').filter((line) => line.includes('did not run'));
    expect(mailed).toEqual([`other did not run: schedule s, due ${slot}`]);
    // The killed one may have told it: it is said so, and not told again.
    expect(runner.types().filter((type) => type === 'NotificationFailed')).toHaveLength(1);
    expect(runner.lines('mail').filter((line) => line.startsWith('w failed'))).toEqual([]);
    server.closeAllConnections();
    await expectHealthy(runner);
  });

  test('a watchdog outside is pinged at its pace; while it is away that is recorded once', async () => {
    let status = 200;
    const hits: string[] = [];
    const server = createServer((request, response) => {
      hits.push(`${request.method} ${request.url}`);
      response.writeHead(status).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const runner = wfRunner();
    const url = `http://127.0.0.1:${port}/ping/secret-uuid`;
    configure(runner, { ping: { url, every: '1m' } });
    const home = await inProcess(runner);
    let state = neverPinged;
    for (const [second, answer] of [
      [0, 200],
      [30, 200],
      [60, 503],
      [120, 503],
      [180, 200],
      [240, 503],
    ] as const) {
      status = answer;
      state = await pingDue(home, state, second * 1000);
    }
    expect(hits).toEqual(Array.from({ length: 5 }, () => 'GET /ping/secret-uuid'));
    const failed = runner.log().filter(({ type }) => type === 'PingFailed');
    expect(failed.map(({ data }) => data)).toEqual(
      [1, 2].map(() => ({
        host: `127.0.0.1:${port}`,
        error: { code: 'http-503', message: 'it answers with 503' },
      })),
    );
    expect(readFileSync(`${runner.home}/logs/events.jsonl`, 'utf8')).not.toContain('secret-uuid');
    server.closeAllConnections();
    expect((await runner.wf(['log', 'verify'])).code).toBe(0);
  });

  test('a target that does not answer holds up no look, and is not told by the next one as well', async () => {
    const runner = wfRunner();
    const held = `while [ ! -e ${runner.path('go')} ]; do sleep 0.05; done`;
    runner.define(failing({ on: ['failed'] }));
    await runner.wf(['run', 'w', '--input', 'x']);
    // It was recorded that nobody was there; from the next run on there is somebody.
    configure(runner, { messages: { default: hears(runner, 'phone', held) } });
    const home = await inProcess(runner);
    const without = { ...home.ports };
    delete (without as { notify?: unknown }).notify;
    const { startRun } = await import('../../src/engine/start-run.ts');
    await startRun(without, { workflowId: 'w', input: 'y', force: false, detach: false });
    const notifier = new Notifier(home);
    notifier.look(Date.now());
    await until(() => runner.lines('phone').length > 0);
    notifier.look(Date.now());
    const begun = noticesOf(runner).filter(({ type }) => type === 'NotificationIntended');
    expect(begun).toHaveLength(1);
    writeFileSync(runner.path('go'), '');
    await notifier.settled();
    expect(noticesOf(runner).at(-1)?.type).toBe('NotificationSent');
    notifier.look(Date.now());
    await notifier.settled();
    expect(runner.lines('phone').filter((line) => line.startsWith('w failed'))).toHaveLength(1);
    await expectHealthy(runner);
  });

  test('an address that is none is refused without being repeated', async () => {
    const runner = wfRunner();
    configure(runner, { ping: { url: 'http://example.com/secret-uuid' } });
    runner.define({ id: 'w', execute: sh('true') });
    const refused = await runner.wf(['run', 'w', '--input', 'x']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'config.json: ping.url does not fit: plain http goes only to this machine',
    );
    expect(refused.stderr).not.toContain('secret-uuid');
  });
});
