/** Verbs that build definitions and tools, and that keep a home in order; the rare ones are hidden. */
import type { VerbSpec } from '../verb.ts';
import { DETACH_FACT, RUN_ARG, WORKFLOW } from './shared.ts';

const CONNECT: VerbSpec = {
  name: 'connect',
  group: 'Start',
  summary: 'what is connected; `connect agent NAME` adds a program that does work (config.json)',
  args: [
    { name: 'kind', required: false, summary: '`agent`' },
    { name: 'name', required: false, summary: 'how definitions call it' },
  ],
  options: [
    { name: 'preset', value: 'NAME', summary: 'how it is called', choices: ['claude', 'codex', 'openclaw'] },
    { name: 'command', value: 'PROGRAM', summary: 'its program (default: the one of the preset)' },
    { name: 'auto', summary: 'steps that leave their dispatcher open may go to it' },
    { name: 'yes', summary: 'write the change without asking' },
    { name: 'undo', summary: 'take the last change back' },
  ],
  load: () => import('../connect.ts'),
};

const INIT: VerbSpec = {
  name: 'init',
  group: 'Start',
  summary: 'a workflow of your own from a template; without one, the templates there are',
  args: [{ name: 'template', required: false, summary: 'e.g. nightly-backup' }],
  options: [{ name: 'id', value: 'ID', summary: 'what the workflow is called (default: as the template)' }],
  load: () => import('../init.ts'),
};

const SERVE: VerbSpec = {
  name: 'serve',
  group: 'Operate',
  summary: 'let due work go on by itself: schedules, retries, runs whose process is gone, expiries',
  args: [],
  options: [
    { name: 'no-web', summary: 'without a web screen; this version has none' },
    { name: 'once', summary: 'do what is due now and end, for a line of cron' },
  ],
  load: () => import('../serve.ts'),
};

const SCHEDULES: VerbSpec = {
  name: 'schedules',
  group: 'hidden',
  summary: 'what the clock asks for: next slots, what became of the last ones, whether a server is alive',
  args: [],
  options: [],
  load: () => import('../schedules.ts'),
};

const PAUSE: VerbSpec = {
  name: 'pause',
  group: 'Operate',
  summary: 'start nothing and begin no step, in a workflow or in all of them, until --off',
  args: [{ name: 'workflow', required: false, summary: 'id of a definition (default: everything)' }],
  options: [
    { name: 'off', summary: 'lift it' },
    { name: 'abort', summary: 'cancel what is at work, too' },
    { name: 'reason', value: 'TEXT', summary: 'kept with the pause, shown to whoever is refused' },
  ],
  load: () => import('../pause.ts'),
};

export const OPERATE_VERBS: readonly VerbSpec[] = [
  INIT,
  CONNECT,
  SERVE,
  PAUSE,
  SCHEDULES,
  {
    name: 'definitions list',
    group: 'Build',
    summary: 'the workflows there are',
    args: [],
    options: [],
    load: () => import('../definitions-list.ts'),
  },
  {
    name: 'definitions show',
    group: 'Build',
    summary: 'a definition as it is, and as the engine reads it',
    args: [{ name: 'workflow', required: true, summary: 'id of a definition' }],
    options: [],
    load: () => import('../definitions-show.ts'),
  },
  {
    name: 'definitions validate',
    group: 'Build',
    summary: 'check definitions: a file, one by id, or all',
    args: [
      {
        name: 'workflow-or-file',
        required: false,
        summary: 'id of a definition or path of a file (default: all)',
      },
    ],
    options: [],
    load: () => import('../definitions-validate.ts'),
  },
  {
    name: 'definitions preflight',
    group: 'Build',
    summary:
      'what a changed definition would have done with the newest runs: routes, risk, questions, messages, keys; exit 1 where another',
    args: [{ name: 'workflow-or-file', required: true, summary: 'path of a file, or id of a definition' }],
    options: [{ name: 'last', value: 'N', summary: 'so many of the newest runs (default: 20)' }],
    load: () => import('../definitions-preflight.ts'),
  },
  {
    name: 'definitions torture',
    group: 'Build',
    summary: 'what a crash anywhere would do to a workflow: tried with nothing started, sent or written',
    args: [{ name: 'workflow', required: true, summary: 'id of a definition' }],
    options: [
      {
        name: 'input',
        value: 'TEXT',
        summary: 'try this task (default: one for each route); `-` reads standard input',
      },
      { name: 'input-file', value: 'FILE', summary: 'try the task in a file' },
      { name: 'route', value: 'NAME', summary: 'try this route' },
      { name: 'twice', summary: 'kill what goes on after a crash, too, at each of its points' },
    ],
    load: () => import('../definitions-torture.ts'),
  },
  {
    name: 'definitions schema',
    group: 'Build',
    summary: 'the JSON Schema of a definition, for editors',
    args: [],
    options: [],
    load: () => import('../definitions-schema.ts'),
  },
  {
    name: 'tools list',
    group: 'Build',
    summary: 'tools that definitions allow, and whether they are ready here',
    args: [],
    options: [WORKFLOW],
    load: () => import('../tools-list.ts'),
  },
  {
    name: 'tools bootstrap',
    group: 'Build',
    summary: 'make the allowlisted tools of a workflow ready now',
    args: [{ name: 'workflow', required: true, summary: 'id of a definition' }],
    options: [],
    load: () => import('../tools-bootstrap.ts'),
  },
  {
    name: 'tools reset',
    group: 'Build',
    summary: 'forget that a tool is ready; the next run bootstraps it again',
    args: [{ name: 'tool', required: true, summary: 'name of a tool' }],
    options: [],
    load: () => import('../tools-reset.ts'),
  },
  {
    name: 'doctor',
    group: 'Operate',
    summary: 'check the home: log, projections, place, permissions, definitions, stuck runs',
    args: [],
    options: [
      { name: 'fix', summary: 'mend what is safe to mend' },
      { name: 'deep', summary: 'compare every projection, and check all data, however long it takes' },
      { name: 'quarantine', summary: 'go on without what follows damage in the log; asks first' },
    ],
    load: () => import('../doctor.ts'),
  },
  {
    name: 'erase',
    group: 'hidden',
    summary: "erase a run's texts for good; that it was there, and its key, stay",
    args: [RUN_ARG],
    options: [
      { name: 'yes', summary: 'do not ask on the terminal' },
      { name: 'artifacts', summary: 'remove its artifacts/ folder too' },
    ],
    load: () => import('../erase.ts'),
  },
  {
    name: 'resolve',
    group: 'hidden',
    summary: 'end a doubt: was the effect performed or not?',
    args: [RUN_ARG],
    options: [
      { name: 'sent', summary: 'it happened: go on' },
      { name: 'not-sent', summary: 'it did not happen: do it now' },
      DETACH_FACT,
    ],
    load: () => import('../resolve.ts'),
  },
  {
    name: 'rebuild-projections',
    group: 'hidden',
    summary: 'make every projection anew from the log',
    args: [],
    options: [{ name: 'check', summary: 'compare instead: exit 1 and say where they differ' }],
    load: () => import('../rebuild-projections.ts'),
  },
  {
    name: 'log verify',
    group: 'hidden',
    summary: 'check every line and the hash chain; prints the head hash',
    args: [],
    options: [],
    load: () => import('../log-verify.ts'),
  },
  {
    name: 'log backup',
    group: 'hidden',
    summary: 'copy log, long values, definitions and configuration to a folder; runs go on meanwhile',
    args: [
      { name: 'dir', required: true, summary: 'an empty folder, or that of an earlier backup of this home' },
    ],
    options: [{ name: 'artifacts', summary: 'copy artifacts/ too, as it is at that moment' }],
    load: () => import('../log-backup.ts'),
  },
  {
    name: 'log archive',
    group: 'hidden',
    summary: 'close the older part of the log into a read-only file in logs/segments/',
    args: [],
    options: [
      { name: 'keep', value: 'EVENTS', summary: 'at least so many stay in the open file' },
      { name: 'before', value: 'WHEN', summary: 'what is older is closed: an ISO time, or a span like 30d' },
    ],
    load: () => import('../log-archive.ts'),
  },
  {
    name: 'import-legacy',
    group: 'hidden',
    summary: 'take over the runs, keys, feedback and markers of the script engine that came before',
    args: [
      { name: 'dir', required: true, summary: 'its home; where it is this home, its files move to legacy/' },
    ],
    options: [{ name: 'dry-run', summary: 'say what would be imported, and change nothing' }],
    load: () => import('../import-legacy.ts'),
  },
  {
    name: 'install-scripts',
    group: 'hidden',
    summary:
      'put the two command lines of the script engine into $OPENCLAW_ROOT/scripts (what is there is backed up)',
    args: [],
    options: [],
    load: () => import('../install-scripts.ts'),
  },
  {
    name: 'completion',
    group: 'hidden',
    summary: 'the script that completes verbs, options and ids in bash, zsh or fish',
    args: [{ name: 'shell', required: true, summary: 'bash, zsh or fish' }],
    options: [],
    load: () => import('../completion.ts'),
  },
  {
    name: '__complete',
    group: 'hidden',
    summary: 'what a completion script asks',
    args: [],
    options: [],
    passThrough: true,
    load: () => import('../complete.ts'),
  },
  {
    name: '__compat engine',
    group: 'hidden',
    summary: 'scripts/workflow_engine.mjs',
    args: [],
    options: [],
    passThrough: true,
    load: () => import('../compat-engine.ts'),
  },
  {
    name: '__compat feedback',
    group: 'hidden',
    summary: 'scripts/workflow_feedback_loop.mjs',
    args: [],
    options: [],
    passThrough: true,
    load: () => import('../compat-feedback.ts'),
  },
];
