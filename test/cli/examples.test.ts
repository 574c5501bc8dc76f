/**
 * The four whole definitions that come with the package, carried out with real processes. Stood in for by small
 * scripts of this test: restic, pg_dump, the program that posts, the assistants' programs, OpenClaw and the chat that
 * messages go to; the web site is a server on this machine. A definition is used as it is written but for the paths of
 * those programs and the address of that site.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FAKE_OPENCLAW } from '../support/effects-home.ts';
import { onTerminal } from '../support/on-terminal.ts';
import { expectHealthy, root, until, type WfRunner, wfRunner } from '../support/wf.ts';

const TEMPLATES = join(root, 'definitions/templates');

/** Copies an example into the home, with other paths and addresses where the world cannot be had. */
function use(runner: WfRunner, id: string, stands: Readonly<Record<string, string>> = {}): void {
  let text = readFileSync(join(TEMPLATES, `${id}.jsonc`), 'utf8');
  for (const [from, to] of Object.entries(stands)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  mkdirSync(join(runner.home, 'definitions'), { recursive: true, mode: 0o700 });
  writeFileSync(join(runner.home, 'definitions', `${id}.jsonc`), text, { mode: 0o600 });
}

function script(runner: WfRunner, name: string, body: string): string {
  const file = runner.path(name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Messages go to a script that writes them down, one after the other. */
function configure(runner: WfRunner, more: object = {}): void {
  const chat = script(runner, 'chat', 'cat >> "$HOME/said"; echo >> "$HOME/said"');
  mkdirSync(runner.home, { recursive: true, mode: 0o700 });
  const messages = { default: { via: 'command', command: chat } };
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify({ messages, ...more }), { mode: 0o600 });
}
const said = (runner: WfRunner): string =>
  existsSync(runner.path('said')) ? readFileSync(runner.path('said'), 'utf8') : '';

describe('autonomous-e2e', () => {
  const INPUT = 'write a blog on BIM Automation in Autodesk';

  test('on a machine with nothing configured it is handed off, once', async () => {
    const runner = wfRunner();
    use(runner, 'autonomous-e2e');
    const first = await runner.json(['run', 'autonomous-e2e', '--input', INPUT]);
    expect(first).toMatchObject({ code: 0, run: { status: 'handed_off', route: 'content', risk: 'low' } });
    const again = await runner.json(['run', 'autonomous-e2e', '--input', INPUT]);
    expect(again).toMatchObject({ code: 0, run: { runId: first.run.runId } });
    expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(1);
    expect(existsSync(join(runner.home, 'publish/latest'))).toBe(true);
    await expectHealthy(runner);
  });

  test('an assistant that may be used by itself does it', async () => {
    const runner = wfRunner();
    const command = script(runner, 'assistant', 'cat > brief.txt; echo "The post is written."');
    configure(runner, { agents: { 'personal-assistant': { command, auto: true } } });
    use(runner, 'autonomous-e2e');
    const { code, run } = await runner.json(['run', 'autonomous-e2e', '--input', INPUT]);
    expect({ code, status: run.status, outcome: run.outcome }).toEqual({
      code: 0,
      status: 'completed',
      outcome: 'done',
    });
    const brief = readFileSync(join(runner.home, 'artifacts', run.runId, 'brief.txt'), 'utf8');
    expect(brief).toContain(INPUT);
    expect(brief).toContain('Keep user-facing outputs concise');
    expect(said(runner)).toBe('');
  });

  test('an ok turn that ends in "I was unable to" has failed, and somebody is told', async () => {
    const runner = wfRunner();
    const command = script(runner, 'assistant', 'cat > brief.txt; echo "I was unable to log in."');
    configure(runner, { agents: { 'personal-assistant': { command, auto: true } } });
    use(runner, 'autonomous-e2e');
    const { code, run } = await runner.json(['run', 'autonomous-e2e', '--input', INPUT]);
    expect({ code, status: run.status, stage: run.error?.stage }).toEqual({
      code: 5,
      status: 'failed',
      stage: 'verify',
    });
    expect(said(runner)).toContain(run.runId.slice(0, 12));
    expect(said(runner)).toMatch(/failed/i);
    await expectHealthy(runner);
  });

  test('a risky task waits for a yes, and somebody is told', async () => {
    const runner = wfRunner();
    const command = script(runner, 'assistant', 'echo turn >> "$HOME/turns"; echo Restarted.');
    configure(runner, { agents: { 'personal-assistant': { command, auto: true } } });
    use(runner, 'autonomous-e2e');
    const { code, run } = await runner.json(['run', 'autonomous-e2e', '--input', 'restart the gateway']);
    expect({ code, risk: run.risk, waits: run.waiting?.for }).toEqual({
      code: 6,
      risk: 'high',
      waits: 'approval',
    });
    expect(runner.lines('turns')).toEqual([]);
    expect(said(runner)).toContain(run.waiting?.id ?? 'an id');
    const end = await onTerminal(runner, ['approve', 'last'], `${run.waiting?.id}\n`);
    expect(end.code).toBe(0);
    expect(runner.lines('turns')).toEqual(['turn']);
  });
});

describe('nightly-backup', () => {
  const stands = (runner: WfRunner, dump: string): Record<string, string> => ({
    '/usr/bin/pg_dump': script(runner, 'pg_dump', `echo dump >> "$HOME/calls"; ${dump}`),
    '/usr/bin/restic': script(
      runner,
      'restic',
      'echo "restic $1" >> "$HOME/calls"; test "$1" != backup || echo \'{"message_type":"summary"}\'',
    ),
  });
  // pg_dump -Fc -f FILE app
  const WHOLE = 'head -c 1100000 /dev/zero > "$3"';

  test('dumps, backs up, asks before it prunes, checks, and tells', async () => {
    const runner = wfRunner();
    configure(runner);
    use(runner, 'nightly-backup', stands(runner, WHOLE));
    const asked = await runner.json(['run', 'nightly-backup', '--input', 'tonight']);
    expect(asked).toMatchObject({ code: 6, run: { waiting: { for: 'approval' } } });
    expect(runner.lines('calls')).toEqual(['restic version', 'dump', 'restic backup']);
    expect(said(runner)).toContain(asked.run.waiting?.id ?? 'an id');
    const end = await onTerminal(runner, ['approve', 'last'], `${asked.run.waiting?.id}\n`);
    expect(end.code).toBe(0);
    expect(runner.lines('calls').slice(3)).toEqual(['restic forget', 'restic check']);
    const { run } = await runner.json(['show', 'last']);
    expect(run).toMatchObject({ status: 'completed', outcome: 'done' });
    await expectHealthy(runner);
  });

  test('a dump that is too small fails the night, whatever the programs said', async () => {
    const runner = wfRunner();
    configure(runner);
    use(runner, 'nightly-backup', stands(runner, 'echo nothing > "$3"'));
    const { run } = await runner.json(['run', 'nightly-backup', '--input', 'tonight']);
    await onTerminal(runner, ['approve', 'last'], `${run.waiting?.id}\n`);
    const failed = await runner.json(['show', 'last']);
    expect(failed.run).toMatchObject({ status: 'failed', error: { stage: 'verify' } });
    expect(said(runner)).toMatch(/failed/i);
  });
});

describe('daily-brand', () => {
  /** The site that the post goes to; it keeps what it was sent. */
  async function site() {
    const posts: { key: string; auth: string | undefined; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
      const key = String(request.headers['idempotency-key']);
      const body = Buffer.concat(pieces).toString('utf8');
      posts.push({ key, auth: request.headers.authorization, body });
      response.writeHead(201).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    return { posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  const env = { CMS_TOKEN: 'tok-cms', SOCIAL_TOKEN: 'tok-social' };
  const POST = `# Spring\n${'A plain sentence about bridges. '.repeat(60)}\n`;

  async function drafted(runner: WfRunner) {
    const { posts, url } = await site();
    const fake = `OPENCLAW_FAKE_DIR="${runner.dir}" exec "${process.execPath}" "${FAKE_OPENCLAW}" "$@"`;
    configure(runner, {
      openclaw: { command: script(runner, 'openclaw', fake), agent: 'personal-assistant' },
    });
    use(runner, 'daily-brand', {
      'https://cms.example': url,
      '/usr/local/bin/post-social': script(
        runner,
        'post-social',
        'echo "$SOCIAL_TOKEN" > "$HOME/token"; cat "$2" >> "$HOME/social"',
      ),
    });
    // Its assistant writes the files and reports, as the brief asks for.
    const started = runner.start(
      ['run', 'daily-brand', '--input', '{"task":"package for today"}', '--json'],
      { env },
    );
    await untilJobs(runner, 1);
    const runId =
      runner
        .log()
        .find(({ type }) => type === 'RunStarted')
        ?.stream.slice('run/'.length) ?? '';
    const artifacts = join(runner.home, 'artifacts', runId);
    const message = await handIn(runner, artifacts, 1, POST);
    expect(message).toContain('Brand: acme.');
    await started.ended;
    const { run } = await runner.json(['show', 'last']);
    expect(run.waiting?.for).toBe('approval');
    return { posts, run, artifacts };
  }
  type Job = { readonly message: string };
  const jobsOf = (runner: WfRunner): readonly Job[] =>
    existsSync(runner.path('jobs.json'))
      ? (JSON.parse(readFileSync(runner.path('jobs.json'), 'utf8')) as Job[])
      : [];
  const untilJobs = (runner: WfRunner, count: number): Promise<void> =>
    until(() => jobsOf(runner).length >= count);

  /** What the assistant does with its newest job: the files, then the report with the one-time word of its brief. */
  async function handIn(runner: WfRunner, artifacts: string, job: number, post: string): Promise<string> {
    await untilJobs(runner, job);
    const jobs = jobsOf(runner);
    expect(jobs).toHaveLength(job);
    const message = jobs.at(-1)?.message ?? '';
    const [, task = '', nonce = ''] = /report (\S+).*--nonce (\S+)/.exec(message) ?? [];
    writeFileSync(join(artifacts, 'post.md'), post);
    writeFileSync(join(artifacts, 'social.json'), '{"text":"Spring"}');
    const words = ['--text', `Both are written, ${job}.`, '--nonce', nonce];
    const report = await runner.wf(['report', task, ...words], { env });
    // Whoever is faster goes on with the run: this command, or the one that waits.
    expect([0, 6]).toContain(report.code);
    return message;
  }

  test('drafts, shows the draft, and publishes exactly what was approved, once', async () => {
    const runner = wfRunner();
    const { posts, run } = await drafted(runner);
    expect(posts).toEqual([]);
    expect(said(runner)).toContain(run.waiting?.id ?? 'an id');
    const end = await onTerminal(
      runner,
      ['approve', 'last'],
      `${run.waiting?.id}\n`,
      undefined,
      undefined,
      env,
    );
    expect(end.stdout).toContain('A plain sentence about bridges.');
    expect(end.code).toBe(0);
    expect(posts).toEqual([{ key: `wf:${run.runId}:deliver.blog:1`, auth: 'Bearer tok-cms', body: POST }]);
    expect(runner.lines('social')).toEqual(['{"text":"Spring"}']);
    expect(runner.lines('token')).toEqual(['tok-social']);
    expect(said(runner)).toMatch(/completed|done/i);
    const log = readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8');
    expect(log).not.toMatch(/tok-cms|tok-social/);
    await expectHealthy(runner);
  });

  test('a draft that was changed after the question is asked about again', async () => {
    const runner = wfRunner();
    const { posts, run, artifacts } = await drafted(runner);
    writeFileSync(join(artifacts, 'post.md'), `${POST}One word more.\n`);
    const end = await onTerminal(
      runner,
      ['approve', 'last'],
      `${run.waiting?.id}\n`,
      undefined,
      undefined,
      env,
    );
    expect(end.code).toBe(6);
    expect(posts).toEqual([]);
  });

  test('a no sends it back with its reason, twice; a third one ends it, and nothing is published', async () => {
    const runner = wfRunner();
    const { posts, run, artifacts } = await drafted(runner);
    for (const [reason, job] of [['too long', 2] as const, ['too dry', 3] as const]) {
      const back = runner.start(['reject', 'last', '--reason', reason, '--json'], { env });
      const message = await handIn(runner, artifacts, job, `${POST}Draft ${job}.\n`);
      expect(message).toContain('## Sent back');
      expect(message).toContain(`- ${reason}`);
      expect((await back.ended).code).toBe(6);
      expect((await runner.json(['show', 'last'])).run).toMatchObject({
        runId: run.runId,
        waiting: { for: 'approval' },
      });
    }
    const last = await runner.json(['reject', 'last', '--reason', 'still too dry'], { env });
    expect(last.run).toMatchObject({ runId: run.runId, status: 'cancelled' });
    expect(jobsOf(runner)).toHaveLength(3);
    expect(posts).toEqual([]);
    expect(runner.lines('social')).toEqual([]);
    await expectHealthy(runner);
  });
});

describe('research-digest', () => {
  const DIGEST = `A digest. https://example.org/bim\n${'What was found is said in few words. '.repeat(30)}\n`;
  function prepare(runner: WfRunner, costUsd: number): void {
    script(
      runner,
      'home/bin/collect-feeds',
      'echo "collect $*" >> "$HOME/calls"; echo "[\\"feed\\"]" > "$4"',
    );
    writeFileSync(runner.path('digest.txt'), DIGEST);
    const command = script(
      runner,
      'claude',
      `cat > "$HOME/brief"; cp "$HOME/digest.txt" digest.md; echo '{"result":"Written.","total_cost_usd":${costUsd}}'`,
    );
    const claude = { command, outputFormat: 'json', resultPath: 'result', costPath: 'total_cost_usd' };
    configure(runner, { agents: { claude } });
    use(runner, 'research-digest');
  }

  test('collects with a script, thinks with one turn, and sends', async () => {
    const runner = wfRunner();
    prepare(runner, 0.12);
    const { code, run } = await runner.json([
      'run',
      'research-digest',
      '--input',
      'digest on BIM automation',
    ]);
    expect({ code, status: run.status, route: run.route }).toEqual({
      code: 0,
      status: 'completed',
      route: 'brief',
    });
    expect(runner.lines('calls')[0]).toContain('collect --days 7 --out');
    const brief = readFileSync(runner.path('brief'), 'utf8');
    expect(brief).toContain('feeds.json');
    expect(brief).toContain('Link a source for every claim.');
    expect(said(runner)).toContain('What was found is said in few words.');
    await expectHealthy(runner);
  });
});

/** sha256 of each example as it was given. Whoever means to change one changes its hash, and says why. */
const GIVEN = {
  'autonomous-e2e': 'ba7d859514f7a88843c05b7cb963b4849c2c0afccdbdcb21d412e701e6d70db4',
  'daily-brand': '1d4f007516ef6709a6cd4cd57a9bff28bc06699c7db6020def274bfd67112841',
  'nightly-backup': '51ff1f11c6d07a6859d082807deb1095cce127602ad8b749900470dccb26e250',
  'research-digest': '747d5ca095fe524d6f2b10517c951ded6def3a23c8b801b327e9293d9acc81d6',
};

test('every example is as it was given, and valid without a warning once what it names is there', async () => {
  const runner = wfRunner();
  configure(runner, { agents: { claude: { command: '/bin/true' } } });
  for (const [id, given] of Object.entries(GIVEN)) {
    use(runner, id);
    const bytes = readFileSync(join(runner.home, 'definitions', `${id}.jsonc`));
    expect({ id, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({ id, sha256: given });
    const env = { CMS_TOKEN: 'tok-cms', SOCIAL_TOKEN: 'tok-social' };
    const { code, stdout } = await runner.wf(['definitions', 'validate', id, '--json'], { env });
    expect({ id, code, stdout }).toMatchObject({ code: 0 });
    const { files } = JSON.parse(stdout) as { files: { findings: { code: string; path: string }[] }[] };
    // A number of the request stands alone behind an option: allowed, and said.
    const said = id === 'research-digest' ? ['user-value-as-operand execute.steps[0].args[1]'] : [];
    expect(files.flatMap(({ findings }) => findings.map(({ code, path }) => `${code} ${path}`))).toEqual(
      said,
    );
  }
});
