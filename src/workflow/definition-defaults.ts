/** What a definition means where it says nothing. Shared by normalise.ts and the checks, so that both agree. */
import type { Definition, Retry, RevertRule, Route } from './definition.ts';

export const DEFAULT_TIMEOUT_MS = 600_000;
export const DEFAULT_RETRY: Retry = {
  maxAttempts: 1,
  backoffMs: 30_000,
  maxBackoffMs: 300_000,
  retryOnExitCodes: [],
};
export const DEFAULT_KEY = '{{workflowId}}:{{input}}';
export const DEFAULT_MESSAGE = '{{brief}}';
export const DEFAULT_TO = 'default';
export const DEFAULT_SIGNATURE_HEADER = 'x-signature-256';
export const DEFAULT_REQUIRED_FILE = '{{home}}/state/runs/{{runId}}.json';
export const DEFAULT_SUMMARY_FILE = '{{home}}/outbox/{{runId}}.md';
export const DEFAULT_MAX_CHANGES_PER_RUN = 2;
export const DEFAULT_REVERT: RevertRule = { afterRuns: 10, whenWorse: 'propose' };

export const DEFAULT_ROUTES: readonly Route[] = [
  {
    name: 'ops',
    match: ['restart', 'fix', 'debug', 'config', 'setup', 'gateway', 'cron', 'error', 'deploy', 'delete'],
    risk: 'high',
  },
  {
    name: 'content',
    match: ['blog', 'article', 'newsletter', 'linkedin', 'post', 'thread', 'content', 'write'],
    risk: 'low',
  },
];

export const DEFAULT_HIGH_RISK_WORDS: readonly string[] = [
  'restart',
  'deploy',
  'delete',
  'remove',
  'reset',
  'drop',
  'wipe',
  'uninstall',
  'pay',
  'transfer',
];

export const DEFAULT_FALLBACK: Definition['classify']['fallback'] = { name: 'general', risk: 'low' };

export const GENERAL_PLAN: readonly string[] = [
  'Do the task as it is written.',
  'Check the result against the task.',
  'Hand over the result with a short summary.',
];

export const DEFAULT_PLANS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'ops',
    [
      'Say what will be changed before changing it.',
      'Make the change and check that it works.',
      'Hand over a summary of what changed and how to undo it.',
    ],
  ],
  [
    'content',
    [
      'Gather the facts and outline the piece.',
      'Write it so that it can be published as it stands.',
      'Hand it over with a short summary.',
    ],
  ],
  ['general', GENERAL_PLAN],
]);

/** How late a slot may be started where its schedule does not say. */
export const DEFAULT_WITHIN_MS = 7 * 86_400_000;
/** How late a slot counts as on time: longer than a server needs to start anew, or a cron line to come by. */
export const ON_TIME_MS = 10 * 60_000;
