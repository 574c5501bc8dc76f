/**
 * Which keys a definition file may hold, place by place: those this version carries out, and those of the format
 * that it does not carry out yet and therefore refuses. A test holds the first list against the zod schema.
 */

/** Where in a file a key stands; list positions and user-chosen names are left out. */
export type KeyPlace =
  | 'definition'
  | 'input'
  | 'inputField'
  | 'idempotency'
  | 'defaults'
  | 'retry'
  | 'classify'
  | 'route'
  | 'fallback'
  | 'autoConfigure'
  | 'toolCommand'
  | 'execute'
  | 'auth'
  | 'step'
  | 'verify'
  | 'file'
  | 'outcome'
  | 'checkCommand'
  | 'approval'
  | 'when'
  | 'deliver'
  | 'schedule'
  | 'retention'
  | 'limits'
  | 'notify'
  | 'selfImprove'
  | 'revert';

const ACTION_KEYS = [
  'dispatcher',
  'command',
  'args',
  'agent',
  'await',
  'timeout',
  'retry',
  'idempotent',
  'env',
  'notPerformedExitCodes',
  'message',
  'attach',
  'onError',
  'url',
  'method',
  'headers',
  'body',
  'bodyFile',
  'auth',
  'notPerformedStatuses',
  'to',
  'text',
  'textFile',
] as const;

const LATER_ACTION_KEYS = ['approval', 'when'] as const;

export const CARRIED_OUT_KEYS: Readonly<Record<KeyPlace, readonly string[]>> = {
  definition: [
    '$schema',
    'id',
    'description',
    'input',
    'idempotency',
    'defaults',
    'classify',
    'plan',
    'autoConfigure',
    'execute',
    'verify',
    'approval',
    'deliver',
    'schedules',
    'retention',
    'limits',
    'notify',
    'selfImprove',
  ],
  input: ['fields'],
  inputField: ['type', 'required', 'default', 'description'],
  idempotency: ['key', 'window'],
  defaults: ['assumptions', 'timeout', 'retry'],
  retry: ['maxAttempts', 'backoff', 'maxBackoff', 'retryOn'],
  classify: ['routes', 'highRiskWords', 'fallback'],
  route: ['name', 'match', 'risk', 'timeout'],
  fallback: ['name', 'risk', 'timeout'],
  autoConfigure: ['enabled', 'allowlist', 'toolCommands'],
  toolCommand: ['command', 'args', 'required', 'timeout'],
  execute: ['steps', ...ACTION_KEYS],
  step: ['id', ...ACTION_KEYS],
  auth: ['bearerEnv', 'hmacEnv', 'header'],
  verify: ['requiredFiles', 'files', 'command', 'outcome'],
  file: ['path', 'fresh', 'minBytes', 'contains', 'notContains', 'json'],
  outcome: ['notEmpty', 'failOn'],
  checkCommand: ['command', 'args', 'env', 'timeout'],
  approval: [
    'at',
    'when',
    'show',
    'by',
    'fourEyes',
    'expiresIn',
    'remindAfter',
    'onExpire',
    'onReject',
    'maxRedo',
  ],
  when: ['risk'],
  deliver: ['summaryFile', 'actions'],
  schedule: ['id', 'cron', 'timezone', 'input', 'catchUp', 'within', 'overlap'],
  retention: ['artifacts', 'runs'],
  limits: ['concurrency', 'runsPerDay', 'costUsdPerRun', 'costUsdPerDay'],
  notify: ['on', 'to', 'repeat'],
  selfImprove: ['enabled', 'autoApplyLowRisk', 'maxChangesPerRun', 'revert'],
  revert: ['afterRuns', 'whenWorse'],
};

/** Ignoring one of these would run something else than what the author wrote, so they are errors in every file. */
export const LATER_KEYS: Readonly<Record<KeyPlace, readonly string[]>> = {
  definition: [],
  input: [],
  inputField: ['enum', 'pattern', 'min', 'max'],
  idempotency: [],
  defaults: ['idempotent', 'env', 'approval', 'notify', 'limits'],
  retry: [],
  classify: [],
  route: [],
  fallback: [],
  autoConfigure: [],
  toolCommand: ['env', 'cwd', 'retry', 'check'],
  execute: LATER_ACTION_KEYS,
  step: LATER_ACTION_KEYS,
  auth: [],
  verify: [],
  file: [],
  outcome: [],
  checkCommand: ['retry', 'idempotent', 'cwd'],
  approval: [],
  when: ['route'],
  deliver: ['approval'],
  schedule: [],
  retention: [],
  limits: [],
  notify: [],
  selfImprove: [],
  revert: [],
};

export const DISPATCHERS = ['command', 'manual', 'openclaw', 'agent', 'http', 'message', 'auto'] as const;

/** Numbers where the format has durations; leaving them out would change when something is given up. */
export const MISSPELT_DURATIONS: ReadonlyMap<string, string> = new Map([
  ['backoffMs', 'backoff'],
  ['maxBackoffMs', 'maxBackoff'],
  ['timeoutMs', 'timeout'],
  ['timeoutSeconds', 'timeout'],
]);

const VERIFY_PLACES: ReadonlyMap<unknown, KeyPlace> = new Map([
  ['files', 'file'],
  ['outcome', 'outcome'],
  ['command', 'checkCommand'],
]);

/** The place of the object at a path, for a path the schema has descended. */
export const placeOf = (path: readonly (string | number)[]): KeyPlace => {
  const [first, second] = path;
  if (path.length > 0 && path.at(-1) === 'retry') return 'retry';
  if (path.at(-1) === 'auth') return 'auth';
  switch (first) {
    case undefined:
      return 'definition';
    case 'verify':
      return VERIFY_PLACES.get(second) ?? 'verify';
    case 'deliver':
      return second === 'actions' ? 'step' : 'deliver';
    case 'approval':
      return path.at(-1) === 'when' ? 'when' : 'approval';
    case 'input':
      return second === 'fields' ? 'inputField' : 'input';
    case 'schedules':
      return 'schedule';
    case 'defaults':
    case 'idempotency':
    case 'retention':
    case 'limits':
    case 'notify':
      return first;
    case 'selfImprove':
      return second === 'revert' ? second : first;
    case 'classify':
      return second === 'routes' ? 'route' : second === 'fallback' ? 'fallback' : 'classify';
    case 'autoConfigure':
      return second === 'toolCommands' ? 'toolCommand' : 'autoConfigure';
    case 'execute':
      return second === 'steps' ? 'step' : 'execute';
    default:
      return 'definition';
  }
};
