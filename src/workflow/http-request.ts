/**
 * One request of the `http` dispatcher, as a definition has it and as it is sent. Values are encoded for the place
 * they stand in (the path of a URL, a JSON text), so that no value can change where a request goes or what it says.
 */
import { expand } from './template.ts';

export type HttpMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';

/** Names of environment variables that hold the secret, never the secret. */
export type HttpAuth =
  | { readonly bearerEnv: string }
  /** `header: sha256=<hex>`, the HMAC-SHA-256 of the body's bytes. */
  | { readonly hmacEnv: string; readonly header: string };

/** `url`, header values and every text of `body` are templates. */
export type HttpAction = {
  readonly url: string;
  readonly method: HttpMethod;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A text, or any other JSON value, which is sent as JSON. */
  readonly body?: unknown;
  readonly auth?: HttpAuth;
  /** Statuses that the author takes for "nothing was done". */
  readonly notPerformedStatuses: readonly number[];
};

/** What is sent, but for the secret, the effect's key and the bytes of a file. */
export type HttpRequest = Omit<HttpAction, 'body'> & { readonly body?: string };

/** @param file absolute path of the file whose bytes are the body */
export function renderHttp(
  action: HttpAction,
  values: ReadonlyMap<string, string>,
  file: string | undefined,
): HttpRequest {
  const inUrl = new Map([...values].map(([name, value]) => [name, encodeURIComponent(wellFormed(value))]));
  const { body, ...rest } = action;
  const text = body === undefined ? undefined : renderBody(body, values);
  const headers = action.headers.map(([name, value]) => [name, expand(value, values)] as const);
  const typed = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const type = typed ? undefined : file === undefined ? typeOfBody(body) : typeOfFile(file);
  return {
    ...rest,
    url: expand(action.url, inUrl),
    headers: [...headers, ...(type === undefined ? [] : [['content-type', type] as const])],
    ...(text === undefined ? {} : { body: text }),
  };
}

/** A half of a surrogate pair cannot be encoded; it was never a character. */
const wellFormed = (value: string): string => value.toWellFormed();

const renderBody = (body: unknown, values: ReadonlyMap<string, string>): string =>
  typeof body === 'string' ? expand(body, values) : JSON.stringify(expandTexts(body, values));

/** Each text of a JSON value by itself: a quote in a value stays a quote in a text. */
function expandTexts(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return expand(value, values);
  if (Array.isArray(value)) return value.map((one) => expandTexts(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, expandTexts(one, values)]));
}

const typeOfBody = (body: unknown): string | undefined =>
  body === undefined
    ? undefined
    : typeof body === 'string'
      ? 'text/plain; charset=utf-8'
      : 'application/json';

const FILE_TYPES: ReadonlyMap<string, string> = new Map([
  ['md', 'text/markdown; charset=utf-8'],
  ['txt', 'text/plain; charset=utf-8'],
  ['html', 'text/html; charset=utf-8'],
  ['csv', 'text/csv; charset=utf-8'],
  ['json', 'application/json'],
  ['xml', 'application/xml'],
  ['pdf', 'application/pdf'],
]);

const typeOfFile = (file: string): string =>
  FILE_TYPES.get(/\.([A-Za-z0-9]+)$/.exec(file)?.[1]?.toLowerCase() ?? '') ?? 'application/octet-stream';

/** What a person reads before saying yes: everything of the request but the secret. */
export function previewHttp(request: HttpRequest, file: string | undefined): string {
  const { method, url, headers, auth, body } = request;
  const signed =
    auth === undefined
      ? []
      : 'bearerEnv' in auth
        ? [`authorization: Bearer (from ${auth.bearerEnv})`]
        : [`${auth.header}: sha256 of the body, signed with ${auth.hmacEnv}`];
  const content = file !== undefined ? ['', `(the bytes of ${file})`] : body === undefined ? [] : ['', body];
  return [
    `${method} ${url}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...signed,
    ...content,
  ].join('\n');
}
