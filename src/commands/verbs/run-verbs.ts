/** Verbs that start work and that look at it, the ones that are called most: the only table every start loads. */
import type { OptionSpec, VerbSpec } from '../verb.ts';
import { LIMIT, RUN_ARG, WORKFLOW } from './shared.ts';

const DETACH: OptionSpec = {
  name: 'detach',
  summary: 'return as soon as it is recorded; the work goes on by itself',
};

export const RUN_VERBS: readonly VerbSpec[] = [
  {
    name: 'run',
    group: 'Start',
    summary: 'do a task by a workflow, once: the same input again is answered with the run there is',
    args: [{ name: 'workflow', required: true, summary: 'id of a definition, e.g. autonomous-e2e' }],
    options: [
      { name: 'input', value: 'TEXT', summary: 'the task; `-` reads standard input' },
      { name: 'input-file', value: 'FILE', summary: 'the task, from a file' },
      {
        name: 'idempotency-key',
        value: 'KEY',
        summary: 'what makes two requests the same (default: workflow and input)',
      },
      { name: 'route', value: 'NAME', summary: 'take this route; the risk may rise by it, never fall' },
      { name: 'force', summary: 'start anew even if the key has a run' },
      { name: 'resume', value: 'RUN', summary: 'go on with a run that failed or was interrupted' },
      { name: 'dry-run', summary: 'show route, risk, tools, message and key; write nothing' },
      DETACH,
    ],
    load: () => import('../run.ts'),
  },
  {
    name: 'resume',
    group: 'Start',
    summary: 'go on with a run where it stopped; completed work is never repeated',
    args: [RUN_ARG],
    options: [
      { name: 'input', value: 'TEXT', summary: 'checked against the run, may be left out' },
      { name: 'take-over', summary: 'take it from another host that is certainly not at work on it' },
      { name: 'with-current-definition', summary: 'go on with the definition as it is now' },
    ],
    load: () => import('../resume.ts'),
  },
  {
    name: 'cancel',
    group: 'Start',
    summary: 'stop a run for good; what is at work for it is ended',
    args: [RUN_ARG],
    options: [{ name: 'reason', value: 'TEXT', summary: 'kept with the run' }],
    load: () => import('../cancel.ts'),
  },
  {
    name: 'status',
    group: 'hidden',
    summary: 'what is going on, and what waits for you (the same as `wf` alone)',
    args: [],
    options: [],
    load: () => import('../status.ts'),
  },
  {
    name: 'runs',
    group: 'See',
    summary: 'list runs, newest first',
    args: [],
    options: [
      {
        name: 'status',
        value: 'STATUS',
        summary: 'running, waiting, handed_off, completed, failed or cancelled',
        choices: ['running', 'waiting', 'handed_off', 'completed', 'failed', 'cancelled'],
      },
      WORKFLOW,
      { name: 'route', value: 'NAME', summary: 'only of this route' },
      { name: 'since', value: 'WHEN', summary: 'an ISO time, or a span like 2h or 7d' },
      LIMIT,
      { name: 'watch', summary: 'go on showing what changes' },
    ],
    load: () => import('../runs.ts'),
  },
  {
    name: 'show',
    group: 'See',
    summary: 'one run: stages, steps, what it waits for, where its files are',
    args: [RUN_ARG],
    options: [
      {
        name: 'file',
        value: 'KIND',
        summary: 'print its record, summary or brief, whether it is kept as a file or not',
        choices: ['record', 'summary', 'brief'],
      },
    ],
    load: () => import('../show.ts'),
  },
];
