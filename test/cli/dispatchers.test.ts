/**
 * Agents, requests and messages with the built program: a real server on this machine, real kills, and small scripts
 * that stand in for assistants and chat programs.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { expectHealthy, until, type WfRunner, wfRunner } from '../support/wf.ts';

type Hit = { readonly key: string; readonly auth: string | undefined; readonly body: string };

/** Answers with the n-th of the answers, the last one for ever. */
async function receiver(...answers: ((response: ServerResponse) => void)[]) {
  const hits: Hit[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const answer = answers[Math.min(hits.length, answers.length - 1)];
    hits.push({
      key: String(request.headers['idempotency-key']),
      auth: request.headers.authorization,
      body: Buffer.concat(pieces).toString('utf8'),
    });
    answer?.(response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { hits, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/posts` };
}
const say =
  (status: number, text = '', headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end(text);
  };
const silent = (): void => undefined;

const configure = (runner: WfRunner, config: object): void => {
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  writeFileSync(`${runner.home}/config.json`, JSON.stringify(config));
};
/** Stands in for an assistant's program. */
const script = (runner: WfRunner, name: string, body: string): string => {
  const file = runner.path(name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};
const effects = (runner: WfRunner, type: string) =>
  runner.log().flatMap((event) => (event.type === type ? [event.data] : []));

describe('http', () => {
  test('posts once, with the key of the effect; the same request again posts nothing', async () => {
    const { hits, url } = await receiver(say(201, 'made'));
    const runner = wfRunner();
    const auth = { bearerEnv: 'CMS_TOKEN' };
    runner.define({ id: 'post', execute: { dispatcher: 'http', url, body: { t: '{{task}}' }, auth } });
    const env = { CMS_TOKEN: 'tok-very-secret' };
    const { code, run } = await runner.json(['run', 'post', '--input', 'a "b"'], { env });
    expect({ code, status: run.status }).toEqual({ code: 0, status: 'completed' });
    await runner.json(['run', 'post', '--input', 'a "b"'], { env });
    const key = `wf:${run.runId}:execute.main:1`;
    expect(hits).toEqual([{ key, auth: 'Bearer tok-very-secret', body: '{"t":"a \\"b\\""}' }]);
    expect(readFileSync(`${runner.home}/logs/events.jsonl`, 'utf8')).not.toContain('tok-very-secret');
    await expectHealthy(runner);
  });

  test('without its token nothing begins, and the message names the variable', async () => {
    const { hits, url } = await receiver(say(201));
    const runner = wfRunner();
    runner.define({ id: 'post', execute: { dispatcher: 'http', url, auth: { bearerEnv: 'CMS_TOKEN' } } });
    const { code, error } = await runner.json(['run', 'post', '--input', 'x']);
    expect({ code, error }).toMatchObject({ code: 2, error: { code: 'credential-missing' } });
    expect(error.message).toContain('CMS_TOKEN');
    expect(hits).toEqual([]);
    const checked = await runner.wf(['definitions', 'validate', 'post']);
    expect(checked.stdout).toContain('CMS_TOKEN');
  });

  test('killed between its intent and the answer it is in doubt, and not posted again', async () => {
    const { hits, url } = await receiver(silent);
    const runner = wfRunner();
    runner.define({ id: 'post', execute: { dispatcher: 'http', url, body: 'x' } });
    const { child, ended } = runner.start(['run', 'post', '--input', 'x']);
    await until(() => hits.length === 1);
    child.kill('SIGKILL');
    await ended;
    const again = await runner.json(['run', 'post', '--input', 'x']);
    expect(again).toMatchObject({ code: 6, run: { waiting: { for: 'unknown-effect' } } });
    expect(hits.length).toBe(1);
    const resolved = await runner.json(['resolve', again.run.runId, '--sent']);
    expect(resolved).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(hits.length).toBe(1);
    await expectHealthy(runner);
  });

  test('killed there and idempotent, it is posted again by itself with the very same key', async () => {
    const { hits, url } = await receiver(silent, say(200));
    const runner = wfRunner();
    runner.define({ id: 'post', execute: { dispatcher: 'http', url, body: 'x', idempotent: true } });
    const { child, ended } = runner.start(['run', 'post', '--input', 'x']);
    await until(() => hits.length === 1);
    child.kill('SIGKILL');
    await ended;
    const again = await runner.json(['run', 'post', '--input', 'x']);
    expect(again).toMatchObject({ code: 0, run: { status: 'completed' } });
    expect(hits.length).toBe(2);
    expect(hits[1]).toEqual(hits[0]);
  });

  test('told to wait (429) it waits and is posted as a new attempt', async () => {
    const { hits, url } = await receiver(say(429, 'slow', { 'retry-after': '1' }), say(200));
    const runner = wfRunner();
    const retry = { maxAttempts: 2, backoff: '0s' };
    runner.define({ id: 'post', execute: { dispatcher: 'http', url, body: 'x', retry } });
    const { code } = await runner.json(['run', 'post', '--input', 'x']);
    expect(code).toBe(0);
    expect(hits.map(({ key }) => key.at(-1))).toEqual(['1', '2']);
    const [failed] = effects(runner, 'EffectFailed') as { retryAt: string }[];
    const [at] = runner
      .log()
      .flatMap((e) => (e.type === 'EffectFailed' ? [(e as unknown as { ts: string }).ts] : []));
    expect(Date.parse(failed?.retryAt ?? '') - Date.parse(at ?? '')).toBeGreaterThan(500);
  });

  test('a file that changes between the yes and the act is not sent', async () => {
    const { hits, url } = await receiver(say(200));
    const runner = wfRunner();
    const publish = { id: 'blog', dispatcher: 'http', url, bodyFile: '{{artifacts}}/post.md' };
    runner.define({
      id: 'post',
      execute: { command: '/bin/sh', args: ['-c', 'echo draft > post.md'] },
      approval: [{ at: 'deliver' }],
      deliver: { actions: [publish] },
    });
    const { code, run } = await runner.json(['run', 'post', '--input', 'x']);
    expect({ code, waits: run.waiting?.for }).toEqual({ code: 6, waits: 'approval' });
    const asked = effects(runner, 'ApprovalRequested')[0] as { files: { file: string }[] };
    expect(asked.files.map(({ file }) => file)).toEqual([`artifacts/${run.runId}/post.md`]);
    expect(hits).toEqual([]);
  });
});

describe('agent', () => {
  const define = (runner: WfRunner, over: object = {}): void =>
    runner.define({
      id: 'digest',
      execute: { dispatcher: 'agent', agent: 'stand-in', await: 'outcome', ...over },
      verify: { requiredFiles: [], files: [{ path: '{{artifacts}}/digest.md', fresh: true, minBytes: 3 }] },
    });
  const connect = (runner: WfRunner, body: string, over: object = {}): void =>
    configure(runner, { agents: { 'stand-in': { command: script(runner, 'agent', body), ...over } } });

  test('reads its brief, and its ended turn is the outcome, with its cost', async () => {
    const runner = wfRunner();
    const json = { outputFormat: 'json', resultPath: 'result', costPath: 'usd' };
    connect(
      runner,
      `cat > brief.txt; echo text > digest.md; echo '{"result":"It is written.","usd":0.02}'`,
      json,
    );
    define(runner);
    const { code, run } = await runner.json(['run', 'digest', '--input', 'sum it up']);
    expect({ code, status: run.status, outcome: run.outcome }).toEqual({
      code: 0,
      status: 'completed',
      outcome: 'done',
    });
    expect(readFileSync(`${runner.home}/artifacts/${run.runId}/brief.txt`, 'utf8')).toMatch(
      /sum it up[\s\S]*wf report/,
    );
    expect(effects(runner, 'EffectConfirmed')[0]).toMatchObject({
      stdout: 'It is written.',
      receipt: { by: 'process', costUsd: 0.02 },
    });
    expect((await runner.wf(['show', 'last'])).stdout).toContain('It is written.');
  });

  test('out of time with its files there: done, agent silent', async () => {
    const runner = wfRunner();
    connect(runner, 'echo text > digest.md; exec sleep 30');
    define(runner, { timeout: '1s' });
    const ended = await runner.wf(['run', 'digest', '--input', 'x']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('done, agent silent');
    expect(runner.types()).toContain('EffectUnknown');
    expect((await runner.json(['show', 'last'])).stderr).toBe('');
    expect(effects(runner, 'RunCompleted')).toEqual([{ outcome: 'unreported' }]);
    await expectHealthy(runner);
  });

  test('out of time without them: in doubt, and not asked again by itself', async () => {
    const runner = wfRunner();
    connect(runner, 'echo turn >> "$HOME/turns"; exec sleep 30');
    define(runner, { timeout: '1s' });
    const { code, run } = await runner.json(['run', 'digest', '--input', 'x']);
    expect({ code, waits: run.waiting?.for }).toEqual({ code: 6, waits: 'unknown-effect' });
    await runner.json(['run', 'digest', '--input', 'x']);
    expect(runner.lines('turns')).toEqual(['turn']);
    await expectHealthy(runner);
  });

  test('goes on when wf is killed; what it left behind answers for it', async () => {
    const runner = wfRunner();
    const json = { outputFormat: 'json', resultPath: 'result' };
    connect(
      runner,
      `: > "$HOME/begun"; while ! test -e "$HOME/go"; do sleep 0.05; done; echo text > digest.md; echo '{"result":"Done."}'; : > "$HOME/over"`,
      json,
    );
    define(runner);
    const { child, ended } = runner.start(['run', 'digest', '--input', 'x']);
    await until(() => exists(runner, 'begun') && childOf(runner) !== null);
    child.kill('SIGKILL');
    await ended;
    const during = await runner.json(['run', 'digest', '--input', 'x']);
    expect({ code: during.code, error: during.error.code }).toEqual({ code: 6, error: 'still-working' });
    writeFileSync(runner.path('go'), '');
    await until(() => exists(runner, 'over'));
    await settled(runner);
    const after = await runner.json(['run', 'digest', '--input', 'x']);
    expect({ code: after.code, outcome: after.run.outcome }).toEqual({ code: 0, outcome: 'done' });
    expect(effects(runner, 'EffectConfirmed')[0]).toMatchObject({
      receipt: { by: 'lookup' },
      stdout: 'Done.',
    });
    await expectHealthy(runner);
  });

  test('that config.json does not name is told before anything begins', async () => {
    const runner = wfRunner();
    define(runner);
    const { code, error } = await runner.json(['run', 'digest', '--input', 'x']);
    expect({ code, error }).toMatchObject({ code: 2, error: { code: 'agent-unknown' } });
    expect(runner.log()).toEqual([]);
  });
});

const exists = (runner: WfRunner, name: string): boolean => {
  try {
    readFileSync(runner.path(name));
    return true;
  } catch {
    return false;
  }
};

/** The process that acts, once it is on record. */
function childOf(runner: WfRunner): { readonly pid: number } | null {
  const [intent] = effects(runner, 'EffectIntended') as { effectId: string }[];
  const file = `home/run/${intent?.effectId}/child.json`;
  return exists(runner, file)
    ? (JSON.parse(readFileSync(runner.path(file), 'utf8')) as { pid: number })
    : null;
}

/** The script has said its last word; its process may take a moment to be gone. */
const settled = async (runner: WfRunner): Promise<void> => {
  const record = childOf(runner);
  if (record === null) throw new Error('no child is on record');
  await until(() => {
    try {
      process.kill(record.pid, 0);
      return false;
    } catch {
      return true;
    }
  });
};

test('message: the digest is said to the target of config.json', async () => {
  const runner = wfRunner();
  const notify = script(runner, 'notify', 'cat > "$HOME/said"');
  configure(runner, { messages: { default: { via: 'command', command: notify } } });
  runner.define({
    id: 'digest',
    execute: { command: '/bin/sh', args: ['-c', 'echo the digest > digest.md'] },
    deliver: { actions: [{ id: 'send', dispatcher: 'message', textFile: '{{artifacts}}/digest.md' }] },
  });
  const { code } = await runner.json(['run', 'digest', '--input', 'x']);
  expect(code).toBe(0);
  expect(runner.lines('said')).toEqual(['the digest']);
});

describe('connect', () => {
  test('writes what it shows, keeps comments and order, and takes it back to the byte', async () => {
    const runner = wfRunner();
    const before = '{\n  // mine\n  "redact": { "env": ["A"] } // keep\n}\n';
    mkdirSync(runner.home, { mode: 0o700 });
    writeFileSync(`${runner.home}/config.json`, before);
    const agent = script(runner, 'claude', 'echo "9.9 (stand-in)"');
    const env = { PATH: `${runner.dir}:/usr/bin:/bin` };
    const refused = await runner.wf(['connect', 'agent', 'claude'], { env });
    expect(refused).toMatchObject({ code: 2 });
    expect(readFileSync(`${runner.home}/config.json`, 'utf8')).toBe(before);
    const done = await runner.wf(['connect', 'agent', 'claude', '--yes'], { env });
    expect(done).toMatchObject({ code: 0 });
    expect(done.stderr).toContain('9.9 (stand-in)');
    const after = readFileSync(`${runner.home}/config.json`, 'utf8');
    expect(after).toContain('// mine');
    expect(after).toContain('"redact": { "env": ["A"] }, // keep');
    expect(after).toContain(`"command": "${agent}"`);
    expect((await runner.wf(['connect'])).stdout).toContain(agent);
    expect(await runner.wf(['connect', '--undo'])).toMatchObject({ code: 0 });
    expect(readFileSync(`${runner.home}/config.json`, 'utf8')).toBe(before);
  });

  test('asks on the terminal, and only a yes writes', async () => {
    const runner = wfRunner();
    const args = ['connect', 'agent', 'mine', '--command', '/bin/echo'];
    const ask = (typed: string) => onTerminal(runner, args, typed, undefined, 'Write this?');
    expect(await ask('n\n')).toMatchObject({ code: 2 });
    expect(exists(runner, 'home/config.json')).toBe(false);
    expect(await ask('y\n')).toMatchObject({ code: 0 });
    expect(readFileSync(`${runner.home}/config.json`, 'utf8')).toContain('/bin/echo');
  });

  test('does not take back what somebody has edited since', async () => {
    const runner = wfRunner();
    await runner.wf(['connect', 'agent', 'mine', '--command', '/bin/echo', '--yes']);
    const file = `${runner.home}/config.json`;
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    expect(await runner.wf(['connect', '--undo'])).toMatchObject({ code: 2 });
    expect(readFileSync(file, 'utf8')).toContain('/bin/echo');
  });

  test('a program that does not answer well is not connected', async () => {
    const runner = wfRunner();
    const broken = script(runner, 'broken', 'echo no license >&2; exit 1');
    const { code, stderr } = await runner.wf(['connect', 'agent', 'mine', '--command', broken, '--yes']);
    expect(code).toBe(2);
    expect(stderr).toContain('no license');
    expect(exists(runner, 'home/config.json')).toBe(false);
  });
});
