/**
 * What the program promises about secrets, rights, links, screens and odd words on the command line, tried on whole
 * flows with the built program. docs/SECURITY.md names these tests.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ended, expectHealthy, sh, WF, type WfRunner, wfRunner } from '../support/wf.ts';

/** Every path below a folder; links are named and not followed. */
function pathsOf(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? [path, ...pathsOf(path)] : [path];
  });
}

// Put together at run time, so that no scanner takes these made-up tokens for real ones.
const made = (...parts: string[]): string => parts.join('');
const PEM_BODY = 'MIIEowIBAAKCAQEAx7security+test';
const PEM = made('-----BEGIN PRIV', `ATE KEY-----\n${PEM_BODY}\n`, '-----END PRIV', 'ATE KEY-----');
const VAULT = 'vault "quoted" pässwört\\7';
/** What a person might paste, and the part of it that must be found nowhere. */
const SECRETS: readonly (readonly [name: string, text: string, secret?: string])[] = [
  ['an OpenAI key', made('sk', '-proj-a1B2c3D4e5F6g7H8i9J0')],
  ['a GitHub token', made('gh', 'p_abcdefghij0123456789ABCDEFGHIJ012345')],
  ['a fine-grained one', made('github', '_pat_11ABCDEFG0abcdefghijkl')],
  ['a Slack token', made('xo', 'xb-123456789012-abcdefABCDEF')],
  ['an AWS key id', made('AK', 'IAABCDEFGHIJ234567')],
  ['a Google key', made('AI', 'zaSyA1234567890abcdefghijklmnopqrstuvw')],
  ['a GitLab token', made('gl', 'pat-a1B2c3D4e5F6g7H8i9J0')],
  ['an npm token', made('np', 'm_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8')],
  ['a Stripe key', made('sk', '_live_a1B2c3D4e5F6g7H8i9J0')],
  ['a Hugging Face token', made('h', 'f_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7')],
  ['a SendGrid key', made('S', 'G.a1B2c3D4e5F6g7H8i9J0.a1B2c3D4e5F6g7H8i9J0')],
  ['a Telegram bot token', made('123456789', ':AAa1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7')],
  ['a JWT', made('ey', 'JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N')],
  ['a private key', PEM, PEM_BODY],
  ['a header', 'Authorization: Bearer q1w2e3r4t5y6u7i8o9', 'q1w2e3r4t5y6u7i8o9'],
  ['an address', 'https://me:h0tel9Paris@example.org/x', 'h0tel9Paris'],
  ['an assignment', 'DB_PASSWORD=tr0ub4dor', 'tr0ub4dor'],
  ['a quoted one', 'api_key = "zw3i w0rte"', 'zw3i w0rte'],
  ['one by pattern', 'KD-483920'],
  ['one by value', VAULT],
];
const ALL = SECRETS.map(([, text]) => `use ${text}\n`).join('');

/** The same bytes as they stand in JSON, once and twice. */
const spellings = (secret: string): readonly string[] => {
  const once = JSON.stringify(secret).slice(1, -1);
  return [secret, once, JSON.stringify(once).slice(1, -1)];
};

function secretsIn(bytes: Buffer): readonly string[] {
  return SECRETS.filter(([, text, secret = text]) =>
    spellings(secret).some((spelling) => bytes.includes(spelling)),
  ).map(([name]) => name);
}

function expectNoSecret(home: string, outputs: readonly Ended[]): void {
  for (const path of pathsOf(home)) {
    if (lstatSync(path).isFile()) expect(secretsIn(readFileSync(path)), path).toEqual([]);
  }
  for (const { stdout, stderr } of outputs)
    expect(secretsIn(Buffer.from(stdout + stderr)), stdout).toEqual([]);
}

const PRINT = 'cat "$HOME/secrets.txt"; cat "$HOME/secrets.txt" >&2';

describe('a secret', () => {
  function secretive(): WfRunner & {
    readonly say: (...args: string[]) => Promise<Ended>;
    readonly said: Ended[];
  } {
    const runner = wfRunner();
    mkdirSync(runner.home, { mode: 0o700 });
    writeFileSync(runner.path('secrets.txt'), ALL);
    const config = { redact: { env: ['MY_VAULT'], patterns: ['KD-\\d{6}'] } };
    writeFileSync(join(runner.home, 'config.json'), JSON.stringify(config), { mode: 0o600 });
    const said: Ended[] = [];
    const say = async (...args: string[]): Promise<Ended> => {
      const ended = await runner.wf(args, { env: { MY_VAULT: VAULT } });
      said.push(ended);
      return ended;
    };
    return { ...runner, say, said };
  }

  test('in a task, a field, a report, feedback or a reason is nowhere in the home, nor on a screen', async () => {
    const at = secretive();
    at.define({ id: 'asks', execute: { dispatcher: 'manual' } });
    at.define({ id: 'field', execute: { command: '/bin/echo', args: ['--', '{{input.note}}'] } });
    expect((await at.say('run', 'asks', '--input', ALL)).code).toBe(0);
    expect((await at.say('report', 'last', '--text', ALL)).code).toBe(0);
    const submit = [
      'feedback',
      'submit',
      '--workflow-id',
      'asks',
      '--score',
      '2',
      '--feedback',
      `too slow ${ALL}`,
    ];
    expect((await at.say(...submit)).code).toBe(0);
    expect((await at.say('run', 'field', '--input', JSON.stringify({ task: 'x', note: ALL }))).code).toBe(0);
    expect((await at.say('run', 'asks', '--input', `OPS: restart the server ${ALL}`)).code).toBe(6);
    expect((await at.say('reject', 'last', '--reason', ALL)).code).toBe(0);
    expect((await at.say('run', 'asks', '--input', `restart it again ${ALL}`)).code).toBe(6);
    expect((await at.say('cancel', 'last', '--reason', ALL)).code).toBe(0);
    for (const look of [
      ['show', 'last'],
      ['runs'],
      ['events'],
      ['inbox'],
      ['replay', 'last'],
      ['feedback', 'list'],
    ]) {
      await at.say(...look);
    }
    expect(at.types()).toContain('FeedbackSubmitted');
    expectNoSecret(at.home, at.said);
    await expectHealthy(at);
  });

  test('that a tool or a command prints, at whatever length and end, is nowhere in the home either', async () => {
    const at = secretive();
    const tool = { command: '/bin/sh', args: ['-c', `${PRINT}; exit 3`] };
    at.define({
      id: 'tool',
      autoConfigure: { allowlist: ['leaky'], toolCommands: { leaky: tool } },
      execute: { command: '/bin/true' },
    });
    at.define({ id: 'prints', execute: sh(PRINT) });
    at.define({ id: 'long', execute: sh(`head -c 60000 /dev/zero | tr '\\0' '.'; ${PRINT}`) });
    at.define({ id: 'fails', execute: sh(`${PRINT}; exit 3`) });
    at.define({ id: 'refuses', execute: { ...sh(`${PRINT}; exit 9`), notPerformedExitCodes: [9] } });
    writeFileSync(at.path('job.json'), JSON.stringify({ jobId: SECRETS[1]?.[1] }));
    at.define({ id: 'job', execute: { command: '/bin/cat', args: [at.path('job.json')] } });
    for (const [id, code] of [
      ['tool', 0],
      ['prints', 0],
      ['long', 0],
      ['fails', 5],
      ['refuses', 5],
      ['job', 0],
    ] as const) {
      expect((await at.say('run', id, '--input', 'x')).code, id).toBe(code);
      await at.say('show', 'last');
    }
    expect(readdirSync(join(at.home, 'blobs')).length).toBeGreaterThan(0);
    expectNoSecret(at.home, at.said);
    await expectHealthy(at);
  });

  test('that a command printed before its end was lost is nowhere, while in doubt and afterwards', async () => {
    const at = secretive();
    at.define({ id: 'doubt', execute: sh(`${PRINT}; kill -9 $$`) });
    expect((await at.say('run', 'doubt', '--input', 'x')).code).toBe(6);
    expect(pathsOf(join(at.home, 'run')).map((path) => path.split('/').at(-1))).toContain('stdout');
    expectNoSecret(at.home, at.said);
    expect((await at.say('resolve', 'last', '--sent')).code).toBe(0);
    expectNoSecret(at.home, at.said);
  });
});

describe('the rights of a home', () => {
  test('are its owner’s alone under a umask that allows everything, for every file that is made', async () => {
    const runner = wfRunner();
    const open = (...args: string[]): Promise<Ended> =>
      runner.startProgram(['/bin/sh', '-c', 'umask 000; exec "$@"', 'sh', process.execPath, WF, ...args])
        .ended;
    expect((await open('run', 'autonomous-e2e', '--input', 'write a blog')).code).toBe(0);
    expect((await open('report', 'last', '--text', 'x'.repeat(40_000))).code).toBe(0);
    await open(
      'feedback',
      'submit',
      '--workflow-id',
      'autonomous-e2e',
      '--score',
      '2',
      '--feedback',
      'too slow',
    );
    await open('feedback', 'improve', '--workflow-id', 'autonomous-e2e', '--auto-apply');
    await open('run', 'autonomous-e2e', '--input', 'restart the server');
    await open('rebuild-projections');
    writeFileSync(
      join(runner.home, 'logs/events.jsonl'),
      `${readFileSync(join(runner.home, 'logs/events.jsonl'), 'utf8')}{"torn`,
    );
    await open('cancel', 'last');
    for (const path of [runner.home, ...pathsOf(runner.home)]) {
      const stat = lstatSync(path);
      expect((stat.mode & 0o777).toString(8), path).toBe(stat.isDirectory() ? '700' : '600');
    }
  });
});

describe('links', () => {
  test('a home that is one is used as the folder it names', async () => {
    const runner = wfRunner({ homeName: 'link' });
    mkdirSync(runner.path('real'), { mode: 0o700 });
    symlinkSync('real', runner.home);
    expect(await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog'])).toMatchObject({
      code: 0,
    });
    expect(lstatSync(runner.home).isSymbolicLink()).toBe(true);
    await expectHealthy(runner);
  });

  test('in the place of a projected file is replaced, and what it names is left alone', async () => {
    const runner = wfRunner();
    await runner.json(['run', 'autonomous-e2e', '--input', 'write a blog']);
    const outside = runner.path('outside.txt');
    writeFileSync(outside, 'kept');
    const runId = String(runner.log().find(({ type }) => type === 'RunStarted')?.stream).slice(4);
    for (const name of [`outbox/${runId}.md`, `state/runs/${runId}.json`, 'state/index.json']) {
      const file = join(runner.home, name);
      symlinkSync(outside, `${file}.link`);
      await runner.startProgram(['/bin/mv', '-f', `${file}.link`, file]).ended;
    }
    expect((await runner.wf(['report', 'last', '--text', 'done'])).code).toBe(0);
    expect((await runner.wf(['rebuild-projections'])).code).toBe(0);
    expect(readFileSync(outside, 'utf8')).toBe('kept');
    expect(lstatSync(join(runner.home, `outbox/${runId}.md`)).isFile()).toBe(true);
    await expectHealthy(runner);
  });
});

describe('a child', () => {
  test('gets its arguments byte for byte, and of the environment nothing that is not allowed', async () => {
    const runner = wfRunner();
    const recorder = runner.path('recorder.mjs');
    writeFileSync(
      recorder,
      `#!${process.execPath}\nimport { appendFileSync } from 'node:fs';\n` +
        `appendFileSync(process.env.HOME + '/records', JSON.stringify({ argv: process.argv.slice(2), env: process.env }) + '\\n');\n`,
    );
    chmodSync(recorder, 0o700);
    runner.define({
      id: 'record',
      execute: {
        command: recorder,
        args: ['--t={{task}}', '--', '{{task}}', '{{input.a}}', 'a"{{input.a}}\'b', '$HOME `id` *'],
        env: ['ALLOWED', 'LD_X'],
      },
    });
    const text = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.constantFrom(
            '"',
            "'",
            '$(touch x)',
            '`id`',
            '\n',
            '-rf',
            '--',
            '\\',
            '{{runId}}',
            '$&',
            ';',
            '\u001b[2J',
            '日本',
            ' ',
            '*',
          ),
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => parts.join('').replaceAll('\0', '').trim().toWellFormed().replaceAll('\uFFFD', '?'))
      .filter((one) => one !== '');
    const texts = fc.sample(fc.tuple(text, text), { numRuns: 6, seed: 11 });
    const env = {
      ALLOWED: 'yes',
      LD_PRELOAD_X: 'no',
      AWS_SECRET_ACCESS_KEY: 'no',
      OPENCLAW_TOKEN: 'no',
      WF_ODD: 'no',
      NODE_OPTIONS: '',
    };
    for (const [task, a] of texts) {
      const ended = await runner.wf(['run', 'record', `--input=${JSON.stringify({ task, a })}`], { env });
      expect(ended.code, ended.stderr).toBe(0);
      const { argv, env: seen } = JSON.parse(runner.lines('records').at(-1) ?? '') as {
        argv: string[];
        env: Record<string, string>;
      };
      expect(argv).toEqual([`--t=${task}`, '--', task, a, `a"${a}'b`, '$HOME `id` *']);
      expect(seen.WF_TASK).toBe(task);
      const names = Object.keys(seen).filter(
        (name) => !/^WF_(RUN_ID|ROUTE|TASK|TASK_FILE|IDEMPOTENCY_KEY|EFFECT_KEY|HOME)$/.test(name),
      );
      expect(
        names.filter(
          (name) =>
            !['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'OPENCLAW_ROOT', 'ALLOWED'].includes(
              name,
            ),
        ),
      ).toEqual([]);
    }
  });
});

/** Whatever a terminal would act on, and what turns the direction of a text. */
const ACTIVE = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u;
const EVIL = '\u001b]0;pwned\u0007\u001b[2J\u009b31m\r\u202eevil';

test('no screen passes on what a terminal would act on, whoever wrote the text', async () => {
  const runner = wfRunner();
  const quiet = sh(
    'printf "\\033]0;pwned\\007\\033[2J\\r" ; printf "\\033[31mlast words\\033[0m" >&2; exit 3',
  );
  runner.define({
    id: 'evil',
    description: EVIL,
    [EVIL]: 1,
    defaults: { assumptions: [EVIL] },
    execute: quiet,
  });
  runner.define({
    id: 'unfit',
    $schema: 's',
    [EVIL]: { [EVIL]: EVIL },
    execute: { command: EVIL, timeout: EVIL },
  });
  runner.define({ id: 'gone', execute: { command: `/no/${EVIL}` } });
  runner.define({ id: 'asks', execute: { dispatcher: 'manual', message: `${EVIL} {{task}}` } });
  writeFileSync(join(runner.home, `definitions/e${EVIL.replaceAll('/', '')}.json`), '{');
  const lines: readonly (readonly string[])[] = [
    ['run', 'evil', '--input', EVIL],
    ['show', 'last'],
    ['run', 'unfit', '--input', EVIL],
    ['run', 'gone', '--input', EVIL],
    ['run', 'asks', '--input', `restart the server ${EVIL}`],
    ['run', 'asks', '--input', `restart the server ${EVIL}`, '--dry-run'],
    ['inbox'],
    ['reject', 'last', '--reason', EVIL],
    ['show', 'last'],
    ['feedback', 'submit', '--workflow-id', 'asks', '--score', '1', '--feedback', `wrong ${EVIL}`],
    ['feedback', 'list'],
    ['feedback', 'improve', '--workflow-id', 'asks'],
    ['runs'],
    [],
    ['doctor'],
    ['tools', 'list'],
    ['definitions', 'list'],
    ['definitions', 'validate'],
    ['definitions', 'validate', EVIL],
    ['run', EVIL, '--input', 'x'],
    ['run', 'asks', '--input', 'x', '--route', EVIL],
    ['run', 'asks', '--input', 'x', '--idempotency-key', EVIL],
    ['run', 'asks', '--input-file', EVIL],
    ['show', EVIL],
    ['runs', '--status', EVIL],
    [EVIL],
    [`--${EVIL}`],
    ['runs', '--home', `no/${EVIL}`],
    ['run', 'asks', '--input', 'x', '--home', `no/${EVIL}`],
  ];
  for (const line of lines) {
    const { stdout, stderr } = await runner.wf(line);
    expect(stdout, line.join(' ')).not.toMatch(ACTIVE);
    expect(stderr, line.join(' ')).not.toMatch(ACTIVE);
  }
});

test('no command line makes it crash: every end is one of the exit codes, with its reason', async () => {
  const runner = wfRunner();
  runner.define({ id: 'ok', execute: { command: '/bin/true' } });
  await runner.wf(['run', 'ok', '--input', 'x']);
  const verb = fc.constantFrom(
    ...'run resume cancel runs show events replay inbox approve reject report feedback definitions tools doctor'.split(
      ' ',
    ),
    ...'status rebuild-projections resolve log compat'.split(' '),
  );
  const word = fc.oneof(
    fc.constantFrom(
      '--input',
      '--json',
      '--resume',
      '--force',
      '--dry-run',
      '--status',
      '--limit',
      '--since',
      '--at',
      '--',
      '-',
    ),
    fc.constantFrom(
      'ok',
      'last',
      'list',
      'submit',
      'verify',
      '--text',
      '--run',
      '--score',
      '--workflow-id',
      '--sent',
      '--help',
    ),
    fc.constantFrom(
      '../../etc/passwd',
      '__proto__',
      '-1',
      '1e999',
      'NaN',
      '\u001b[2J',
      'x'.repeat(5000),
      '',
      '=',
      '--=',
      '--input=',
    ),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('\0', '').toWellFormed()),
  );
  const lines = fc.sample(fc.tuple(verb, fc.array(word, { maxLength: 5 })), { numRuns: 60, seed: 7 });
  const queue = lines.map(([first, rest]) => [first, ...rest]);
  const work = async (): Promise<void> => {
    for (let line = queue.pop(); line !== undefined; line = queue.pop()) {
      const { code, signal, stdout, stderr } = await runner.wf(line, { input: '' });
      expect(signal, JSON.stringify(line)).toBe(null);
      expect([0, 2, 3, 4, 5, 6], `${JSON.stringify(line)} ${stdout} ${stderr}`).toContain(code);
      if (code !== 0 && !line.includes('--json')) expect(stdout + stderr, JSON.stringify(line)).not.toBe('');
      expect(stdout + stderr).not.toMatch(/internal error|\n {4}at /);
    }
  };
  await Promise.all([work(), work()]);
  await expectHealthy(runner);
});
