/**
 * dispatch_task.sh and the built `wf` against a real OpenClaw gateway on loopback with a model server of our own: one
 * job and one agent turn for two dispatches with the same key, and for a `wf run` that is killed while it dispatches. Needs `openclaw` (OPENCLAW_BIN, or on PATH) and Node >= 24.16 first on
 * PATH; about a minute and 1 GB of memory. Exits 0 when every check holds, 1 otherwise, 2 when there is no OpenClaw.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const openclaw = process.env.OPENCLAW_BIN ?? 'openclaw';
const script = fileURLToPath(new URL('../../scripts/workflow_ops/dispatch_task.sh', import.meta.url));
const launcher = fileURLToPath(new URL('../../dist/wf.cjs', import.meta.url));
const READY_LIMIT_MS = 120_000;
const TURN_LIMIT_MS = 90_000;
const TOKEN = 'for-this-test-only';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let failures = 0;
function check(what, holds, detail = '') {
  if (!holds) failures++;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${detail === '' ? '' : ` (${detail})`}`);
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** An OpenAI-compatible server that answers every prompt with one word, streamed, and keeps what it was asked. */
async function startModel() {
  const prompts = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    if (request.url?.endsWith('/models')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'fake-1', object: 'model' }] }));
      return;
    }
    prompts.push(body);
    const chunk = (delta, finish = null) =>
      `data: ${JSON.stringify({
        id: 'c1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'fake-1',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })}\n\n`;
    response.setHeader('content-type', 'text/event-stream');
    response.write(chunk({ role: 'assistant', content: 'Done.' }));
    response.write(chunk({}, 'stop'));
    response.end('data: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, prompts, close: () => server.close() };
}

const configOf = (dir, port, modelPort) => ({
  gateway: { mode: 'local', bind: 'loopback', port, auth: { mode: 'token', token: TOKEN } },
  agents: {
    defaults: { model: { primary: 'fake/fake-1' }, skipBootstrap: true, heartbeat: { every: '0m' } },
    entries: {
      'personal-assistant': {
        name: 'Personal assistant',
        workspace: path.join(dir, 'workspace'),
        model: 'fake/fake-1',
      },
    },
  },
  models: {
    mode: 'replace',
    providers: {
      fake: {
        baseUrl: `http://127.0.0.1:${modelPort}/v1`,
        apiKey: 'none',
        api: 'openai-completions',
        models: [
          {
            id: 'fake-1',
            name: 'fake-1',
            reasoning: false,
            input: ['text'],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 200000,
            maxTokens: 8192,
          },
        ],
      },
    },
  },
  cron: { enabled: true },
  update: { checkOnStart: false },
  discovery: { mdns: { mode: 'off' } },
});

async function waitReady(port, gateway) {
  for (const startedAt = Date.now(); Date.now() - startedAt < READY_LIMIT_MS; await sleep(250)) {
    if (gateway.exitCode !== null) throw new Error(`the gateway exited with ${gateway.exitCode}`);
    try {
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200) return Date.now() - startedAt;
    } catch {
      // Not listening yet.
    }
  }
  throw new Error('the gateway did not become ready');
}

/** Ends the gateway's own process group, and nothing else. */
async function stop(gateway) {
  if (gateway.exitCode !== null || gateway.signalCode !== null) return;
  const ended = once(gateway, 'exit');
  process.kill(-gateway.pid, 'SIGTERM');
  const killer = setTimeout(() => process.kill(-gateway.pid, 'SIGKILL'), 15_000);
  await ended;
  clearTimeout(killer);
}

async function dispatch(env, task) {
  const startedAt = Date.now();
  const result = await promisify(execFile)(script, ['general', task], { env }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
  return {
    ...result,
    ms: Date.now() - startedAt,
    jobId: result.code === 0 ? JSON.parse(result.stdout).jobId : null,
  };
}

/** The built program, whole: `wf run` with an assistant named in config.json. */
async function engine(env, dir, model, list) {
  const home = path.join(dir, 'workflows');
  fs.mkdirSync(home, { mode: 0o700 });
  fs.writeFileSync(path.join(home, 'config.json'), '{ "openclaw": { "agent": "personal-assistant" } }');
  const args = (task) => [launcher, 'run', 'autonomous-e2e', '--input', task, '--json', '--home', home];
  const wf = (task) =>
    promisify(execFile)(process.execPath, args(task), { env }).then(
      ({ stdout }) => ({ code: 0, answer: JSON.parse(stdout) }),
      ({ code, stdout }) => ({ code, answer: JSON.parse(stdout) }),
    );
  const asked = (marker) => model.prompts.filter((prompt) => prompt.includes(marker)).length;
  const turn = async (marker) => {
    for (const startedAt = Date.now(); asked(marker) === 0 && Date.now() - startedAt < TURN_LIMIT_MS; )
      await sleep(250);
    await sleep(3000);
  };

  const first = await wf('write a note about MARKER-3');
  const jobId = first.answer.run?.tasks?.[0]?.jobId;
  check(
    'wf run hands the task to the assistant',
    first.code === 0 && first.answer.run.status === 'handed_off' && jobId !== undefined,
  );
  const again = await wf('write a note about MARKER-3');
  check('the same wf run again dispatches nothing', again.answer.answer === 'reused');
  await turn('MARKER-3');
  check('the agent got the brief once', asked('MARKER-3') === 1, `${asked('MARKER-3')}`);

  // Killed while it dispatches: the child goes on, and the next command finds what it did.
  const killed = spawn(process.execPath, args('write a note about MARKER-4'), { env, stdio: 'ignore' });
  // Its pid stands there as soon as the dispatch script runs; before that nothing would have been dispatched.
  const scratch = path.join(home, 'run');
  const working = () =>
    fs.existsSync(scratch) &&
    fs.readdirSync(scratch).some((id) => fs.existsSync(path.join(scratch, id, 'child.json')));
  while (!working()) await sleep(10);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  let after = await wf('write a note about MARKER-4');
  check(
    'while the dispatch still works, it is left alone',
    after.code === 6 && after.answer.error?.code === 'still-working',
    `exit ${after.code}`,
  );
  for (let tries = 0; after.code === 6 && tries < 60; tries++) {
    await sleep(500);
    after = await wf('write a note about MARKER-4');
  }
  check(
    'then the run goes on with the job that was added',
    after.code === 0 && after.answer.run.status === 'handed_off',
    `exit ${after.code}`,
  );
  const prefix = `wf:${after.answer.run.runId}:`;
  const jobs = (await list()).filter((job) => job.declarationKey?.startsWith(prefix));
  check(
    'and there is one job for it',
    jobs.length === 1 && jobs[0].id === after.answer.run.tasks[0].jobId,
    `${jobs.length}`,
  );
  await turn('MARKER-4');
  check('and one agent turn', asked('MARKER-4') === 1, `${asked('MARKER-4')}`);
}

async function main() {
  const run = promisify(execFile);
  try {
    await run(openclaw, ['--version']);
  } catch (error) {
    console.error(`no OpenClaw to test with: ${error.message.split('\n')[0]}`);
    return 2;
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'wf-openclaw-'));
  const model = await startModel();
  const port = await freePort();
  fs.mkdirSync(path.join(dir, 'workspace'));
  fs.writeFileSync(path.join(dir, 'openclaw.json'), JSON.stringify(configOf(dir, port, model.port)), {
    mode: 0o600,
  });
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    OPENCLAW_BIN: openclaw,
    OPENCLAW_CONFIG_PATH: path.join(dir, 'openclaw.json'),
    OPENCLAW_STATE_DIR: path.join(dir, 'state'),
    OPENCLAW_GATEWAY_PORT: String(port),
    OPENCLAW_GATEWAY_TOKEN: TOKEN,
    OPENCLAW_NO_AUTO_UPDATE: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_SKIP_CHANNELS: '1',
    OPENCLAW_NO_RESPAWN: '1',
  };
  const log = fs.openSync(path.join(dir, 'gateway.log'), 'w');
  const gateway = spawn(openclaw, ['gateway', 'run'], { env, detached: true, stdio: ['ignore', log, log] });
  try {
    const readyMs = await waitReady(port, gateway);
    console.log(`gateway ready after ${(readyMs / 1000).toFixed(1)} s`);
    const keyed = {
      ...env,
      WF_EFFECT_KEY: 'wf:run-1:execute.main:1',
      WF_RUN_ID: 'run-1',
      WF_TIMEOUT_SECONDS: '120',
    };
    const list = async () =>
      JSON.parse((await run(openclaw, ['cron', 'list', '--all', '--json'], { env })).stdout).jobs;

    const first = await dispatch(keyed, 'Say "done", once. MARKER-1');
    check(
      'the first dispatch adds a job',
      first.code === 0 && first.jobId,
      `${first.ms} ms ${first.stderr.trim()}`,
    );
    const second = await dispatch(keyed, 'Say "done", once. MARKER-1');
    check('the second with the same key answers with it', second.jobId === first.jobId, `${second.ms} ms`);
    const mine = (await list()).filter((job) => job.declarationKey === keyed.WF_EFFECT_KEY);
    check('there is one job for the key', mine.length === 1, `${mine.length}`);

    const asked = () => model.prompts.filter((prompt) => prompt.includes('MARKER-1')).length;
    for (const startedAt = Date.now(); asked() === 0 && Date.now() - startedAt < TURN_LIMIT_MS; )
      await sleep(250);
    await sleep(3000);
    check('the agent was asked once', asked() === 1, `${asked()}`);
    const later = await dispatch(keyed, 'Say "done", once. MARKER-1');
    check(
      'after it ran, the same key is still answered with it',
      later.jobId === first.jobId,
      `${later.ms} ms`,
    );
    await sleep(8000);
    check('and it is not run again', asked() === 1, `${asked()}`);

    const nobody = await dispatch(
      { ...keyed, WF_EFFECT_KEY: 'wf:run-2:execute.main:1', WF_AGENT: 'nobody' },
      'x',
    );
    check(
      'an unknown agent is a configuration error (78)',
      nobody.code === 78,
      `${nobody.code} ${nobody.stderr.trim()}`,
    );
    const wrongConfig = path.join(dir, 'wrong-token.json');
    const wrong = configOf(dir, port, model.port);
    wrong.gateway.auth.token = 'wrong';
    fs.writeFileSync(wrongConfig, JSON.stringify(wrong), { mode: 0o600 });
    const locked = {
      ...keyed,
      WF_EFFECT_KEY: 'wf:run-4:execute.main:1',
      OPENCLAW_CONFIG_PATH: wrongConfig,
      OPENCLAW_GATEWAY_TOKEN: 'wrong',
    };
    const refused = await dispatch(locked, 'x');
    check(
      'a wrong token is a configuration error (78)',
      refused.code === 78,
      `${refused.code} ${refused.stderr.trim()}`,
    );
    const plain = await dispatch(env, 'Say "done". MARKER-2');
    check(
      'without a key, as the seed shows it, a job is added',
      plain.code === 0 && plain.jobId !== first.jobId,
    );
    await engine(env, dir, model, list);
    await stop(gateway);
    const down = await dispatch({ ...keyed, WF_EFFECT_KEY: 'wf:run-3:execute.main:1' }, 'x');
    check(
      'a gateway that is down is said to be down (69)',
      down.code === 69,
      `${down.code} ${down.stderr.trim()}`,
    );
  } catch (error) {
    check(
      `unexpected: ${error.stack}`,
      false,
      fs.readFileSync(path.join(dir, 'gateway.log'), 'utf8').slice(-2000),
    );
  } finally {
    await stop(gateway);
    model.close();
    fs.closeSync(log);
    fs.rmSync(dir, { recursive: true, force: true });
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
