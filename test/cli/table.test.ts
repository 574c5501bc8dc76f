/**
 * Every verb of the program, once well and once badly, with `--json`: exactly one value on stdout, of a published
 * shape, with nothing in it that is not published. A new verb without a row fails here.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventLineSchema, outputSchemas, outputsOfVerbs } from '../../src/commands/output-schemas.ts';
import { VERBS } from '../../src/commands/verbs.ts';
import { root, sh, until, WF, type WfRunner, wfRunner } from '../support/wf.ts';

type Call = {
  /** Brings the home to where the call makes sense; answers what to put for `$1` in the arguments. */
  readonly given?: (runner: WfRunner) => Promise<string> | string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly schema: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Needs a person at a terminal, who types `$1`. */
  readonly typed?: true;
};
type Row = { readonly good: readonly [Call, ...Call[]]; readonly bad: readonly [Call, ...Call[]] };

const LEGACY = join(root, 'test/fixtures/legacy-home');
const BUNDLES = join(root, 'test/bundles');
const BLOG = 'write a blog on BIM Automation in Autodesk';
const ok = (schema: string, ...args: string[]): Call => ({ args, exit: 0, schema });
const bad = (exit: number, ...args: string[]): Call => ({ args, exit, schema: 'wf.error/1' });

const must = async (runner: WfRunner, exit: number, ...args: string[]): Promise<string> => {
  const ended = await runner.wf([...args, '--json']);
  expect({ args, code: ended.code, stdout: ended.stdout, stderr: ended.stderr }).toMatchObject({
    code: exit,
  });
  const value = JSON.parse(ended.stdout) as { run?: { runId: string } };
  return value.run?.runId ?? '';
};

const handedOff = (runner: WfRunner) => must(runner, 0, 'run', 'autonomous-e2e', '--input', BLOG);
const waiting = (runner: WfRunner) =>
  must(runner, 6, 'run', 'autonomous-e2e', '--input', 'restart the server');
const failed = (runner: WfRunner): Promise<string> => {
  runner.define({ id: 'flag', execute: sh('test -e "$HOME/flag"') });
  return must(runner, 5, 'run', 'flag', '--input', 'look');
};
const mended = async (runner: WfRunner): Promise<string> => {
  const runId = await failed(runner);
  writeFileSync(runner.path('flag'), '');
  return runId;
};
const scheduled = (runner: WfRunner): string => {
  const schedule = { id: 'minutely', cron: '* * * * *', timezone: 'UTC', input: 'look' };
  runner.define({ id: 'clock', execute: sh('exit 0'), schedules: [schedule] });
  return '';
};
const served = async (runner: WfRunner): Promise<string> => {
  scheduled(runner);
  return must(runner, 0, 'serve', '--once');
};
const inDoubt = (runner: WfRunner): Promise<string> => {
  runner.define({ id: 'slow', execute: { ...sh('sleep 20'), timeout: '200ms', retry: { maxAttempts: 1 } } });
  return must(runner, 6, 'run', 'slow', '--input', 'wait');
};
const withFeedback = async (runner: WfRunner): Promise<string> => {
  const text = 'Needs more source links and tighter summaries';
  for (const score of ['2', '3']) {
    await must(
      runner,
      0,
      ...['feedback', 'submit', '--workflow-id', 'autonomous-e2e', '--score', score, '--feedback', text],
    );
  }
  return 'autonomous-e2e';
};
const improved = async (runner: WfRunner): Promise<string> => {
  await withFeedback(runner);
  await must(runner, 0, 'feedback', 'improve', '--workflow-id', 'autonomous-e2e', '--auto-apply');
  return 'last';
};
const damaged = async (runner: WfRunner): Promise<string> => {
  await handedOff(runner);
  const log = join(runner.home, 'logs/events.jsonl');
  writeFileSync(log, readFileSync(log, 'utf8').replace('"type":"RunStarted"', '"type":"RunStartet"'));
  return '';
};
const edited = async (runner: WfRunner): Promise<string> => {
  appendFileSync(join(runner.home, `outbox/${await handedOff(runner)}.md`), 'an edit\n');
  return '';
};
const withPlace = async (runner: WfRunner): Promise<string> => {
  await handedOff(runner);
  return runner.path('backup');
};
const aFile = (runner: WfRunner): string => {
  writeFileSync(runner.path('file'), 'no folder');
  return runner.path('file');
};
const broken = (runner: WfRunner): string => {
  runner.define({ id: 'broken', execute: { command: '/bin/true', timeout: 3 } });
  return 'broken';
};

const connected = (runner: WfRunner): Promise<string> =>
  must(runner, 0, 'connect', 'agent', 'mine', '--command', '/bin/echo', '--yes');

const ROWS: Readonly<Record<string, Row>> = {
  connect: {
    good: [
      ok('wf.connect/1', 'connect'),
      ok('wf.connect/1', 'connect', 'agent', 'mine', '--command', '/bin/echo', '--yes'),
      { ...ok('wf.connect/1', 'connect'), given: connected },
      { ...ok('wf.connect/1', 'connect', 'agent', 'mine', '--command', '/bin/echo'), given: connected },
      { ...ok('wf.connect/1', 'connect', '--undo'), given: connected },
    ],
    bad: [
      bad(2, 'connect', 'agent', 'mine'),
      bad(2, 'connect', 'agent', 'mine', '--command', '/no/such/program', '--yes'),
      bad(2, 'connect', 'agent', 'mine', '--command', '/bin/echo'),
      bad(2, 'connect', 'house'),
      bad(2, 'connect', '--undo'),
    ],
  },
  init: {
    good: [ok('wf.init/1', 'init'), ok('wf.init/1', 'init', 'research-digest', '--id', 'mine')],
    bad: [
      bad(3, 'init', 'nosuch'),
      bad(2, 'init', 'nightly-backup', '--id', '../x'),
      bad(2, 'init', '--id', 'x'),
    ],
  },
  completion: {
    good: [ok('wf.completion/1', 'completion', 'zsh')],
    bad: [bad(2, 'completion', 'csh'), bad(2, 'completion')],
  },
  run: {
    good: [
      ok('wf.run/1', 'run', 'autonomous-e2e', '--input', BLOG),
      { ...ok('wf.run/1', 'run', 'autonomous-e2e', '--input', BLOG), given: handedOff },
      {
        given: waiting,
        args: ['run', 'autonomous-e2e', '--input', 'restart the server'],
        exit: 6,
        schema: 'wf.run/1',
      },
      ok('wf.dry-run/1', 'run', 'autonomous-e2e', '--input', 'delete the old server', '--dry-run'),
    ],
    bad: [
      bad(3, 'run', 'nosuch', '--input', 'x'),
      bad(2, 'run', 'autonomous-e2e', '--input', '   '),
      bad(2, 'run', 'autonomous-e2e', '--route', 'nosuch', '--input', 'x', '--dry-run'),
      { given: failed, args: ['run', 'flag', '--input', 'look'], exit: 5, schema: 'wf.run/1' },
    ],
  },
  resume: {
    good: [{ ...ok('wf.run/1', 'resume', '$1'), given: mended }],
    bad: [bad(3, 'resume', '01ZZZZZZZZZZZZ')],
  },
  cancel: {
    good: [{ ...ok('wf.run/1', 'cancel', 'last', '--reason', 'no'), given: waiting }],
    bad: [bad(3, 'cancel', 'last')],
  },
  status: {
    good: [ok('wf.status/1', 'status'), { ...ok('wf.status/1'), given: waiting }],
    bad: [{ ...bad(2, '--home', '$1'), given: aFile }],
  },
  runs: {
    good: [
      ok('wf.list/1', 'runs'),
      { ...ok('wf.list/1', 'runs', '--status', 'failed', '--since', '2h', '--limit', '5'), given: failed },
    ],
    bad: [
      bad(2, 'runs', '--limit', '0'),
      bad(2, 'runs', '--since', 'yesterday'),
      bad(2, 'runs', '--status', 'odd'),
      bad(2, 'runs', '--watch'),
    ],
  },
  show: {
    good: [
      { ...ok('wf.show/1', 'show', '$1'), given: handedOff },
      { ...ok('wf.show/1', 'show', 'last'), given: waiting },
      { ...ok('wf.show/1', 'show', 'last'), given: failed },
      { ...ok('wf.show/1', 'show', 'last'), given: inDoubt },
      { ...ok('wf.run-file/1', 'show', '$1', '--file', 'summary'), given: handedOff },
      { ...ok('wf.run-file/1', 'show', 'last', '--file', 'brief'), given: handedOff },
    ],
    bad: [
      { ...bad(3, 'show', 'last', '--file', 'brief'), given: failed },
      { ...bad(2, 'show', 'last', '--file', 'odd'), given: failed },
      bad(3, 'show', 'last'),
      { ...bad(2, 'show', '../x'), given: handedOff },
    ],
  },
  events: {
    good: [{ ...ok('', 'events', '--run', '$1'), given: handedOff }],
    bad: [bad(2, 'events', '--type', 'RunStartd'), bad(3, 'events', '--run', '01ZZZZZZZZZZZZ')],
  },
  why: {
    good: [
      { ...ok('wf.why/1', 'why', 'last'), given: handedOff },
      { ...ok('wf.why/1', 'why', 'last'), given: inDoubt },
      ok('wf.why-not/1', 'why', '--not', '2h'),
      { ...ok('wf.why-not/1', 'why', '--not', 'last'), given: handedOff },
    ],
    bad: [bad(3, 'why', 'last'), bad(2, 'why'), { ...bad(3, 'why', '--not', 'nosuch'), given: handedOff }],
  },
  graph: {
    good: [
      ok('wf.graph/1', 'graph', 'autonomous-e2e'),
      { ...ok('wf.graph/1', 'graph', 'last', '--format', 'mermaid'), given: waiting },
      { ...ok('wf.graph/1', 'graph', 'last'), given: inDoubt },
    ],
    bad: [
      bad(3, 'graph', 'nosuch'),
      bad(2, 'graph', 'autonomous-e2e', '--format', 'svg'),
      { ...bad(2, 'graph', '$1'), given: broken },
    ],
  },
  diff: {
    good: [
      {
        ...ok('wf.diff/1', 'diff', '$1', 'last'),
        given: async (runner) => {
          const first = await handedOff(runner);
          await waiting(runner);
          return first;
        },
      },
      { ...ok('wf.diff/1', 'diff', 'last', 'last'), given: failed },
    ],
    bad: [
      bad(3, 'diff', 'last', 'last'),
      { ...bad(2, 'diff', 'last'), given: handedOff },
      { ...bad(3, 'diff', 'last', '01ZZZZZZZZZZZZ'), given: handedOff },
    ],
  },
  bundle: {
    good: [
      { ...ok('wf.bundle/1', 'bundle', 'last'), given: failed },
      { ...ok('wf.bundle/1', 'bundle', 'last', '--without-texts'), given: waiting },
      { ...ok('wf.bundled/1', 'bundle', 'last', '--out', '$1'), given: withPlace },
    ],
    bad: [
      bad(3, 'bundle', 'last'),
      { ...bad(2, 'bundle', 'last', '--force'), given: handedOff },
      {
        ...bad(2, 'bundle', 'last', '--out', '$1'),
        given: async (runner) => {
          await handedOff(runner);
          return aFile(runner);
        },
      },
    ],
  },
  replay: {
    good: [
      ok('wf.replay-bundle/1', 'replay', `${BUNDLES}/redone.json`),
      ok('wf.replay-bundle/1', 'replay', `${BUNDLES}/redone.lengths.json`),
      ok('wf.replay/1', 'replay', `${BUNDLES}/redone.json`, '--at', '4'),
      {
        args: ['replay', `${BUNDLES}/reported.json`, '--against', 'autonomous-e2e'],
        exit: 0,
        schema: 'wf.replay-against/1',
      },
      { ...ok('wf.replay/1', 'replay', 'last'), given: handedOff },
      { ...ok('wf.replay/1', 'replay', 'last', '--at', '4'), given: waiting },
      { ...ok('wf.replay-against/1', 'replay', 'last', '--against', 'autonomous-e2e'), given: handedOff },
      { ...ok('wf.replay-against/1', 'replay', 'last', '--against', 'autonomous-e2e'), given: waiting },
      { ...ok('wf.replay-against/1', 'replay', 'last', '--against', 'flag'), given: failed },
      { ...ok('wf.replay-against/1', 'replay', 'last', '--against', 'slow'), given: inDoubt },
    ],
    bad: [
      bad(3, 'replay', 'last'),
      bad(3, 'replay', './nowhere.json'),
      bad(2, 'replay', join(root, 'package.json')),
      {
        given: failed,
        args: ['replay', 'last', '--against', 'autonomous-e2e'],
        exit: 1,
        schema: 'wf.replay-against/1',
      },
      { ...bad(3, 'replay', 'last', '--against', 'nosuch'), given: handedOff },
      { ...bad(2, 'replay', 'last', '--at', '9999'), given: handedOff },
    ],
  },
  inbox: {
    good: [
      ok('wf.list/1', 'inbox'),
      { ...ok('wf.list/1', 'inbox'), given: waiting },
      { ...ok('wf.list/1', 'inbox'), given: handedOff },
      { ...ok('wf.list/1', 'inbox'), given: inDoubt },
    ],
    bad: [bad(2, 'inbox', 'surplus')],
  },
  approve: {
    good: [
      {
        ...ok('wf.run/1', 'approve', '$1'),
        given: async (runner) => `A-${await waiting(runner)}`,
        typed: true,
      },
    ],
    bad: [{ ...bad(3, 'approve', 'last'), given: handedOff }, bad(3, 'approve', 'A-01NOSUCHRUN')],
  },
  reject: {
    good: [{ ...ok('wf.run/1', 'reject', 'last'), given: waiting }],
    bad: [bad(3, 'reject', 'last')],
  },
  report: {
    good: [{ ...ok('wf.run/1', 'report', 'last', '--text', 'done, see the file'), given: handedOff }],
    bad: [{ ...bad(4, 'report', '$1', '--text', 'late'), given: failed }],
  },
  'feedback submit': {
    good: [
      {
        ...ok(
          'wf.feedback/1',
          'feedback',
          'submit',
          '--run-id',
          'last',
          '--score',
          '4',
          '--feedback',
          'good',
        ),
        given: handedOff,
      },
    ],
    bad: [bad(2, 'feedback', 'submit', '--workflow-id', 'autonomous-e2e', '--score', '9', '--feedback', 'x')],
  },
  'feedback list': {
    good: [
      ok('wf.list/1', 'feedback', 'list'),
      { ...ok('wf.list/1', 'feedback', 'list'), given: withFeedback },
    ],
    bad: [bad(2, 'feedback', 'list', '--limit', 'many')],
  },
  'feedback improve': {
    good: [
      { ...ok('wf.improvement/1', 'feedback', 'improve', '--workflow-id', '$1'), given: withFeedback },
      {
        ...ok('wf.back-test/1', 'feedback', 'improve', '--workflow-id', '$1', '--back-test', '3'),
        given: async (runner) => {
          await handedOff(runner);
          return withFeedback(runner);
        },
      },
      {
        ...ok('wf.improvement/1', 'feedback', 'improve', '--workflow-id', '$1', '--auto-apply'),
        given: withFeedback,
      },
    ],
    bad: [
      bad(3, 'feedback', 'improve', '--workflow-id', 'nosuch'),
      { ...bad(2, 'feedback', 'improve', '--workflow-id', '$1', '--back-test', 'x'), given: withFeedback },
      {
        ...bad(2, 'feedback', 'improve', '--workflow-id', '$1', '--back-test', '3', '--auto-apply'),
        given: withFeedback,
      },
      bad(3, 'feedback', 'improve', '--workflow-id', 'autonomous-e2e', '--back-test', '3'),
    ],
  },
  'feedback effect': {
    good: [
      ok('wf.effect/1', 'feedback', 'effect'),
      { ...ok('wf.effect/1', 'feedback', 'effect', '$1'), given: improved },
      { ...ok('wf.effect/1', 'feedback', 'effect', '--workflow', 'autonomous-e2e'), given: improved },
    ],
    bad: [
      bad(3, 'feedback', 'effect', '01ZZZZ'),
      { ...bad(3, 'feedback', 'effect', '01ZZZZ'), given: improved },
    ],
  },
  'feedback revert': {
    good: [{ ...ok('wf.improvement/1', 'feedback', 'revert', '$1'), given: improved }],
    bad: [bad(3, 'feedback', 'revert', 'last')],
  },
  'definitions list': {
    good: [
      ok('wf.list/1', 'definitions', 'list'),
      { ...ok('wf.list/1', 'definitions', 'list'), given: broken },
    ],
    bad: [bad(2, 'definitions', 'list', '--nosuch')],
  },
  'definitions show': {
    good: [ok('wf.definition/1', 'definitions', 'show', 'autonomous-e2e')],
    bad: [bad(3, 'definitions', 'show', 'nosuch'), { ...bad(2, 'definitions', 'show', '$1'), given: broken }],
  },
  'definitions validate': {
    good: [ok('wf.validation/1', 'definitions', 'validate')],
    bad: [
      { given: broken, args: ['definitions', 'validate'], exit: 2, schema: 'wf.validation/1' },
      bad(3, 'definitions', 'validate', './nosuch.json'),
    ],
  },
  'definitions preflight': {
    good: [
      ok('wf.preflight/1', 'definitions', 'preflight', 'autonomous-e2e'),
      {
        ...ok('wf.preflight/1', 'definitions', 'preflight', 'autonomous-e2e', '--last', '5'),
        given: handedOff,
      },
      {
        given: async (runner) => {
          await failed(runner);
          runner.define({ id: 'flag', execute: sh('true') });
          return join(runner.home, 'definitions/flag.json');
        },
        args: ['definitions', 'preflight', '$1'],
        exit: 1,
        schema: 'wf.preflight/1',
      },
    ],
    bad: [
      bad(3, 'definitions', 'preflight', 'nosuch'),
      bad(3, 'definitions', 'preflight', './nosuch.json'),
      { ...bad(2, 'definitions', 'preflight', '$1'), given: broken },
      bad(2, 'definitions', 'preflight', 'autonomous-e2e', '--last', '0'),
    ],
  },
  'definitions torture': {
    good: [ok('wf.torture/1', 'definitions', 'torture', 'autonomous-e2e', '--route', 'ops')],
    bad: [
      bad(3, 'definitions', 'torture', 'nosuch'),
      bad(2, 'definitions', 'torture', 'autonomous-e2e', '--route', 'nosuch'),
      bad(2, 'definitions', 'torture', 'autonomous-e2e', '--input', '  '),
      { ...bad(2, 'definitions', 'torture', '$1'), given: broken },
    ],
  },
  'definitions schema': {
    good: [ok('wf.definition-schema/1', 'definitions', 'schema')],
    bad: [bad(2, 'definitions', 'schema', 'surplus')],
  },
  'tools list': {
    good: [ok('wf.list/1', 'tools', 'list'), { ...ok('wf.list/1', 'tools', 'list'), given: handedOff }],
    bad: [bad(3, 'tools', 'list', '--workflow', 'nosuch')],
  },
  'tools bootstrap': {
    good: [ok('wf.tool/1', 'tools', 'bootstrap', 'autonomous-e2e')],
    bad: [
      bad(3, 'tools', 'bootstrap', 'nosuch'),
      {
        given: (runner) => {
          const toolCommands = { never: { command: '/bin/false' } };
          runner.define({
            id: 'tooled',
            autoConfigure: { enabled: true, allowlist: ['never'], toolCommands },
          });
          return 'tooled';
        },
        args: ['tools', 'bootstrap', '$1'],
        exit: 5,
        schema: 'wf.tool/1',
      },
    ],
  },
  'tools reset': {
    good: [{ ...ok('wf.tool/1', 'tools', 'reset', 'publish_directory'), given: handedOff }],
    bad: [bad(3, 'tools', 'reset', 'nosuch')],
  },
  doctor: {
    good: [ok('wf.doctor/1', 'doctor'), { ...ok('wf.doctor/1', 'doctor', '--fix'), given: edited }],
    bad: [{ given: damaged, args: ['doctor'], exit: 1, schema: 'wf.doctor/1' }],
  },
  erase: {
    good: [
      { ...ok('wf.erase/1', 'erase', 'last', '--yes'), given: handedOff },
      { ...ok('wf.erase/1', 'erase', 'last', '--yes', '--artifacts'), given: failed },
    ],
    bad: [{ ...bad(4, 'erase', 'last', '--yes'), given: waiting }, bad(3, 'erase', 'last', '--yes')],
  },
  resolve: {
    good: [{ ...ok('wf.run/1', 'resolve', 'last', '--sent'), given: inDoubt }],
    bad: [{ ...bad(2, 'resolve', 'last'), given: handedOff }],
  },
  serve: {
    good: [
      ok('wf.serve/1', 'serve', '--once'),
      { ...ok('wf.serve/1', 'serve', '--no-web', '--once'), given: scheduled },
    ],
    bad: [bad(2, 'serve')],
  },
  schedules: {
    good: [ok('wf.schedules/1', 'schedules'), { ...ok('wf.schedules/1', 'schedules'), given: served }],
    bad: [bad(2, 'schedules', 'extra')],
  },
  pause: {
    good: [
      ok('wf.pause/1', 'pause'),
      ok('wf.pause/1', 'pause', 'autonomous-e2e', '--reason', 'moving house'),
      { ...ok('wf.pause/1', 'pause', '--abort'), given: waiting },
      ok('wf.pause/1', 'pause', '--off'),
    ],
    bad: [bad(3, 'pause', 'nothere'), bad(2, 'pause', '--off', '--abort')],
  },
  'rebuild-projections': {
    good: [
      { ...ok('wf.rebuild/1', 'rebuild-projections'), given: handedOff },
      { ...ok('wf.check/1', 'rebuild-projections', '--check'), given: handedOff },
    ],
    bad: [{ given: edited, args: ['rebuild-projections', '--check'], exit: 1, schema: 'wf.check/1' }],
  },
  'log verify': {
    good: [ok('wf.log/1', 'log', 'verify'), { ...ok('wf.log/1', 'log', 'verify'), given: handedOff }],
    bad: [{ given: damaged, args: ['log', 'verify'], exit: 65, schema: 'wf.log/1' }],
  },
  'log archive': {
    good: [
      { ...ok('wf.archive/1', 'log', 'archive', '--keep', '5'), given: handedOff },
      { ...ok('wf.archive/1', 'log', 'archive', '--before', '30d'), given: handedOff },
    ],
    bad: [
      { ...bad(2, 'log', 'archive'), given: handedOff },
      { ...bad(2, 'log', 'archive', '--keep', '0'), given: handedOff },
      bad(3, 'log', 'archive', '--keep', '5'),
    ],
  },
  'log backup': {
    good: [
      { ...ok('wf.backup/1', 'log', 'backup', '$1'), given: withPlace },
      { ...ok('wf.backup/1', 'log', 'backup', '$1', '--artifacts'), given: withPlace },
    ],
    bad: [
      bad(3, 'log', 'backup', 'nowhere'),
      {
        ...bad(2, 'log', 'backup', '$1'),
        given: async (runner) => {
          await handedOff(runner);
          return runner.home;
        },
      },
    ],
  },
  'import-legacy': {
    good: [
      ok('wf.import/1', 'import-legacy', LEGACY),
      ok('wf.import/1', 'import-legacy', LEGACY, '--dry-run'),
    ],
    bad: [bad(3, 'import-legacy', '/nowhere/at/all'), bad(2, 'import-legacy')],
  },
  'install-scripts': {
    good: [ok('wf.scripts/1', 'install-scripts')],
    bad: [{ ...bad(74, 'install-scripts'), env: { OPENCLAW_ROOT: '/dev/null' } }],
  },
};

const names = VERBS.map((verb) => verb.name).filter((name) => !name.startsWith('__'));

test('every verb has a row here and a published output', () => {
  expect(Object.keys(ROWS).sort()).toEqual([...names].sort());
  expect(Object.keys(outputsOfVerbs).sort()).toEqual([...names].sort());
});

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

async function perform(runner: WfRunner, call: Call) {
  const subject = (await call.given?.(runner)) ?? '';
  const args = [...call.args.map((word) => (word === '$1' ? subject : word)), '--json'];
  const env = call.env === undefined ? {} : { env: call.env };
  if (call.typed === undefined) return runner.wf(args, env);
  // The question goes to the terminal, the value to a file: `> file` works beside a person.
  const out = runner.path('stdout');
  const command = `${[process.execPath, WF, ...args].map(quote).join(' ')} > ${quote(out)}`;
  const { child, ended, seen } = runner.startProgram(['script', '-qec', command, '/dev/null'], {
    input: { open: true },
    env: { TERM: 'dumb' },
  });
  await until(() => child.exitCode !== null || seen().stdout.includes('Type the approval id'));
  child.stdin?.write(`${subject}\n`);
  return { ...(await ended), stdout: readFileSync(out, 'utf8') };
}

describe.each(names)('wf %s --json', (name) => {
  const { good, bad: failing } = ROWS[name] as Row;
  const calls = [
    ...good.map((call) => ['works', call] as const),
    ...failing.map((call) => ['fails', call] as const),
  ];
  test.each(calls)('%s: one value of a published shape (%#)', async (_how, call) => {
    const { code, stdout, stderr } = await perform(wfRunner(), call);
    expect({ code, stdout, stderr }).toMatchObject({ code: call.exit });
    if (call.schema === '') {
      const lines = stdout.split('\n').slice(0, -1);
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) eventLineSchema.parse(JSON.parse(line));
      return;
    }
    expect(stdout.endsWith('\n')).toBe(true);
    const value = JSON.parse(stdout) as { schema: keyof typeof outputSchemas };
    expect(value.schema).toBe(call.schema);
    expect([...(outputsOfVerbs[name] ?? []), 'wf.error/1']).toContain(value.schema);
    // What is not published is dropped by the schema, so that equality means: nothing but what is published.
    expect(outputSchemas[value.schema].parse(value)).toEqual(value);
  });
});
