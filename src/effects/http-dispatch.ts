/**
 * The `http` dispatcher: one request, with the effect's key as `Idempotency-Key`. What is said about its end rests on
 * two facts: whether a byte of it can have left (the connection stood), and what the answer's status means.
 */
import { urlProblem } from '../workflow/check-http.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import type { HttpRequest } from '../workflow/http-request.ts';
import { authHeaders } from './http-auth.ts';
import { type HttpEnd, sendOnce } from './http-send.ts';
import { meaningOf, retryAfterMs } from './http-status.ts';
import { lastLine } from './last-words.ts';
import type { PerformDeps } from './launch.ts';
import { readSentFile } from './sent-file.ts';

const refuse = (code: string, message: string): EffectResult => ({
  result: 'failed',
  performed: false,
  retryable: false,
  error: { code, message },
});

/** A character that would end the header, or that none may hold. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/;

export async function performHttp(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const { http } = effect;
  if (http === undefined) return refuse('no-request', `step ${effect.step} has no request`);
  // Checked when the definition was read; a value of the run may have made another path of it.
  const problem = urlProblem(http.url);
  if (problem !== undefined) return refuse('bad-url', `${http.url}: ${problem}`);
  const bad = http.headers.find(([, value]) => NOT_IN_HEADERS.test(value));
  if (bad !== undefined)
    return refuse('bad-header', `the value of header ${bad[0]} has a character that no header may have`);
  const body = bodyOf(effect, http, deps.home);
  if (!Buffer.isBuffer(body)) return refuse(body.code, body.problem);
  const auth = authHeaders(http.auth, body, deps.environment);
  if ('missing' in auth)
    return refuse(
      'credential-missing',
      `the environment has no ${auth.missing}, which ${http.method} ${placeOf(http)} needs: set it, then resume`,
    );
  const end = await sendOnce({
    url: http.url,
    method: http.method,
    headers: [...http.headers, ...auth.headers, ['idempotency-key', effect.key]],
    body,
    timeoutMs: effect.timeoutMs,
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
  });
  return judge(effect, http, end, (text) => deps.redact(withoutSecret(text, auth.secret)).text);
}

function bodyOf(
  { sendFile }: DispatchEffect,
  { body }: HttpRequest,
  home: string,
): Buffer | { readonly code: string; readonly problem: string } {
  if (sendFile === undefined) return Buffer.from(body ?? '');
  const read = readSentFile(home, sendFile);
  return 'bytes' in read ? read.bytes : read;
}

/** A server that answers with what it was sent must not bring the secret into the log. */
const withoutSecret = (text: string, secret: string | undefined): string =>
  secret === undefined || secret === '' ? text : text.replaceAll(secret, '[redacted]');

/** Where it went, without what was asked: a query may hold what nobody should read in a log. */
const placeOf = ({ url }: HttpRequest): string => url.split(/[?#]/, 1)[0] ?? '';

function judge(
  effect: DispatchEffect,
  http: HttpRequest,
  end: HttpEnd,
  redact: (text: string) => string,
): EffectResult {
  const what = `${http.method} ${placeOf(http)}`;
  if (end.end === 'unsent') {
    const { code, retryable } = end;
    const message = `${what}: ${redact(end.message)}; nothing was sent`;
    return { result: 'failed', performed: false, retryable, error: { code, message } };
  }
  if (end.end === 'lost') {
    const message = `${what}: ${redact(end.message)}, after the request had gone out`;
    return { result: 'unknown', reason: { code: end.code, message } };
  }
  const text = redact(end.text);
  const output = {
    ...(text === '' ? {} : { stdout: text }),
    ...(end.truncated ? { truncated: true } : {}),
  };
  const said = lastLine(text);
  const message = `${what} was answered with ${end.status}${said === '' ? '' : `: ${said}`}`;
  const error = { code: `http-${end.status}`, message };
  switch (meaningOf(end.status, http.notPerformedStatuses)) {
    case 'done': {
      const handedOff = effect.awaits === 'dispatch' || end.status === HTTP_ACCEPTED;
      const receipt = { by: 'response', httpStatus: end.status, durationMs: end.durationMs } as const;
      return { result: 'confirmed', outcome: handedOff ? 'handed_off' : 'done', receipt, ...output };
    }
    case 'refused':
      return { result: 'failed', performed: false, retryable: false, error, ...output };
    case 'later': {
      const pause = retryAfterMs(end.retryAfter, end.date);
      const asked = pause === undefined ? {} : { retryAfterMs: pause };
      return { result: 'failed', performed: false, retryable: true, error, ...asked, ...output };
    }
    case 'redirect': {
      const moved = `${message}; redirects are not followed: put the address it names into the definition`;
      const performed = end.status !== 307 && end.status !== 308;
      return {
        result: 'failed',
        performed,
        retryable: false,
        error: { ...error, message: moved },
        ...output,
      };
    }
    case 'failed':
      return { result: 'failed', performed: true, retryable: false, error, ...output };
    case 'in-doubt':
      return { result: 'unknown', reason: error, ...output };
  }
}

/** Taken in, and not done yet: somebody has to report the outcome. */
const HTTP_ACCEPTED = 202;
