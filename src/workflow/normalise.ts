/**
 * A definition file's content, already validated, as the decider sees it: defaults filled in, durations in
 * milliseconds, legacy spellings resolved. The same content always gives the same definition; zod is not loaded.
 */
import { DELIVER_PREFIX, VERIFY_COMMAND } from './acts.ts';
import type {
  ApprovalRule,
  Definition,
  FileRule,
  InputField,
  Limits,
  NotifyRule,
  Retention,
  Retry,
  RevertRule,
  Schedule,
  Step,
  Tool,
} from './definition.ts';
import {
  DEFAULT_FALLBACK,
  DEFAULT_HIGH_RISK_WORDS,
  DEFAULT_KEY,
  DEFAULT_MAX_CHANGES_PER_RUN,
  DEFAULT_MESSAGE,
  DEFAULT_PLANS,
  DEFAULT_REQUIRED_FILE,
  DEFAULT_RETRY,
  DEFAULT_REVERT,
  DEFAULT_ROUTES,
  DEFAULT_SIGNATURE_HEADER,
  DEFAULT_SUMMARY_FILE,
  DEFAULT_TIMEOUT_MS,
  DEFAULT_TO,
  DEFAULT_WITHIN_MS,
  GENERAL_PLAN,
  ON_TIME_MS,
} from './definition-defaults.ts';
import { readPath } from './definition-paths.ts';
import type { RawAction, RawDefinition, RawRetry } from './definition-schema.ts';
import { durationMs } from './duration.ts';
import type { HttpAuth } from './http-request.ts';

type Defaults = { readonly timeoutMs: number; readonly retry: Retry };

const retryOf = (raw: RawRetry | undefined, base: Retry): Retry => {
  const backoffMs = raw?.backoff === undefined ? base.backoffMs : durationMs(raw.backoff);
  const maxBackoffMs = raw?.maxBackoff === undefined ? base.maxBackoffMs : durationMs(raw.maxBackoff);
  return {
    maxAttempts: raw?.maxAttempts ?? base.maxAttempts,
    backoffMs,
    // A step that asks for a longer pause than the default limit gets it.
    maxBackoffMs: Math.max(backoffMs, maxBackoffMs),
    retryOnExitCodes: raw?.retryOn === undefined ? base.retryOnExitCodes : exitCodesOf(raw.retryOn),
  };
};

/** `timeout` needs no entry: an idempotent act whose end nobody saw is performed again in any case. */
const exitCodesOf = (retryOn: readonly string[]): readonly number[] =>
  retryOn.filter((end) => end.startsWith('exit:')).map((end) => Number(end.slice('exit:'.length)));

const timeoutOf = (raw: string | undefined, base: number): number =>
  raw === undefined ? base : durationMs(raw);

const stepOf = (raw: RawAction, defaults: Defaults): Step => ({
  id: raw.id ?? 'main',
  dispatcher: raw.dispatcher ?? (raw.command === undefined ? 'auto' : 'command'),
  ...(raw.command === undefined ? {} : { command: raw.command }),
  args: raw.args ?? [],
  ...(raw.agent === undefined ? {} : { agent: raw.agent }),
  await: raw.await ?? 'auto',
  timeoutMs: timeoutOf(raw.timeout, defaults.timeoutMs),
  ...(raw.timeout === undefined ? {} : { ownTimeout: true }),
  retry: retryOf(raw.retry, defaults.retry),
  idempotent: raw.idempotent ?? false,
  env: raw.env ?? [],
  notPerformedExitCodes: raw.notPerformedExitCodes ?? [],
  message: raw.message ?? DEFAULT_MESSAGE,
  attach: raw.attach ?? [],
  onError: raw.onError ?? 'fail',
  ...httpOf(raw),
  ...messageOf(raw),
});

const httpOf = (raw: RawAction): Pick<Step, 'http' | 'sendFile'> =>
  raw.url === undefined
    ? {}
    : {
        http: {
          url: raw.url,
          method: raw.method ?? 'POST',
          headers: Object.entries(raw.headers ?? {}),
          ...(raw.body === undefined ? {} : { body: raw.body }),
          ...(raw.auth === undefined ? {} : { auth: authOf(raw.auth) }),
          notPerformedStatuses: raw.notPerformedStatuses ?? [],
        },
        ...(raw.bodyFile === undefined ? {} : { sendFile: readPath(raw.bodyFile).path }),
      };

const authOf = (raw: NonNullable<RawAction['auth']>): HttpAuth =>
  raw.hmacEnv === undefined
    ? { bearerEnv: raw.bearerEnv ?? '' }
    : { hmacEnv: raw.hmacEnv, header: raw.header ?? DEFAULT_SIGNATURE_HEADER };

const messageOf = (raw: RawAction): Pick<Step, 'to' | 'text' | 'sendFile'> =>
  raw.dispatcher !== 'message'
    ? {}
    : {
        to: raw.to ?? DEFAULT_TO,
        ...(raw.text === undefined ? {} : { text: raw.text }),
        ...(raw.textFile === undefined ? {} : { sendFile: readPath(raw.textFile).path }),
      };

/** A check: made anew at every attempt of its stage, so it is never retried within one. */
const verifyCommandOf = (
  raw: RawDefinition['verify'],
  defaults: Defaults,
): Pick<Definition, 'verifyCommand'> =>
  raw?.command === undefined
    ? {}
    : {
        verifyCommand: {
          ...stepOf({ ...raw.command, id: VERIFY_COMMAND, idempotent: true }, defaults),
          retry: DEFAULT_RETRY,
        },
      };

const toolsOf = (raw: RawDefinition['autoConfigure'], defaults: Defaults): readonly Tool[] => {
  if (raw === undefined || raw.enabled === false) return [];
  const commands = new Map(Object.entries(raw.toolCommands ?? {}));
  return [...new Set(raw.allowlist ?? [])].map((name) => {
    const tool = commands.get(name);
    return {
      name,
      ...(tool?.command === undefined ? {} : { command: tool.command }),
      args: tool?.args ?? [],
      required: tool?.required ?? false,
      timeoutMs: timeoutOf(tool?.timeout, defaults.timeoutMs),
    };
  });
};

/** Every route has lines: its own, else the ones that come with a route of that name, else the general ones. */
const planOf = (raw: RawDefinition['plan'], routes: readonly string[]): Definition['plan'] => {
  const plan = new Map<string, readonly string[]>(DEFAULT_PLANS);
  for (const name of routes) if (!plan.has(name)) plan.set(name, GENERAL_PLAN);
  for (const [name, lines] of Object.entries(raw ?? {})) plan.set(name, lines);
  return plan;
};

const inputFieldsOf = (raw: RawDefinition['input']): ReadonlyMap<string, InputField> =>
  new Map(
    Object.entries(raw?.fields ?? {}).map(([name, field]) => [
      name,
      {
        type: field.type,
        required: field.required ?? false,
        ...(field.default === undefined ? {} : { default: String(field.default) }),
      },
    ]),
  );

const windowOf = (raw: string | undefined): number | null =>
  raw === undefined || raw === 'forever' ? null : durationMs(raw);

const DEFAULT_MAX_REDO = 2;

const approvalOf = (raw: NonNullable<RawDefinition['approval']>[number]): ApprovalRule => ({
  at: raw.at,
  ...(raw.when === undefined ? {} : { when: raw.when.risk }),
  show: raw.show ?? [],
  by: raw.by ?? [],
  fourEyes: raw.fourEyes ?? false,
  ...(raw.expiresIn === undefined ? {} : { expiresInMs: durationMs(raw.expiresIn) }),
  ...(raw.remindAfter === undefined ? {} : { remindAfterMs: durationMs(raw.remindAfter) }),
  onExpire: raw.onExpire ?? 'cancel',
  onReject: raw.onReject ?? 'cancel',
  maxRedo: raw.maxRedo ?? DEFAULT_MAX_REDO,
});

type RawVerify = NonNullable<RawDefinition['verify']>;

const fileRuleOf = (raw: NonNullable<RawVerify['files']>[number]): FileRule => ({
  path: readPath(raw.path).path,
  fresh: raw.fresh ?? false,
  minBytes: raw.minBytes ?? 0,
  contains: raw.contains ?? [],
  notContains: raw.notContains ?? [],
  json: raw.json ?? false,
});

const outcomeOf = ({ outcome }: RawVerify): Pick<Definition, 'outcome'> =>
  outcome === undefined
    ? {}
    : { outcome: { notEmpty: outcome.notEmpty ?? false, failOn: outcome.failOn ?? [] } };

const classifyOf = (raw: RawDefinition['classify']): Definition['classify'] => ({
  routes: raw?.routes?.map(routeOf) ?? DEFAULT_ROUTES,
  highRiskWords: raw?.highRiskWords ?? DEFAULT_HIGH_RISK_WORDS,
  fallback: raw?.fallback === undefined ? DEFAULT_FALLBACK : routeOf(raw.fallback),
});

const routeOf = <R extends { readonly timeout?: string | undefined }>({ timeout, ...route }: R) => ({
  ...route,
  ...(timeout === undefined ? {} : { timeoutMs: durationMs(timeout) }),
});

const scheduleOf = (raw: NonNullable<RawDefinition['schedules']>[number]): Schedule => {
  const catchUp = raw.catchUp ?? 'latest';
  const withinMs = raw.within === undefined ? DEFAULT_WITHIN_MS : durationMs(raw.within);
  return {
    id: raw.id,
    cron: raw.cron,
    timezone: raw.timezone,
    input: raw.input,
    catchUp,
    // What is not made up for is started about on time, or not at all.
    withinMs: catchUp === 'none' ? Math.min(withinMs, ON_TIME_MS) : withinMs,
    overlap: raw.overlap ?? 'skip',
  };
};

const retentionOf = ({ artifacts, runs }: NonNullable<RawDefinition['retention']>): Retention => ({
  ...(artifacts === undefined ? {} : { artifacts }),
  ...(runs === undefined ? {} : { runs }),
});

const APPROVAL = 'waiting:approval';

/** A question that is asked again is asked of somebody, also where no rule says of whom. */
const notifyOf = ({ notify = [], approval = [] }: RawDefinition): readonly NotifyRule[] => {
  const rules = notify.map(({ on, to = DEFAULT_TO, repeat }) => ({
    on,
    to: typeof to === 'string' ? [to] : to,
    ...(repeat === undefined ? {} : { repeatMs: durationMs(repeat) }),
  }));
  const asks = approval.some(({ remindAfter }) => remindAfter !== undefined);
  return asks && !notify.some(({ on }) => on.includes(APPROVAL) || on.includes('waiting'))
    ? [...rules, { on: [APPROVAL], to: [DEFAULT_TO] }]
    : rules;
};

/** @param validated content of a definition file that `checkDefinition` found no error in */
export const normaliseDefinition = (validated: unknown): Definition => {
  const raw = validated as RawDefinition;
  const defaults: Defaults = {
    timeoutMs: timeoutOf(raw.defaults?.timeout, DEFAULT_TIMEOUT_MS),
    retry: retryOf(raw.defaults?.retry, DEFAULT_RETRY),
  };
  const classify = classifyOf(raw.classify);
  const actions = raw.execute?.steps ?? [raw.execute ?? {}];
  return {
    id: raw.id,
    description: raw.description ?? '',
    inputFields: inputFieldsOf(raw.input),
    idempotency: { key: raw.idempotency?.key ?? DEFAULT_KEY, windowMs: windowOf(raw.idempotency?.window) },
    assumptions: raw.defaults?.assumptions ?? [],
    classify,
    plan: planOf(raw.plan, [...classify.routes.map((route) => route.name), classify.fallback.name]),
    tools: toolsOf(raw.autoConfigure, defaults),
    steps: actions.map((action) => stepOf(action, defaults)),
    approvals: (raw.approval ?? []).map(approvalOf),
    requiredFiles: (raw.verify?.requiredFiles ?? [DEFAULT_REQUIRED_FILE]).map((file) => readPath(file).path),
    files: (raw.verify?.files ?? []).map(fileRuleOf),
    ...outcomeOf(raw.verify ?? {}),
    ...verifyCommandOf(raw.verify, defaults),
    actions: (raw.deliver?.actions ?? []).map((action) =>
      stepOf({ ...action, id: `${DELIVER_PREFIX}${action.id}` }, defaults),
    ),
    summaryFile: readPath(raw.deliver?.summaryFile ?? DEFAULT_SUMMARY_FILE).path,
    schedules: (raw.schedules ?? []).map(scheduleOf),
    ...(raw.retention === undefined ? {} : { retention: retentionOf(raw.retention) }),
    ...(raw.limits === undefined ? {} : { limits: raw.limits as Limits }),
    notify: notifyOf(raw),
    selfImprove: {
      enabled: raw.selfImprove?.enabled ?? false,
      autoApplyLowRisk: raw.selfImprove?.autoApplyLowRisk ?? false,
      maxChangesPerRun: raw.selfImprove?.maxChangesPerRun ?? DEFAULT_MAX_CHANGES_PER_RUN,
      ...(raw.selfImprove?.revert && {
        revert: { ...DEFAULT_REVERT, ...raw.selfImprove.revert } as RevertRule,
      }),
    },
  };
};
