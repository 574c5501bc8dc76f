/**
 * Sends one request over a connection of its own and says what came of it. "Unsent" is only said while the connection
 * did not stand: from then on bytes may have gone out. Redirects are not followed, nothing is sent twice.
 */
import { MAX_TIMER_MS, monotonicMs } from './clock.ts';
import type { StopSignal } from './stop.ts';

export type HttpSend = {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** For all of it, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
  readonly signal?: StopSignal;
  /** How much of the answer is read. */
  readonly answerCapBytes?: number;
};

export type HttpEnd =
  | { readonly end: 'unsent'; readonly code: string; readonly message: string; readonly retryable: boolean }
  | { readonly end: 'lost'; readonly code: string; readonly message: string }
  | {
      readonly end: 'answered';
      readonly status: number;
      readonly text: string;
      readonly truncated: boolean;
      readonly durationMs: number;
      readonly retryAfter?: string;
      readonly date?: string;
    };

const DEFAULT_CAP_BYTES = 256 * 1024;

/** Nobody has to change anything for these to go away. */
const PASSING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
  'EMFILE',
  'timed-out',
  'interrupted',
]);

/** Never throws, never rejects. */
export async function sendOnce(options: HttpSend): Promise<HttpEnd> {
  const startedAt = monotonicMs();
  if (options.signal?.aborted === true) return unsent('interrupted', 'interrupted before it began');
  const isTls = options.url.startsWith('https:');
  const { request } = isTls ? await import('node:https') : await import('node:http');
  return new Promise((resolve) => {
    let stood = false;
    let answered = false;
    const fail = (code: string, message: string): void => {
      // Once there is a status, that is what is known; an answer that breaks off is only cut short.
      if (!answered) resolve(stood ? { end: 'lost', code, message } : unsent(code, message));
    };
    let outgoing: import('node:http').ClientRequest;
    try {
      const headers: Record<string, string> = { 'content-length': String(options.body.length) };
      for (const [name, value] of options.headers) headers[name.toLowerCase()] = value;
      // A connection of its own: one that was kept from before may be half closed already.
      outgoing = request(options.url, {
        method: options.method,
        headers,
        agent: false,
        ...(isTls ? { rejectUnauthorized: true } : {}),
      });
    } catch (error) {
      fail((error as NodeJS.ErrnoException).code ?? 'bad-request', (error as Error).message);
      return;
    }
    const end = (code: string, message: string): void => {
      fail(code, message);
      outgoing.destroy();
    };
    const onAbort = (): void => end('interrupted', 'interrupted');
    const seconds = options.timeoutMs / 1000;
    const timer = setTimeout(
      () => end('timed-out', `no answer within ${seconds} s`),
      Math.min(options.timeoutMs, MAX_TIMER_MS),
    );
    options.signal?.addEventListener('abort', onAbort, { once: true });
    outgoing.once('close', () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      fail('connection-lost', 'the connection ended without an answer');
    });
    outgoing.once('socket', (socket) => {
      if (!isTls && !socket.connecting) stood = true;
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        stood = true;
      });
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'http-error', error.message));
    outgoing.once('response', (answer) => {
      answered = true;
      void readAnswer(answer, options.answerCapBytes ?? DEFAULT_CAP_BYTES).then(({ text, truncated }) => {
        const { 'retry-after': retryAfter, date } = answer.headers;
        resolve({
          end: 'answered',
          status: answer.statusCode ?? 0,
          text,
          truncated,
          durationMs: Math.round(monotonicMs() - startedAt),
          ...(retryAfter === undefined ? {} : { retryAfter }),
          ...(date === undefined ? {} : { date }),
        });
        outgoing.destroy();
      });
    });
    outgoing.end(options.body);
  });
}

const unsent = (code: string, message: string): HttpEnd => ({
  end: 'unsent',
  code,
  message,
  retryable: PASSING.has(code),
});

async function readAnswer(
  answer: import('node:http').IncomingMessage,
  capBytes: number,
): Promise<{ readonly text: string; readonly truncated: boolean }> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > capBytes) break;
    }
  } catch {
    return { text: textOf(pieces, capBytes), truncated: true };
  }
  return { text: textOf(pieces, capBytes), truncated: bytes > capBytes };
}

const textOf = (pieces: readonly Buffer[], capBytes: number): string =>
  Buffer.concat(pieces).subarray(0, capBytes).toString('utf8');
