/** What each dispatcher needs, and what it would not look at: one act against the dispatcher it goes to. */
import type { DispatcherName } from '../events/run-events.ts';
import { checkHttp, checkSentFile } from './check-http.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { own, textOf } from './raw-value.ts';

/** Keys that only some dispatchers look at. */
const ONLY_FOR: ReadonlyMap<string, readonly (DispatcherName | 'auto')[]> = new Map([
  ['agent', ['openclaw', 'agent', 'auto']],
  ['message', ['manual', 'openclaw', 'agent', 'auto']],
  ['attach', ['manual', 'openclaw', 'agent', 'http', 'auto']],
]);

/** Keys that would be believed to have an effect which they cannot have: an error with another dispatcher. */
const BELONGS_TO: ReadonlyMap<string, DispatcherName> = new Map([
  ...['command', 'args'].map((key) => [key, 'command'] as const),
  ...['url', 'method', 'headers', 'body', 'bodyFile', 'auth', 'notPerformedStatuses'].map(
    (key) => [key, 'http'] as const,
  ),
  ...['to', 'text', 'textFile'].map((key) => [key, 'message'] as const),
]);

/** What it takes to begin with: the key, and what it is in words. */
const NEEDS: ReadonlyMap<string, readonly [key: string, what: string]> = new Map([
  ['command', ['command', 'the program to start']],
  ['agent', ['agent', 'a name in "agents" of config.json']],
  ['http', ['url', 'where the request goes']],
]);

export const checkAction = (action: unknown, path: DefinitionPath): Finding[] => {
  const named = textOf(own(action, 'dispatcher'));
  const dispatcher = named ?? (own(action, 'command') === undefined ? 'auto' : 'command');
  return [
    ...missing(action, path, dispatcher),
    ...contradictions(action, path, dispatcher, named !== undefined),
    ...withoutEffect(action, path, dispatcher),
    ...(dispatcher === 'http' ? checkHttp(action, path) : []),
    ...(dispatcher === 'message' ? checkMessage(action, path) : []),
  ];
};

function missing(action: unknown, path: DefinitionPath, dispatcher: string): Finding[] {
  const needed = NEEDS.get(dispatcher);
  if (needed === undefined || own(action, needed[0]) !== undefined) return [];
  const [key, what] = needed;
  return [
    error(
      'missing',
      path,
      `dispatcher "${dispatcher}" needs ${key === 'command' ? 'a' : 'the key'} "${key}": ${what}`,
      `Add "${key}", or take another dispatcher.`,
    ),
  ];
}

const contradictions = (
  action: unknown,
  path: DefinitionPath,
  dispatcher: string,
  isNamed: boolean,
): Finding[] =>
  [...BELONGS_TO].flatMap(([key, owner]): Finding[] => {
    if (owner === dispatcher || own(action, key) === undefined) return [];
    const isCommand = owner === 'command';
    const message = !isCommand
      ? `"${key}" belongs to dispatcher "${owner}", and this is ${dispatcher}`
      : isNamed
        ? `dispatcher "${dispatcher}" starts no command of the definition, yet "${key}" is given`
        : `"${key}" without a "command" starts nothing`;
    const hint = isCommand
      ? 'Use "dispatcher": "command" with a "command".'
      : `Use "dispatcher": "${owner}", or take "${key}" out.`;
    return [error('contradiction', [...path, key], message, hint)];
  });

const withoutEffect = (action: unknown, path: DefinitionPath, dispatcher: string): Finding[] =>
  [...ONLY_FOR].flatMap(([key, dispatchers]) => {
    if (own(action, key) === undefined || (dispatchers as readonly string[]).includes(dispatcher)) return [];
    const message =
      dispatcher === 'command'
        ? `a command is given no ${key}; it has no effect here`
        : dispatcher === 'manual'
          ? 'a manual task goes to no agent'
          : `dispatcher "${dispatcher}" looks at no "${key}"; it has no effect here`;
    return [warning('no-effect', [...path, key], message)];
  });

function checkMessage(action: unknown, path: DefinitionPath): Finding[] {
  const text = own(action, 'text');
  const file = own(action, 'textFile');
  if ((text === undefined) !== (file === undefined)) return checkSentFile(action, path, 'textFile');
  return [
    text === undefined
      ? error('missing', path, 'dispatcher "message" needs a "text" or a "textFile": what is said')
      : error(
          'contradiction',
          [...path, 'textFile'],
          '"textFile" beside "text": only one of them can be sent',
        ),
  ];
}
