/** Verbs that say why: they read the log, and touch nothing. */
import type { VerbSpec } from '../verb.ts';
import { RUN_ARG, WORKFLOW } from './shared.ts';

export const EXPLAIN_VERBS: readonly VerbSpec[] = [
  {
    name: 'events',
    group: 'See',
    summary: 'the log as it is, one event a line',
    args: [],
    options: [
      { name: 'run', value: 'RUN', summary: 'only of this run' },
      { name: 'type', value: 'TYPE', summary: 'only of this type, e.g. StageFailed' },
      { name: 'follow', summary: 'go on with new events until Ctrl-C' },
    ],
    load: () => import('../events.ts'),
  },
  {
    name: 'replay',
    group: 'See',
    summary: 'a run, or a file of wf bundle, from its events alone, state after state; touches nothing',
    args: [{ ...RUN_ARG, summary: `${RUN_ARG.summary}; or the path of a bundle (./run.json)` }],
    options: [
      { name: 'at', value: 'N', summary: "the whole state after the run's N-th event" },
      {
        name: 'against',
        value: 'DEFINITION',
        summary:
          'decide it again by another definition (file or id): where it goes another way; exit 1 if it does',
      },
    ],
    load: () => import('../replay.ts'),
  },
  {
    name: 'why',
    group: 'See',
    summary: 'why a run went as it did, or why something did not run: sentences, each with its event',
    args: [{ ...RUN_ARG, required: false }],
    options: [
      {
        name: 'not',
        value: 'WHAT',
        summary: 'why nothing ran: a key, a day, a time, a span such as 2h, or `last`',
      },
      WORKFLOW,
    ],
    load: () => import('../why.ts'),
  },
  {
    name: 'graph',
    group: 'hidden',
    summary: 'a definition as a picture: stages, questions, steps, checks; a run with where it is',
    args: [
      { name: 'workflow-or-run', required: true, summary: 'id of a definition, path of a file, or a run' },
    ],
    options: [
      {
        name: 'format',
        value: 'FORMAT',
        summary: 'ascii (default), or mermaid for Markdown',
        choices: ['ascii', 'mermaid'],
      },
    ],
    load: () => import('../graph.ts'),
  },
  {
    name: 'bundle',
    group: 'hidden',
    summary: 'a run as one file that any machine can replay, secrets replaced (default: to standard output)',
    args: [RUN_ARG],
    options: [
      { name: 'out', value: 'FILE', summary: 'write it there, for your eyes only (0600)' },
      { name: 'without-texts', summary: 'every text as its length; it still replays' },
      { name: 'force', summary: 'replace the file if it is there' },
    ],
    load: () => import('../bundle.ts'),
  },
  {
    name: 'diff',
    group: 'hidden',
    summary: 'two runs side by side: route, plan, messages, outcomes, durations, definition',
    args: [
      { ...RUN_ARG, name: 'a' },
      { ...RUN_ARG, name: 'b' },
    ],
    options: [],
    load: () => import('../diff.ts'),
  },
];
