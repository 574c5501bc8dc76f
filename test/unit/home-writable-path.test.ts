/** Where a definition may have its summary copied to: never over the record itself, and never by a link. */
import { mkdirSync, mkdtempSync, realpathSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writablePath } from '../../src/home/writable-path.ts';

const folder = (): string => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'wf-place-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const homeOf = (): string => {
  const home = join(folder(), 'workflows');
  for (const name of ['outbox', 'logs', 'artifacts']) mkdirSync(join(home, name), { recursive: true });
  return home;
};

describe('a summary may be written', () => {
  test('in outbox and artifacts, relative or absolute, also in folders that are not there yet', () => {
    const home = homeOf();
    expect(writablePath(home, [], 'outbox/run-1.md')).toBe(`${home}/outbox/run-1.md`);
    const deep = `${home}/artifacts/run-1/deep/post.md`;
    expect(writablePath(home, [], deep)).toBe(deep);
  });

  test('in a home that is reached through a link, by either name', () => {
    const home = homeOf();
    const link = join(dirname(home), 'link');
    symlinkSync(home, link);
    expect(writablePath(link, [], 'outbox/a.md')).toBe(`${link}/outbox/a.md`);
    expect(writablePath(link, [], `${home}/outbox/a.md`)).toBe(`${home}/outbox/a.md`);
  });

  test('in a root that config allows, and not beside it', () => {
    const home = homeOf();
    const root = join(dirname(home), 'site');
    expect(writablePath(home, [root], `${root}/posts/a.md`)).toBe(`${root}/posts/a.md`);
    expect(writablePath(home, [root], `${root}-2/a.md`)).toBe(null);
  });
});

describe('a summary may not be written', () => {
  test.each([
    'outbox/../logs/events.jsonl',
    '../outside.md',
    '/etc/passwd',
    'state/runs/x.json',
    'definitions/x.json',
    'config.json',
    'outbox',
    '',
    'outbox/a\0b',
    'outboxes/a.md',
  ])('at %j', (wanted) => {
    expect(writablePath(homeOf(), [], wanted)).toBe(null);
  });

  test.each([
    'logs/events.jsonl',
    'LOGS/events.jsonl',
    'state/index.json',
    'State/index.json',
    'blobs/x',
    'config.json',
    'Config.JSON',
    'run/x/child.json',
  ])('at %s, even where config allows a root around the home', (wanted) => {
    const home = homeOf();
    expect(writablePath(home, [dirname(home)], wanted)).toBe(null);
    expect(writablePath(home, [dirname(home)], `${home}/notes.md`)).toBe(`${home}/notes.md`);
  });

  test('through a link that leads out, into the log, or nowhere yet', () => {
    const home = homeOf();
    const outside = folder();
    symlinkSync(outside, join(home, 'outbox/out'));
    symlinkSync(join(home, 'logs'), join(home, 'artifacts/log'));
    symlinkSync(join(outside, 'new.md'), join(home, 'outbox/new.md'));
    expect(writablePath(home, [], 'outbox/out/a.md')).toBe(null);
    expect(writablePath(home, [], 'artifacts/log/events.jsonl')).toBe(null);
    expect(writablePath(home, [dirname(home)], 'artifacts/log/events.jsonl')).toBe(null);
    expect(writablePath(home, [], 'outbox/new.md')).toBe(null);
  });

  test('at the home itself, where it is a link that would be replaced by a file', () => {
    const home = homeOf();
    const top = dirname(home);
    symlinkSync(home, join(top, 'link'));
    expect(writablePath(join(top, 'link'), [top], 'outbox/..')).toBe(null);
    expect(writablePath(home, [top], join(top, 'link'))).toBe(null);
  });

  test('in an outbox that is itself a link out of the home', () => {
    const home = homeOf();
    rmdirSync(join(home, 'outbox'));
    symlinkSync(folder(), join(home, 'outbox'));
    expect(writablePath(home, [], 'outbox/a.md')).toBe(null);
  });
});
