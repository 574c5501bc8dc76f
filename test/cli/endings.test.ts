/** What stands on the screen at the end of a run: what came of it, what it rests on, and the next commands. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAKE_OPENCLAW } from '../support/effects-home.ts';
import { sh, until, type WfRunner, wfRunner } from '../support/wf.ts';

/** A home with an assistant (a script of this test) and a target for messages. */
function prepare(runner: WfRunner, turn: string, more: object = {}): void {
  const command = runner.path('assistant');
  writeFileSync(command, `#!/bin/sh\ncat > brief.txt\n${turn}\n`);
  chmodSync(command, 0o755);
  const agents = { claude: { command, outputFormat: 'json', resultPath: 'result', costPath: 'cost' } };
  const messages = { default: { via: 'command', command: '/bin/true' } };
  mkdirSync(runner.home, { mode: 0o700 });
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify({ agents, messages }), { mode: 0o600 });
  runner.define({
    id: 'digest',
    execute: { dispatcher: 'agent', agent: 'claude' },
    verify: { files: [{ path: '{{artifacts}}/digest.md', fresh: true }] },
    ...more,
  });
}
const RUN = ['run', 'digest', '--input', 'x'] as const;
const WROTE = 'echo words > digest.md; echo \'{"result":"It is written.","cost":0.12}\'';
const idIn = (runner: WfRunner): string =>
  runner
    .log()
    .find(({ type }) => type === 'RunStarted')
    ?.stream.slice('run/'.length) ?? '';

test('done: the words, the cost, the files that were made, and how to rate it', async () => {
  const runner = wfRunner();
  prepare(runner, WROTE, { notify: [{ on: ['completed'], to: 'default' }] });
  const { code, stdout } = await runner.wf(RUN);
  expect(code).toBe(0);
  const id = idIn(runner);
  expect(stdout.replace(/in \d+\.\d s/, 'in TIME')).toBe(`● done in TIME.
  It is written.
  cost      0.12 USD
  checked   1 file
  made      ~/home/artifacts/${id}/digest.md
  summary   ~/home/outbox/${id}.md
  told      default

Look: wf show last      Rate it: wf feedback submit --run-id last --score 1-5 --feedback "…"
`);
});

test('done, and delivered: what was asked of the work and found, its own words, and what went out of the house', async () => {
  const runner = wfRunner();
  prepare(runner, WROTE, {
    verify: {
      files: [{ path: '{{artifacts}}/digest.md', fresh: true }],
      command: sh('echo sound'),
      outcome: { failOn: ['unable'] },
    },
    deliver: { actions: [{ id: 'blog', ...sh('echo published') }] },
  });
  const { stdout } = await runner.wf(RUN);
  expect(stdout).toContain('\n  It is written.\n');
  expect(stdout).toContain('  checked   1 file, the answer, by its command\n');
  expect(stdout).toContain('  delivered blog done\n');
});

test('a cost that nobody stated is called unknown, and never nothing', async () => {
  const runner = wfRunner();
  prepare(runner, 'echo words > digest.md; echo \'{"result":"It is written."}\'');
  expect((await runner.wf(RUN)).stdout).toContain('  cost      not known (1 turn)\n');
});

test('asked again: why nothing ran, what came of it then, whether the definition is still the same', async () => {
  const runner = wfRunner();
  prepare(runner, WROTE);
  await runner.wf(RUN);
  const id = idIn(runner);
  const again = await runner.wf(RUN);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/^↺ already done: run \w+, .*\. Nothing was run or sent\.\n/);
  expect(again.stdout).toMatch(
    / {2}why {7}the same workflow and input \(key \w{12}…\); its definition is unchanged\n/,
  );
  expect(again.stdout).toContain(
    `  It is written.\n  cost      0.12 USD\n  checked   1 file\n  made      ~/home/artifacts/${id}/digest.md\n`,
  );
  expect(again.stdout).toMatch(/Do it again: {3}the same command with --force\n$/);
  runner.define({ id: 'digest', description: 'other', execute: sh('exit 0') });
  expect((await runner.wf(RUN)).stdout).toContain('; its definition has changed since\n');
  expect(runner.types().filter((type) => type === 'EffectIntended')).toHaveLength(1);
});

test('failed: the stage with its reason, the last words, why it was not repeated, who was told, what next', async () => {
  const runner = wfRunner();
  const turn = 'echo "The site is closed." >&2; exit 3';
  prepare(runner, turn, { notify: [{ on: ['failed'], to: 'default' }] });
  const { code, stdout } = await runner.wf(RUN);
  expect(code).toBe(5);
  expect(stdout).toMatch(/^✗ failed at execute after \d+\.\d s: .*3/);
  expect(stdout).toContain('  its last words  The site is closed.');
  expect(stdout).toContain('  It was performed and failed, so it was not repeated by itself (attempt 1).');
  expect(stdout).toContain('  told      default\n');
  expect(stdout).toMatch(/Try again from there: {2}wf resume last\nLook: {18}wf show last\n$/);
});

test('failed at the check: what who did it said is shown, for that is where the reason stands', async () => {
  const runner = wfRunner();
  prepare(runner, 'echo \'{"result":"I may not write here."}\'');
  const { stdout } = await runner.wf(RUN);
  expect(stdout).toMatch(
    /^✗ failed at verify after .*digest\.md\n {2}its last words {2}I may not write here\.\n/,
  );
  expect(stdout).toContain('  Nothing was dispatched after that.\n');
});

test('failed after all attempts: it is not said that nothing was tried again', async () => {
  const runner = wfRunner();
  const retry = { maxAttempts: 2, backoff: '10ms', retryOn: ['exit:7'] };
  runner.define({ id: 'digest', execute: { ...sh('exit 7'), idempotent: true, retry } });
  const { code, stdout, stderr } = await runner.wf(RUN);
  expect(code).toBe(5);
  expect(stderr).toMatch(/↻ execute +failed \(.* exited with 7\); again at /);
  expect(stdout).toContain('  It was performed and failed, and is not tried again by itself (attempt 2).\n');
});

test('between two attempts and left by its process: until when it waits, and how it goes on', async () => {
  const runner = wfRunner();
  const retry = { maxAttempts: 3, backoff: '1h', retryOn: ['exit:7'] };
  runner.define({ id: 'digest', execute: { ...sh('exit 7'), idempotent: true, retry } });
  const { child, ended } = runner.start(RUN);
  await until(() => runner.types().includes('EffectFailed'));
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  const { stdout } = await runner.wf(['show', 'last']);
  expect(stdout).toMatch(/ {2}waits +for retry since .* UTC, until 20[\d-]+ [\d:]+ UTC\n/);
  expect(stdout).toMatch(/Next\n {2}go on: +wf resume \w+\n/);
});

test('a yes is asked for: what will be sent, what the yes is bound to, when it expires and what then', async () => {
  const runner = wfRunner();
  const approval = [{ at: 'execute', expiresIn: '2h', onExpire: 'cancel' }];
  prepare(runner, WROTE, { approval, notify: [{ on: ['waiting:approval'], to: 'default' }] });
  const { code, stdout } = await runner.wf(RUN);
  expect(code).toBe(6);
  const id = idIn(runner);
  expect(stdout).toContain('Exactly this will be dispatched:\n  step main: agent to claude\n    │ x\n');
  expect(stdout).toMatch(/ {2}bound to {2}[0-9a-f]{16} /);
  expect(stdout).toMatch(/ {2}expires {3}20\S+Z, then the run is cancelled\n/);
  expect(stdout).toContain('  told      default\n');
  // The answer is what comes next, so it stands last.
  expect(stdout).toMatch(
    new RegExp(`Yes:  wf approve A-${id.slice(0, 12)}\nNo:   wf reject A-${id.slice(0, 12)}\n$`),
  );
});

test('a question shows until when it can be answered wherever it is shown, and where it is asked', async () => {
  const runner = wfRunner();
  prepare(runner, WROTE, { approval: [{ at: 'execute', expiresIn: '2h', onExpire: 'skip' }] });
  const { stdout } = await runner.wf(RUN);
  expect(stdout).toContain('  asked     here and in wf inbox; nobody else is told (no notify)\n');
  expect((await runner.wf(RUN)).stdout).toContain(
    '  asked     here and in wf inbox; who was told: wf show last\n',
  );
  const asked = runner.log().find(({ type }) => type === 'ApprovalRequested');
  const expiresAt = String(asked?.data.expiresAt);
  const until = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC, then the run goes on without`;
  for (const verb of [['inbox'], [], ['show', 'last']])
    expect((await runner.wf(verb)).stdout).toContain(`expires  ${until}\n`);
  const { stdout: inbox } = await runner.wf(['inbox', '--json']);
  expect(JSON.parse(inbox)).toMatchObject({ items: [{ expiresAt, onExpire: 'skip' }] });
  const never = wfRunner();
  await never.wf(['run', 'autonomous-e2e', '--input', 'restart the gateway']);
  expect((await never.wf(['inbox'])).stdout).toContain('    expires  never\n');
});

test('handed over and waited for: the job, and how its outcome gets here', async () => {
  const runner = wfRunner();
  const command = runner.path('openclaw');
  const fake = `OPENCLAW_FAKE_DIR="${runner.dir}" exec "${process.execPath}" "${FAKE_OPENCLAW}" "$@"`;
  writeFileSync(command, `#!/bin/sh\n${fake}\n`);
  chmodSync(command, 0o755);
  mkdirSync(runner.home, { mode: 0o700 });
  const config = { openclaw: { command, agent: 'personal-assistant' } };
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  runner.define({ id: 'digest', execute: { dispatcher: 'openclaw', await: 'outcome' } });
  const { code, stdout } = await runner.wf(RUN);
  expect(code).toBe(6);
  const id = idIn(runner);
  expect(stdout).toMatch(/^◐ waits for the outcome of what was handed over\.\n/);
  expect(stdout).toContain(`  job       job-1   task T-${id}   with personal-assistant\n`);
  expect(stdout).toContain(
    `Report it:  wf report last --file RESULT_FILE
it failed:  wf report last --status error --text WHY
Look:       wf show last
`,
  );
  expect((await runner.wf(['report', 'last', '--text', 'It is written.'])).stdout).toContain('● done in');
});

test('nobody here can do it: it is reported, or given to an assistant that is connected later, and the screen says so', async () => {
  const runner = wfRunner();
  runner.define({ id: 'digest', execute: { message: '{{brief}}' } });
  const first = await runner.wf(RUN);
  expect(first.stderr).toContain('no assistant on this machine');
  expect(first.stdout).toContain('The work is NOT done: nobody here can do it yet.\n');
  const connect = 'connect an assistant (wf connect agent claude --auto), then wf resume last\n';
  expect(first.stdout).toContain(
    `Finish it:  wf report last --file RESULT_FILE\nor          ${connect}Look:       wf show last\n`,
  );
  expect((await runner.wf(RUN)).stdout).toContain(`or             ${connect}`);
  const command = runner.path('assistant');
  writeFileSync(command, '#!/bin/sh\necho done\n', { mode: 0o755 });
  const agents = { claude: { command, auto: true } };
  writeFileSync(join(runner.home, 'config.json'), JSON.stringify({ agents }), { mode: 0o600 });
  expect((await runner.wf(RUN)).stdout).toContain(
    'or             wf resume last   gives it to the assistant that is connected\n',
  );
  expect((await runner.wf(['resume', 'last'])).stdout).toContain('● done in');
});

test('a step for a person is not said to lack an assistant, and no assistant is offered for it', async () => {
  const runner = wfRunner();
  runner.define({ id: 'digest', execute: { dispatcher: 'manual' } });
  const { stdout, stderr } = await runner.wf(RUN);
  expect(stderr).toMatch(/execute +queued as task T-\w{26} {3}for a person\n/);
  expect(stdout).toContain('The work is NOT done: a person has to do it.\n');
  expect(stdout).not.toContain('assistant');
  const shown = (await runner.wf(['show', 'last'])).stdout;
  expect(shown).toMatch(/execute +queued as task T-\w{26} +\d/);
});

test('afterwards the timeline of show has a bar for what took time', async () => {
  const runner = wfRunner();
  prepare(runner, `sleep 1.2; ${WROTE}`);
  await runner.wf(RUN);
  const { stdout } = await runner.wf(['show', 'last'], { env: { LANG: 'C.UTF-8' } });
  expect(stdout).toMatch(/^Time\n(?: .*\n)*? {2}execute +█+ +\d+\.\d s$/m);
});
