/** Verbs by which a person answers what waits for one: approvals, reports, feedback. */
import type { VerbSpec } from '../verb.ts';
import { DETACH_FACT, LIMIT, WORKFLOW } from './shared.ts';

export const DECIDE_VERBS: readonly VerbSpec[] = [
  {
    name: 'inbox',
    group: 'Decide',
    summary: 'what waits for you: approvals, tasks, effects in doubt, proposed improvements',
    args: [],
    options: [],
    load: () => import('../inbox.ts'),
  },
  {
    name: 'approve',
    group: 'Decide',
    summary: 'let a risky run go on; asks for the approval id on the terminal',
    args: [
      { name: 'approval', required: true, summary: 'approval id, a unique prefix, a run id, or `last`' },
    ],
    options: [DETACH_FACT],
    load: () => import('../approve.ts'),
  },
  {
    name: 'reject',
    group: 'Decide',
    summary: 'say no to an approval; the run is cancelled',
    args: [
      { name: 'approval', required: true, summary: 'approval id, a unique prefix, a run id, or `last`' },
    ],
    options: [{ name: 'reason', value: 'TEXT', summary: 'kept with the run' }],
    load: () => import('../reject.ts'),
  },
  {
    name: 'report',
    group: 'Decide',
    summary: 'hand work in: the outcome of a task or run',
    args: [{ name: 'task', required: true, summary: 'task id (T-…), run id, a unique prefix, or `last`' }],
    options: [
      { name: 'status', value: 'STATUS', summary: 'ok (default) or error', choices: ['ok', 'error'] },
      { name: 'text', value: 'TEXT', summary: 'the outcome in words; `-` reads standard input' },
      { name: 'file', value: 'FILE', summary: 'the outcome, from a file' },
      { name: 'nonce', value: 'WORD', summary: "the brief's one-time word" },
      DETACH_FACT,
    ],
    load: () => import('../report.ts'),
  },
  {
    name: 'feedback submit',
    group: 'Decide',
    summary: 'rate a workflow or one of its runs',
    args: [],
    options: [
      {
        name: 'workflow-id',
        value: 'ID',
        summary: 'the workflow it is about (known from the run when one is named)',
      },
      { name: 'run-id', value: 'RUN', summary: 'the run it is about: id, unique prefix or `last`' },
      { name: 'score', value: '1-5', summary: '1 (bad) to 5 (good)' },
      { name: 'feedback', value: 'TEXT', summary: 'what was good or bad' },
    ],
    load: () => import('../feedback-submit.ts'),
  },
  {
    name: 'feedback list',
    group: 'Decide',
    summary: 'list feedback, newest first',
    args: [],
    options: [WORKFLOW, LIMIT],
    load: () => import('../feedback-list.ts'),
  },
  {
    name: 'feedback improve',
    group: 'Decide',
    summary: 'what feedback and runs suggest to change; --auto-apply makes the low-risk changes',
    args: [],
    options: [
      { name: 'workflow-id', value: 'ID', summary: 'id of a definition' },
      { name: 'auto-apply', summary: 'apply low-risk suggestions to the definition' },
      { name: 'max-changes', value: 'N', summary: 'at most so many (default: of the definition)' },
      {
        name: 'back-test',
        value: 'N',
        summary: 'show what these changes would have made of the newest N messages; changes nothing',
      },
    ],
    load: () => import('../feedback-improve.ts'),
  },
  {
    name: 'feedback effect',
    group: 'Decide',
    summary:
      'runs before and after each applied improvement: score, failures, duration; no verdict from fewer than 5 on a side',
    args: [
      { name: 'improvement', required: false, summary: 'id, a unique prefix, or `last` (default: all)' },
    ],
    options: [WORKFLOW],
    load: () => import('../feedback-effect.ts'),
  },
  {
    name: 'feedback revert',
    group: 'Decide',
    summary: 'take an applied improvement back',
    args: [{ name: 'improvement', required: true, summary: 'improvement id, a unique prefix, or `last`' }],
    options: [WORKFLOW],
    load: () => import('../feedback-revert.ts'),
  },
];
