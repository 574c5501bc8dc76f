/** A message, with small scripts in the place of the programs that send it: to whom, what, and what is known of it. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { performDispatch } from '../../src/effects/perform.ts';
import type { MessageConfig } from '../../src/home/config.ts';
import { depsOf, effectOf, makeFolder } from '../support/effects-home.ts';

const say = (
  target: MessageConfig,
  over: Parameters<typeof effectOf>[0] = {},
  deps: Parameters<typeof depsOf>[1] = {},
  home = makeFolder(),
) =>
  performDispatch(
    effectOf({ dispatcher: 'message', argv: [], target: 'default', message: 'ready', ...over }),
    depsOf(home, { messages: new Map([['default', target]]), ...deps }),
  );

const via = (command: string, ...args: string[]): MessageConfig => ({
  via: 'command',
  command,
  args,
  env: [],
});

/** Stands in for `openclaw`: says something and ends. */
function openclawThat(script: string): { readonly environment: Record<string, string | undefined> } {
  const file = path.join(makeFolder(), 'openclaw');
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { environment: { PATH: process.env.PATH, OPENCLAW_BIN: file } };
}
const CHAT: MessageConfig = { via: 'openclaw', channel: 'whatsapp', target: '+0' };

describe('by a program of one’s own', () => {
  test('it has the text as an argument, as a file and on its standard input', async () => {
    const target = via('/bin/sh', '-c', 'echo "$1"; cat "$2"; cat', 'sh', '{{text}}', '{{textFile}}');
    expect(await say(target)).toMatchObject({
      result: 'confirmed',
      outcome: 'done',
      stdout: 'ready\nreadyready',
    });
  });

  test('a list is no option', async () => {
    expect(await say(via('/bin/echo', '{{text}}'), { message: '- one' })).toMatchObject({
      stdout: ' - one\n',
    });
    expect(await say(via('/bin/echo', '--', '{{text}}'), { message: '- one' })).toMatchObject({
      stdout: '-- - one\n',
    });
  });

  test('a failure is one, and is not repeated by itself', async () => {
    expect(await say(via('/bin/sh', '-c', 'echo no display >&2; exit 1'))).toMatchObject({
      result: 'failed',
      performed: true,
      error: { message: '/bin/sh exited with 1: no display' },
    });
  });

  test('the text of a file, and only the one that was approved', async () => {
    const home = makeFolder();
    const file = path.join(home, 'artifacts/run-1/digest.md');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, 'the digest');
    const target = via('/bin/cat');
    expect(await say(target, { sendFile: { path: file } }, {}, home)).toMatchObject({ stdout: 'the digest' });
    const changed = await say(target, { sendFile: { path: file, sha256: 'b'.repeat(64) } }, {}, home);
    expect(changed).toMatchObject({ result: 'failed', performed: false, error: { code: 'file-changed' } });
  });
});

describe('through OpenClaw', () => {
  test('it is handed to the channel and target of config.json', async () => {
    const result = await say(CHAT, { message: '-x' }, openclawThat('echo "$@"'));
    expect(result).toMatchObject({
      result: 'confirmed',
      stdout: 'message send --channel whatsapp --target +0 --message=-x\n',
    });
  });

  test.each([
    ['Channel is unavailable: whatsapp', { result: 'failed', performed: false, retryable: false }],
    ['Gateway not reachable', { result: 'failed', performed: false, retryable: true }],
    ['something else', { result: 'unknown' }],
  ])('"%s" with exit 1', async (said, expected) => {
    expect(await say(CHAT, {}, openclawThat(`echo "${said}" >&2; exit 1`))).toMatchObject(expected);
  });

  test('a text that is too long for an argument is not sent', async () => {
    const result = await say(CHAT, { message: 'x'.repeat(200_000) }, openclawThat('true'));
    expect(result).toMatchObject({ result: 'failed', performed: false, error: { code: 'message-too-long' } });
  });
});

test('to a target that config.json does not name is not sent', async () => {
  expect(await say(via('/bin/true'), { target: 'boss' })).toMatchObject({
    result: 'failed',
    performed: false,
    error: { code: 'message-target-unknown' },
  });
});
