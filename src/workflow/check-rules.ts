/** Rules between the keys of a definition: what contradicts itself, what would have no effect, what is missing. */
import { ID_PATTERN } from '../events/shared.ts';
import { checkAction } from './check-dispatchers.ts';
import { DEFAULT_FALLBACK, DEFAULT_ROUTES } from './definition-defaults.ts';
import { CARRIED_OUT_KEYS } from './definition-keys.ts';
import { nearest } from './did-you-mean.ts';
import { parseDuration } from './duration.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { actionsOf, actsOf, at, entriesOf, listOf, own, textOf, textsOf } from './raw-value.ts';

/** Names that occur twice, without regard to case: some file systems hold them for one. */
const duplicates = (
  what: string,
  names: readonly { readonly name: string; readonly path: DefinitionPath }[],
): Finding[] => {
  const seen = new Map<string, string>();
  return names.flatMap(({ name, path }) => {
    const before = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), before ?? name);
    return before === undefined
      ? []
      : [
          error(
            'duplicate',
            path,
            `${what} "${name}" is there twice (upper and lower case count as the same)`,
          ),
        ];
  });
};

const badName = (what: string, path: DefinitionPath, name: string): Finding[] =>
  ID_PATTERN.test(name)
    ? []
    : [
        error(
          'bad-name',
          path,
          `${JSON.stringify(name)} cannot be the name of ${what}: expected letters, digits, ".", "_" and "-", beginning with a letter or digit`,
        ),
      ];

const checkExecute = (raw: unknown): Finding[] => {
  const execute = own(raw, 'execute');
  const actions = actionsOf(raw);
  const findings = actions.flatMap(({ action, path }) => checkAction(action, path));
  if (own(execute, 'steps') === undefined) return findings;
  for (const [key] of entriesOf(execute)) {
    if (!CARRIED_OUT_KEYS.step.includes(key)) continue;
    findings.push(error('contradiction', ['execute', key], `"${key}" beside "steps": each step has its own`));
  }
  const ids = actions.map(({ action, path }) => ({
    name: textOf(own(action, 'id')) ?? 'main',
    path: own(action, 'id') === undefined ? path : [...path, 'id'],
  }));
  return [...findings, ...duplicates('step', ids)];
};

/** Names that belong to other stages would make two acts one. */
const checkStepNames = (raw: unknown): Finding[] =>
  actionsOf(raw).flatMap(({ action, path }) => {
    const id = textOf(own(action, 'id')) ?? '';
    return /^(?:verify|deliver)\./.test(id)
      ? [error('bad-name', [...path, 'id'], 'a step of execute cannot be called "verify.…" or "deliver.…"')]
      : [];
  });

const checkActions = (raw: unknown): Finding[] => {
  const actions = listOf(at(raw, ['deliver', 'actions']));
  const names = actions.flatMap((action, index) => {
    const name = textOf(own(action, 'id'));
    return name === undefined ? [] : [{ name, path: ['deliver', 'actions', index, 'id'] }];
  });
  return [
    ...actions.flatMap((action, index) => checkAction(action, ['deliver', 'actions', index])),
    ...duplicates('action', names),
  ];
};

/** Trying again what was performed is the author's word that it does no harm. */
const checkRetryOn = (raw: unknown): Finding[] =>
  actsOf(raw).flatMap(({ action, path }) =>
    own(own(action, 'retry'), 'retryOn') === undefined || own(action, 'idempotent') === true
      ? []
      : [
          error(
            'contradiction',
            [...path, 'retry', 'retryOn'],
            '"retryOn" performs again what was performed already, so the act must be "idempotent": true',
            'Where an exit code means that nothing was done, list it in "notPerformedExitCodes" instead.',
          ),
        ],
  );

const checkApprovals = (raw: unknown): Finding[] => {
  const rules = listOf(own(raw, 'approval'));
  const steps = actionsOf(raw).map(({ action }) => textOf(own(action, 'id')) ?? 'main');
  const acts = listOf(at(raw, ['deliver', 'actions'])).length;
  const findings = rules.flatMap((rule, index): Finding[] => {
    const place = textOf(own(rule, 'at')) ?? '';
    const path = ['approval', index];
    const found: Finding[] = [];
    if (place.startsWith('execute.') && !steps.includes(place.slice('execute.'.length))) {
      const near = nearest(place.slice('execute.'.length), steps);
      const hint = near === undefined ? `Steps: ${steps.join(', ')}.` : `Did you mean "execute.${near}"?`;
      found.push(error('missing', [...path, 'at'], `there is no step for "${place}"`, hint));
    }
    if (place === 'deliver' && acts === 0)
      found.push(error('missing', [...path, 'at'], 'deliver has no actions that could be asked about'));
    if (own(rule, 'onReject') === 'redo' && place !== 'deliver')
      found.push(
        error('contradiction', [...path, 'onReject'], 'there is nothing to redo before the work is done'),
      );
    if (own(rule, 'maxRedo') !== undefined && own(rule, 'onReject') !== 'redo')
      found.push(warning('no-effect', [...path, 'maxRedo'], '"maxRedo" needs "onReject": "redo"'));
    if (own(rule, 'onExpire') !== undefined && own(rule, 'expiresIn') === undefined)
      found.push(error('contradiction', [...path, 'onExpire'], 'without "expiresIn" it never expires'));
    return found;
  });
  const places = rules.flatMap((rule, index) => {
    const place = textOf(own(rule, 'at'));
    return place === undefined ? [] : [{ name: place, path: ['approval', index, 'at'] }];
  });
  return [...findings, ...duplicates('approval at', places)];
};

const checkRetries = (raw: unknown): Finding[] =>
  [...actsOf(raw), { action: own(raw, 'defaults'), path: ['defaults'] }].flatMap(({ action, path }) => {
    const retry = own(action, 'retry');
    const backoff = parseDuration(textOf(own(retry, 'backoff')) ?? '');
    const maxBackoff = parseDuration(textOf(own(retry, 'maxBackoff')) ?? '');
    if (backoff === undefined || maxBackoff === undefined || backoff <= maxBackoff) return [];
    return [
      error(
        'contradiction',
        [...path, 'retry', 'maxBackoff'],
        'expected at least as long as "backoff", got less',
      ),
    ];
  });

const checkRoutes = (raw: unknown): Finding[] => {
  const classify = own(raw, 'classify');
  const routes = listOf(own(classify, 'routes') ?? DEFAULT_ROUTES);
  const names = routes.flatMap((route, index) => {
    const name = textOf(own(route, 'name'));
    return name === undefined ? [] : [{ name, path: ['classify', 'routes', index, 'name'] }];
  });
  const fallback = textOf(at(classify, ['fallback', 'name'])) ?? DEFAULT_FALLBACK.name;
  const known = [...names.map(({ name }) => name), fallback];
  const planned = entriesOf(own(raw, 'plan')).flatMap(([route]): Finding[] => {
    if (known.includes(route)) return [];
    const near = nearest(route, known);
    const hint = near === undefined ? `Routes: ${known.join(', ')}.` : `Did you mean "${near}"?`;
    const bad = badName('a route', ['plan', route], route);
    return bad.length > 0
      ? bad
      : [
          warning(
            'no-effect',
            ['plan', route],
            `there is no route "${route}": these lines are never used`,
            hint,
          ),
        ];
  });
  return [...duplicates('route', names), ...planned];
};

const checkTools = (raw: unknown): Finding[] => {
  const auto = own(raw, 'autoConfigure');
  const allowed = textsOf(own(auto, 'allowlist'));
  const tools = entriesOf(own(auto, 'toolCommands'));
  const findings: Finding[] = duplicates(
    'tool',
    allowed.map(({ text, index }) => ({ name: text, path: ['autoConfigure', 'allowlist', index] })),
  );
  for (const { text, index } of allowed) {
    const tool = tools.find(([name]) => name === text)?.[1];
    if (own(tool, 'command') !== undefined) continue;
    const path = ['autoConfigure', 'allowlist', index];
    findings.push(
      own(tool, 'required') === true
        ? error('missing', path, `tool "${text}" is required, but toolCommands has no command for it`)
        : warning(
            'missing',
            path,
            `tool "${text}" has no command in toolCommands: it is skipped in every run`,
          ),
    );
  }
  const names = allowed.map(({ text }) => text);
  for (const [name] of tools) {
    const path = ['autoConfigure', 'toolCommands', name];
    const bad = badName('a tool', path, name);
    findings.push(...bad);
    if (bad.length > 0 || names.includes(name)) continue;
    const near = nearest(name, names);
    findings.push(
      warning(
        'no-effect',
        path,
        `tool "${name}" is not in the allowlist: its command is never run`,
        near === undefined ? `Add "${name}" to autoConfigure.allowlist.` : `Did you mean "${near}"?`,
      ),
    );
  }
  return findings;
};

/** Their ids are part of keys, and say which slots of the past are theirs. */
const checkScheduleIds = (raw: unknown): Finding[] =>
  duplicates(
    'schedule',
    listOf(own(raw, 'schedules')).flatMap((schedule, index) => {
      const name = textOf(own(schedule, 'id'));
      return name === undefined ? [] : [{ name, path: ['schedules', index, 'id'] }];
    }),
  );

/** Only an assistant's turn has a cost that anybody states. */
const checkLimits = (raw: unknown): Finding[] => {
  const acts = [...actionsOf(raw).map(({ action }) => action), ...listOf(at(raw, ['deliver', 'actions']))];
  // Without a word about it the work goes to whoever is connected.
  const paid =
    own(raw, 'execute') === undefined ||
    acts.some((action) => {
      const dispatcher =
        textOf(own(action, 'dispatcher')) ?? (own(action, 'command') === undefined ? 'auto' : 'command');
      return dispatcher === 'agent' || dispatcher === 'openclaw' || dispatcher === 'auto';
    });
  return ['costUsdPerRun', 'costUsdPerDay'].flatMap((key) =>
    paid || at(raw, ['limits', key]) === undefined
      ? []
      : [warning('no-effect', ['limits', key], `nothing here is done by an assistant, so no cost is known`)],
  );
};

/** Of causes that last: all others have happened, and happen no more by being told again. */
const LASTING = ['failed', 'handed-off', 'waiting', 'waiting:approval', 'waiting:outcome', 'in-doubt'];

const checkNotify = (raw: unknown): Finding[] => [
  ...listOf(own(raw, 'notify')).flatMap((rule, index) => {
    const on = textsOf(own(rule, 'on'));
    const once = own(rule, 'repeat') !== undefined && !on.some(({ text }) => LASTING.includes(text));
    return once
      ? [warning('no-effect', ['notify', index, 'repeat'], 'nothing of what it tells lasts: it is told once')]
      : [];
  }),
  ...listOf(own(raw, 'approval')).flatMap((rule, index) => {
    const [after, expires] = ['remindAfter', 'expiresIn'].map((key) =>
      parseDuration(textOf(own(rule, key)) ?? ''),
    );
    return after !== undefined && expires !== undefined && after >= expires
      ? [warning('no-effect', ['approval', index, 'remindAfter'], 'it has expired by then')]
      : [];
  }),
];

export const checkRules = (raw: unknown): Finding[] => [
  ...checkExecute(raw),
  ...checkStepNames(raw),
  ...checkActions(raw),
  ...checkApprovals(raw),
  ...checkRetries(raw),
  ...checkRetryOn(raw),
  ...checkRoutes(raw),
  ...checkTools(raw),
  ...checkScheduleIds(raw),
  ...checkLimits(raw),
  ...checkNotify(raw),
];
