/**
 * Rules for what leaves the machine: where a request may go, what may stand in it, which file may be sent. Decided
 * on the fixed text of a definition, so that no value of a run can change it.
 */
import { readPath } from './definition-paths.ts';
import { type DefinitionPath, error, type Finding } from './finding.ts';
import { entriesOf, own, textOf } from './raw-value.ts';
import { isUserName, placeholders } from './template.ts';

/** Scheme and host up to the first `/`, `?`, `#` or the end; no user name, no template. */
const ORIGIN = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(?=[/?#]|$)/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** Why a request may not go there, in words; undefined when it may. Also asked right before it goes. */
export function urlProblem(url: string): string | undefined {
  const origin = ORIGIN.exec(url);
  if (origin === null)
    return 'expected https:// and a host, both written out: no template and no user name in them';
  if (origin[1] === 'http' && !LOOPBACK.test(origin[2] ?? ''))
    return 'plain http goes only to this machine (127.0.0.1, localhost); everything else needs https';
  const path = url.slice(origin[0].length).split(/[?#]/, 1)[0] ?? '';
  // A URL parser takes such a step out, encoded or not, and the request goes elsewhere than it says.
  const climbs = path.split(/[/\\]/).some((part) => /^\.{1,2}$/.test(part.replaceAll(/%2e/gi, '.')));
  return climbs ? 'a path with "." or ".." in it goes elsewhere than it says' : undefined;
}

/** Ours to set, or a secret that does not belong into a file that is kept in the log. */
const OURS = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'trailer',
  'te',
  'idempotency-key',
];
const SECRET = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key'];

export const checkHttp = (action: unknown, path: DefinitionPath): Finding[] => [
  ...checkUrl(action, path),
  ...checkHeaders(action, path),
  ...checkBody(action, path),
  ...checkAuth(action, path),
  ...checkSentFile(action, path, 'bodyFile'),
];

function checkUrl(action: unknown, path: DefinitionPath): Finding[] {
  const url = textOf(own(action, 'url'));
  const problem = url === undefined ? undefined : urlProblem(url);
  return problem === undefined ? [] : [error('bad-url', [...path, 'url'], problem)];
}

const checkHeaders = (action: unknown, path: DefinitionPath): Finding[] =>
  entriesOf(own(action, 'headers')).flatMap(([name]): Finding[] => {
    const at = [...path, 'headers', name];
    const plain = name.toLowerCase();
    if (OURS.includes(plain)) return [error('bad-header', at, `header "${name}" is set by the engine`)];
    return SECRET.includes(plain)
      ? [
          error(
            'bad-header',
            at,
            `header "${name}" carries a secret, and a definition is kept in the log`,
            'Use "auth": {"bearerEnv": "NAME_OF_THE_VARIABLE"}.',
          ),
        ]
      : [];
  });

function checkBody(action: unknown, path: DefinitionPath): Finding[] {
  const body = own(action, 'body');
  const findings: Finding[] = [];
  if (body !== undefined && own(action, 'bodyFile') !== undefined)
    findings.push(
      error('contradiction', [...path, 'bodyFile'], '"bodyFile" beside "body": only one of them can be sent'),
    );
  const text = textOf(body);
  const user = text === undefined ? undefined : placeholders(text).find(isUserName);
  if (user !== undefined && /^\s*[[{](?!\{)/.test(text ?? ''))
    findings.push(
      error(
        'user-value-in-json',
        [...path, 'body'],
        `a quote in {{${user}}} would end the text it stands in`,
        'Write "body" as a JSON object instead of a text: values are quoted there.',
      ),
    );
  const sends = body !== undefined || own(action, 'bodyFile') !== undefined;
  if (sends && own(action, 'method') === 'GET')
    findings.push(error('contradiction', [...path, 'method'], 'a GET has no body'));
  return findings;
}

function checkAuth(action: unknown, path: DefinitionPath): Finding[] {
  const auth = own(action, 'auth');
  if (auth === undefined) return [];
  const bearer = own(auth, 'bearerEnv') !== undefined;
  const hmac = own(auth, 'hmacEnv') !== undefined;
  if (bearer === hmac)
    return [error('contradiction', [...path, 'auth'], 'expected either "bearerEnv" or "hmacEnv"')];
  return bearer && own(auth, 'header') !== undefined
    ? [error('contradiction', [...path, 'auth', 'header'], 'a bearer token goes into "authorization"')]
    : [];
}

/** What the engine keeps for itself: it may hold secrets, and is nobody's to send. */
const CLOSED = ['logs', 'state', 'blobs', 'definitions', 'config.json', 'run', 'feedback'];

export function checkSentFile(action: unknown, path: DefinitionPath, key: string): Finding[] {
  const template = textOf(own(action, key));
  if (template === undefined) return [];
  const file = readPath(template).path;
  const parts = file.split(/[/\\]+/).filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return [error('bad-path', [...path, key], '".." is not allowed in this path')];
  const inHome = /^\{\{\s*home\s*\}\}$/.test(parts[0] ?? '') ? parts[1]?.toLowerCase() : undefined;
  return inHome !== undefined && CLOSED.includes(inHome)
    ? [error('bad-path', [...path, key], `nothing of "${inHome}" in the home is sent anywhere`)]
    : [];
}
