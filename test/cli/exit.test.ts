/**
 * The program ends as soon as it has answered, without winding down: what it said must all have arrived, and the
 * index it leaves open must serve the next command.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const WF = resolve(import.meta.dirname, '../../dist/wf.cjs');
/** More than a pipe holds. */
const LONG_CHARS = 200_000;

let home: string;
const env = () => ({ PATH: process.env.PATH, HOME: home, WF_HOME: home });
const wf = (...args: string[]) =>
  spawnSync(process.execPath, [WF, ...args], { env: env(), encoding: 'utf8' });

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'wf-exit-'));
  mkdirSync(join(home, 'definitions'));
  const definition = JSON.stringify({ id: 'quick', execute: { command: '/bin/true' } });
  writeFileSync(join(home, 'definitions/quick.json'), `${definition}${' '.repeat(LONG_CHARS)}`);
});
afterAll(() => rmSync(home, { recursive: true }));

test('a reader that is slower than the program gets everything', () => {
  const whole = wf('definitions', 'show', 'quick');
  expect(whole.status).toBe(0);
  expect(whole.stdout.length).toBeGreaterThan(LONG_CHARS);
  const slowly = spawnSync(
    '/bin/sh',
    ['-c', '"$0" "$1" definitions show quick | (sleep 0.3; cat)', process.execPath, WF],
    {
      env: env(),
      encoding: 'utf8',
    },
  );
  expect(slowly.stdout).toBe(whole.stdout);
});

test('the index of the run before is there for the next command, and may be deleted without what SQLite keeps beside it', () => {
  const first = wf('run', 'quick', '--input', 'a note', '--json');
  expect(first.status).toBe(0);
  expect(wf('rebuild-projections', '--check').status).toBe(0);
  expect(existsSync(join(home, 'state/index.db-wal'))).toBe(true);
  rmSync(join(home, 'state/index.db'));
  const again = wf('run', 'quick', '--input', 'a note', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({
    answer: 'reused',
    run: { runId: JSON.parse(first.stdout).run.runId },
  });
  expect(wf('rebuild-projections', '--check').status).toBe(0);
});
