/** What is said about a request: against a real server on this machine that answers, refuses, breaks off and is slow. */
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { performDispatch } from '../../src/effects/perform.ts';
import type { HttpRequest } from '../../src/workflow/http-request.ts';
import { depsOf, effectOf, makeFolder } from '../support/effects-home.ts';

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
type Answer = (request: Seen, response: ServerResponse) => void;

async function serverOf(
  answer: Answer,
): Promise<{ readonly url: string; readonly seen: Seen[]; stop(): Promise<void> }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(pieces).toString('utf8') };
    seen.push(one);
    answer(one, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const stop = (): Promise<void> =>
    new Promise((done) => {
      server.closeAllConnections();
      server.close(() => done());
    });
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop };
}

const answering =
  (status: number, text = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(text);

const requestTo = (url: string, over: Partial<HttpRequest> = {}): HttpRequest => ({
  url: `${url}/posts`,
  method: 'POST',
  headers: [['content-type', 'application/json']],
  body: '{"a":1}',
  notPerformedStatuses: [],
  ...over,
});

const send = (
  http: HttpRequest,
  over: Parameters<typeof effectOf>[0] = {},
  deps: Parameters<typeof depsOf>[1] = {},
  home = makeFolder(),
) => performDispatch(effectOf({ dispatcher: 'http', argv: [], http, ...over }), depsOf(home, deps));

describe('the request', () => {
  test('carries the key of the effect, the headers and the body, and is sent once', async () => {
    const { url, seen } = await serverOf(answering(201, 'made'));
    const result = await send(requestTo(url), { key: 'wf:r:execute.main:1' });
    expect(result).toMatchObject({
      result: 'confirmed',
      outcome: 'done',
      receipt: { by: 'response', httpStatus: 201 },
      stdout: 'made',
    });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/posts',
        body: '{"a":1}',
        headers: {
          'idempotency-key': 'wf:r:execute.main:1',
          'content-type': 'application/json',
          'content-length': '7',
        },
      },
    ]);
  });

  test('has the bearer token of the environment, which an echo of the server does not bring into the log', async () => {
    const { url, seen } = await serverOf((request, response) => response.end(request.headers.authorization));
    const result = await send(
      requestTo(url, { auth: { bearerEnv: 'CMS' } }),
      {},
      { environment: { CMS: 'tok-123' } },
    );
    expect(seen[0]?.headers.authorization).toBe('Bearer tok-123');
    expect(result).toMatchObject({ result: 'confirmed', stdout: 'Bearer [redacted]' });
    expect(JSON.stringify(result)).not.toContain('tok-123');
  });

  test('is signed over the very bytes of its body', async () => {
    const { url, seen } = await serverOf(answering(200));
    const auth = { hmacEnv: 'KEY', header: 'x-signature-256' };
    await send(requestTo(url, { auth }), {}, { environment: { KEY: 'hush' } });
    const wanted = createHmac('sha256', 'hush').update('{"a":1}').digest('hex');
    expect(seen[0]?.headers['x-signature-256']).toBe(`sha256=${wanted}`);
  });

  test.each([undefined, '', '  '])(
    'without its credential (%j) is not sent, and the message names the variable',
    async (value) => {
      const { url, seen } = await serverOf(answering(200));
      const environment = value === undefined ? {} : { CMS: value };
      const result = await send(requestTo(url, { auth: { bearerEnv: 'CMS' } }), {}, { environment });
      expect(result).toMatchObject({
        result: 'failed',
        performed: false,
        retryable: false,
        error: { code: 'credential-missing' },
      });
      expect(result).toHaveProperty('error.message', expect.stringContaining('CMS'));
      expect(seen).toEqual([]);
    },
  );

  test.each([
    ['another machine without https', 'http://cms.example/a', 'bad-url'],
    ['a user name in front of the host', 'https://me:pw@127.0.0.1/a', 'bad-url'],
    ['a step up in its path', 'http://127.0.0.1:1/a/../b', 'bad-url'],
    ['a hidden step up in its path', 'http://127.0.0.1:1/a/%2e%2E/b', 'bad-url'],
  ])('is not sent to %s', async (_name, url, code) => {
    const result = await send({ ...requestTo(''), url });
    expect(result).toMatchObject({ result: 'failed', performed: false, error: { code } });
  });

  test('with a line break in a header is not sent', async () => {
    const { url, seen } = await serverOf(answering(200));
    const result = await send(requestTo(url, { headers: [['x-title', 'a\r\nx-evil: 1']] }));
    expect(result).toMatchObject({ result: 'failed', performed: false, error: { code: 'bad-header' } });
    expect(seen).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([
    [200, 'confirmed', undefined],
    [204, 'confirmed', undefined],
    [401, 'failed', false],
    [404, 'failed', false],
    [422, 'failed', false],
    [409, 'failed', true],
    [410, 'failed', true],
    [302, 'failed', true],
    [308, 'failed', false],
  ])('of %i is %s, performed: %s', async (status, result, performed) => {
    const { url, seen } = await serverOf(answering(status, 'words', { location: '/elsewhere' }));
    expect(await send(requestTo(url))).toMatchObject({
      result,
      ...(performed === undefined ? {} : { performed, retryable: false, error: { code: `http-${status}` } }),
    });
    // Redirects are not followed either.
    expect(seen.length).toBe(1);
  });

  test('of 202 is a hand-over: taken in is not done', async () => {
    const { url } = await serverOf(answering(202, 'later'));
    expect(await send(requestTo(url))).toMatchObject({ result: 'confirmed', outcome: 'handed_off' });
  });

  test('of 429 was not carried out, and the pause that the server asks for is kept', async () => {
    const { url } = await serverOf(answering(429, 'slow down', { 'retry-after': '7' }));
    expect(await send(requestTo(url))).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: true,
      retryAfterMs: 7000,
    });
  });

  test('of 503 is in doubt, unless the definition takes it for "nothing was done"', async () => {
    const { url } = await serverOf(answering(503, 'busy'));
    expect(await send(requestTo(url))).toMatchObject({ result: 'unknown', reason: { code: 'http-503' } });
    expect(await send(requestTo(url, { notPerformedStatuses: [503] }))).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: true,
    });
  });

  test('that is endless is cut, and its status still counts', async () => {
    const { url } = await serverOf((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write('x'.repeat(65536)));
        response.once('drain', more);
      };
      more();
    });
    const result = await send(requestTo(url));
    expect(result).toMatchObject({ result: 'confirmed', truncated: true });
    expect(result).toHaveProperty('stdout.length', 256 * 1024);
  });

  test('that breaks off after its status counts by its status', async () => {
    const { url } = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await send(requestTo(url))).toMatchObject({
      result: 'confirmed',
      stdout: 'half',
      truncated: true,
    });
  });
});

describe('no answer', () => {
  test('where nobody listens: nothing was sent, and later somebody may', async () => {
    const { url, stop } = await serverOf(answering(200));
    await stop();
    expect(await send(requestTo(url))).toMatchObject({
      result: 'failed',
      performed: false,
      retryable: true,
      error: { code: 'ECONNREFUSED' },
    });
  });

  test('from a server that hangs up on the request is in doubt', async () => {
    const { url, seen } = await serverOf((_request, response) => response.destroy());
    expect(await send(requestTo(url))).toMatchObject({ result: 'unknown' });
    expect(seen.length).toBe(1);
  });

  test('in time is in doubt', async () => {
    const { url, seen } = await serverOf(() => undefined);
    const result = await send(requestTo(url), { timeoutMs: 400 });
    expect(result).toMatchObject({ result: 'unknown', reason: { code: 'timed-out' } });
    expect(seen.length).toBe(1);
  });

  test('because of a second Ctrl-C is in doubt once it was sent, and not before', async () => {
    const stop = new AbortController();
    const { url } = await serverOf(() => stop.abort());
    const sent = await send(requestTo(url), {}, { signal: stop.signal });
    expect(sent).toMatchObject({ result: 'unknown', reason: { code: 'interrupted' } });
    const before = await send(requestTo(url), {}, { signal: stop.signal });
    expect(before).toMatchObject({ result: 'failed', performed: false, error: { code: 'interrupted' } });
  });
});

describe('a file that is sent', () => {
  const withFile = async (over: { text?: string; link?: string; name?: string; sha256?: string }) => {
    const home = makeFolder();
    const { url, seen } = await serverOf(answering(200));
    const file = path.join(home, over.name ?? 'artifacts/run-1/post.md');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (over.link !== undefined) fs.symlinkSync(over.link, file);
    else if (over.text !== undefined) fs.writeFileSync(file, over.text);
    const sendFile = { path: file, ...(over.sha256 === undefined ? {} : { sha256: over.sha256 }) };
    const { body: _body, ...http } = requestTo(url);
    return { result: await send(http, { sendFile }, {}, home), seen };
  };

  test('goes out byte for byte', async () => {
    const { result, seen } = await withFile({ text: 'Grüße\n' });
    expect(result).toMatchObject({ result: 'confirmed' });
    expect(seen[0]?.body).toBe('Grüße\n');
  });

  test.each([
    ['that is not what was approved', { text: 'changed', sha256: 'a'.repeat(64) }, 'file-changed'],
    ['that is not there', {}, 'file-unreadable'],
    ['that is a link to something else', { link: '/etc/passwd' }, 'file-unreadable'],
    ['of the record itself', { text: 'x', name: 'logs/events.jsonl' }, 'file-not-sendable'],
    ['with the settings', { text: 'x', name: 'config.json' }, 'file-not-sendable'],
  ])('%s stays here', async (_name, over, code) => {
    const { result, seen } = await withFile(over);
    expect(result).toMatchObject({ result: 'failed', performed: false, error: { code } });
    expect(seen).toEqual([]);
  });

  test('behind a folder that is a link out of the home stays here', async () => {
    const home = makeFolder();
    const elsewhere = makeFolder();
    fs.writeFileSync(path.join(elsewhere, 'secret'), 'x');
    fs.mkdirSync(path.join(home, 'artifacts'));
    fs.symlinkSync(elsewhere, path.join(home, 'artifacts/out'));
    const { url, seen } = await serverOf(answering(200));
    const { body: _body, ...http } = requestTo(url);
    const sendFile = { path: path.join(home, 'artifacts/out/secret') };
    expect(await send(http, { sendFile }, {}, home)).toMatchObject({ error: { code: 'file-not-sendable' } });
    expect(seen).toEqual([]);
  });
});
