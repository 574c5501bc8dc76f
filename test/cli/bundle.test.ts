/**
 * `wf bundle` and `wf replay FILE`, with the real program: what is in the file and what is not, and that another
 * machine replays it. With WF_MAKE_BUNDLES=1 the runs of every ending are kept in test/bundles/, where
 * test/unit/bundles.test.ts folds them for ever after.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onTerminal } from '../support/on-terminal.ts';
import { root, sh, treeOf, type WfRunner, wfRunner } from '../support/wf.ts';

const BLOG = 'write a blog on BIM Automation in Autodesk';

type BundleJson = {
  readonly texts: string;
  readonly input: string | null;
  readonly definition: object | null;
  readonly events: { type: string; schemaVersion: number; data: Record<string, unknown> }[];
  readonly expected: {
    readonly states: { status: string; outcome: string | null }[];
    readonly decided: { readonly same: number; readonly divergence: object | null } | null;
  };
};

const bundleOf = async (runner: WfRunner, runId: string, ...more: string[]): Promise<BundleJson> => {
  const ended = await runner.wf(['bundle', runId, '--json', ...more]);
  expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout);
};

/** Approves what waits, as a person would. */
const approve = async (runner: WfRunner): Promise<void> => {
  const { stdout } = await runner.wf(['inbox', '--json']);
  const { items } = JSON.parse(stdout) as { items: { kind: string; approvalId?: string }[] };
  const id = items.find(({ kind }) => kind === 'approval')?.approvalId ?? '';
  const ended = await onTerminal(runner, ['approve', id], `${id}\n`);
  expect(ended.code, ended.stdout).toBe(0);
};

const PUBLISH = {
  id: 'publish',
  execute: sh('printf "draft %s" "$WF_EFFECT_KEY" > post.md'),
  verify: { files: [{ path: '{{artifacts}}/post.md', fresh: true, contains: ['draft'] }] },
  approval: [{ at: 'deliver', show: ['{{artifacts}}/post.md'], onReject: 'redo' }],
  deliver: { actions: [{ id: 'blog', ...sh('cat post.md >> "$HOME/blog"') }] },
};

/** Each brings a run to its ending and answers its id. */
const ENDINGS: Readonly<Record<string, (runner: WfRunner) => Promise<string>>> = {
  done: async (runner) => {
    runner.define({
      id: 'note',
      execute: {
        steps: [
          { id: 'a', ...sh('echo "the answer is 42"') },
          { id: 'b', ...sh('true') },
        ],
      },
      verify: { outcome: { failOn: ['unable'] } },
    });
    return (await runner.json(['run', 'note', '--input', 'look it up'])).run.runId;
  },
  failed: async (runner) => {
    runner.define({ id: 'broken', execute: sh('echo "no room left" >&2; exit 3') });
    return (await runner.json(['run', 'broken', '--input', 'try it'])).run.runId;
  },
  'handed-off': async (runner) => (await runner.json(['run', 'autonomous-e2e', '--input', BLOG])).run.runId,
  reported: async (runner) => {
    await runner.json(['run', 'autonomous-e2e', '--input', BLOG]);
    return (await runner.json(['report', 'last', '--text', 'https://example.org/bim'])).run.runId;
  },
  approved: async (runner) => {
    runner.define({ id: 'ops', execute: sh('echo restarted') });
    const { run } = await runner.json(['run', 'ops', '--input', 'restart the gateway']);
    await approve(runner);
    return run.runId;
  },
  redone: async (runner) => {
    runner.define(PUBLISH);
    const { run } = await runner.json(['run', 'publish', '--input', 'a post']);
    await runner.json(['reject', 'last', '--reason', 'too short']);
    await approve(runner);
    return run.runId;
  },
  resolved: async (runner) => {
    const slow = { ...sh('sleep 20'), timeout: '200ms', retry: { maxAttempts: 1 } };
    runner.define({ id: 'slow', execute: slow });
    const { run } = await runner.json(['run', 'slow', '--input', 'wait']);
    await runner.json(['resolve', 'last', '--sent']);
    return run.runId;
  },
  cancelled: async (runner) => {
    const { run } = await runner.json(['run', 'autonomous-e2e', '--input', 'delete the old server']);
    await runner.json(['cancel', 'last', '--reason', 'no need']);
    return run.runId;
  },
};

const KEPT = join(root, 'test/bundles');

describe('a run of every ending', () => {
  test.each(Object.keys(ENDINGS))(
    '%s: another machine replays it, with its texts and without',
    async (name) => {
      const runner = wfRunner();
      const runId = (await ENDINGS[name]?.(runner)) ?? '';
      const before = runner.log().length;
      const made = await bundleOf(runner, runId);
      // Nothing of it is taken on trust: by its own definition the record comes out again, event by event.
      expect(made.expected.decided).toEqual({ same: made.events.length, divergence: null });
      for (const [file, ...more] of [
        [`${name}.json`],
        [`${name}.lengths.json`, '--without-texts'],
      ] as const) {
        const path = runner.path(file);
        const out = await runner.wf(['bundle', runId, '--out', path, ...more]);
        expect(out, out.stderr).toMatchObject({ code: 0, stderr: '' });
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const elsewhere = wfRunner();
        copyFileSync(path, elsewhere.path('run.json'));
        const replayed = await elsewhere.wf(['replay', './run.json']);
        expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ code: 0, stderr: '' });
        expect(replayed.stdout).toContain('states are as when version');
        expect(existsSync(elsewhere.home)).toBe(false);
        if (process.env.WF_MAKE_BUNDLES === '1') {
          mkdirSync(KEPT, { recursive: true });
          copyFileSync(path, join(KEPT, file));
          chmodSync(join(KEPT, file), 0o644);
        }
      }
      expect(runner.log()).toHaveLength(before);
    },
  );
});

describe('what is in the file', () => {
  const PASSWORD = 'correct-horse-9';
  /** Said before anybody knew that it is a secret: `redact.patterns` came later. */
  const withSecret = async (): Promise<{ readonly runner: WfRunner; readonly runId: string }> => {
    const runner = wfRunner();
    runner.define({ id: 'note', execute: sh(`echo "the word is ${PASSWORD}"`), plan: { general: ['look'] } });
    const { run } = await runner.json(['run', 'note', '--input', `use ${PASSWORD}, my dear`]);
    writeFileSync(join(runner.home, 'config.json'), `{"redact": {"patterns": ["${PASSWORD}"]}}`);
    return { runner, runId: run.runId };
  };

  test('not: secrets by the rules of today, the home, the machine, one-time words, hashes of short texts', async () => {
    const { runner, runId } = await withSecret();
    const { stdout } = await runner.wf(['bundle', runId]);
    const started = runner.log().find(({ type }) => type === 'RunStarted')?.data as Record<string, string>;
    const leased = runner.log().find(({ type }) => type === 'RunLeased')?.data as {
      owner: { host: string; bootId: string };
    };
    for (const gone of [PASSWORD, runner.home, runner.dir, leased.owner.host, leased.owner.bootId])
      expect(stdout).not.toContain(gone);
    for (const gone of [started.inputHash, started.key, started.salt]) expect(stdout).not.toContain(gone);
    expect(stdout).toContain('my dear');

    await ENDINGS['handed-off']?.(runner);
    const brief = runner
      .log()
      .find(({ type, data }) => type === 'EffectIntended' && data.nonce !== undefined);
    const nonce = String(brief?.data.nonce);
    expect(nonce.length).toBeGreaterThan(8);
    expect((await runner.wf(['bundle', 'last'])).stdout).not.toContain(nonce);
  });

  test('with lengths for texts: no word of the task, of what was sent, answered or said', async () => {
    const runner = wfRunner();
    await ENDINGS.redone?.(runner);
    const { stdout } = await runner.wf(['bundle', 'last', '--without-texts']);
    for (const word of ['a post', 'draft', 'too short', 'printf', 'post.md', process.env.USER ?? 'user'])
      expect(stdout).not.toContain(word);
    expect(JSON.parse(stdout)).toMatchObject({ texts: 'lengths', input: null, definition: null });
    expect(stdout).toContain('[9 bytes]');
  });

  test('long texts whole, from the blobs they are in', async () => {
    const runner = wfRunner();
    runner.define({ id: 'long', execute: sh('head -c 50000 /dev/zero | tr "\\\\0" x') });
    await runner.json(['run', 'long', '--input', 'x']);
    const { events, expected } = await bundleOf(runner, 'last');
    const confirmed = events.find(({ type }) => type === 'EffectConfirmed');
    expect(confirmed?.data.stdout).toBe('x'.repeat(50_000));
    expect(expected.decided?.divergence).toBeNull();
  });

  test('an erased run has nothing to replay', async () => {
    const runner = wfRunner();
    await ENDINGS.done?.(runner);
    await runner.wf(['erase', 'last', '--yes']);
    expect((await runner.json(['bundle', 'last'])).error).toMatchObject({ code: 'run-erased', exitCode: 4 });
  });
});

describe('the file', () => {
  test('is never written over another one unless that is said, nor through a link', async () => {
    const runner = wfRunner();
    await ENDINGS.failed?.(runner);
    const file = runner.path('mine.json');
    writeFileSync(file, 'mine');
    const refused = await runner.json(['bundle', 'last', '--out', file]);
    expect(refused.error).toMatchObject({ code: 'bundle-exists', exitCode: 2 });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    symlinkSync(file, runner.path('link.json'));
    expect((await runner.json(['bundle', 'last', '--out', runner.path('link.json')])).code).toBe(2);
    expect((await runner.wf(['bundle', 'last', '--out', runner.path('link.json'), '--force'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await runner.wf(['bundle', 'last', '--out', file, '--force'])).code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8')).schema).toBe('wf.bundle/1');
    expect((await runner.json(['bundle', 'last', '--out', runner.path('no/such.json')])).code).toBe(3);
    expect((await runner.json(['bundle', 'last', '--force'])).code).toBe(2);
  });

  test('is believed in nothing: what is damaged or of a later version is refused with where and why', async () => {
    const runner = wfRunner();
    await ENDINGS.done?.(runner);
    const good = await bundleOf(runner, 'last');
    const file = runner.path('run.json');
    const refusal = async (content: unknown): Promise<readonly [string, string]> => {
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      const { error, code } = await runner.json(['replay', file]);
      expect(code).toBe(2);
      return [error.code, error.message];
    };
    const event = (n: number, other: object) => ({
      ...good,
      events: good.events.map((one, i) => (i + 1 === n ? { ...one, ...other } : one)),
    });
    const damaged: readonly (readonly [unknown, string, string])[] = [
      ['{"schema": "wf.bu', 'bundle-invalid', 'not JSON'],
      ['[]', 'bundle-invalid', 'wf.bundle/1'],
      [{ ...good, schema: 'wf.bundle/2' }, 'bundle-newer', 'wf.bundle/2'],
      [event(4, { type: 'RunFlown' }), 'bundle-newer', 'RunFlown'],
      [event(4, { schemaVersion: 9 }), 'bundle-newer', 'version 9'],
      [event(4, { type: 'KeyClaimed' }), 'bundle-invalid', 'none of a run'],
      [event(3, { data: { stage: 'x' } }), 'bundle-invalid', 'event 3'],
      [event(1, { data: { ...good.events[0]?.data, runId: 'other' } }), 'bundle-invalid', 'first event'],
      [{ ...good, definition: { hash: 'a'.repeat(64), body: '{"id": 7}' } }, 'bundle-invalid', 'definition'],
      [{ ...good, surplus: 1 }, 'bundle-invalid', 'surplus'],
    ];
    for (const [content, code, words] of damaged)
      expect(await refusal(content)).toEqual([code, expect.stringContaining(words)]);
    expect((await runner.json(['replay', './nowhere.json'])).error).toMatchObject({
      code: 'bundle-unknown',
      exitCode: 3,
    });
  });

  test('whose record was changed comes out otherwise, exit 1, and nothing is touched', async () => {
    const runner = wfRunner();
    await ENDINGS.done?.(runner);
    const bundle = await bundleOf(runner, 'last');
    const classified = bundle.events.find(
      ({ data }) => data.stage === 'classify' && data.output !== undefined,
    );
    (classified?.data.output as { route: string }).route = 'elsewhere';
    bundle.events.pop();
    const file = runner.path('run.json');
    writeFileSync(file, JSON.stringify(bundle));
    rmSync(runner.home, { recursive: true });
    const before = treeOf(runner.dir);
    const replayed = await runner.wf(['replay', './run.json']);
    expect(replayed.code).toBe(1);
    expect(replayed.stdout).toMatch(/^\* it comes out otherwise than when version/m);
    expect(replayed.stdout).toMatch(/after event \d+ the run is not there, and was completed/);
    expect(replayed.stdout).toContain('decided: {"same":');
    expect(treeOf(runner.dir)).toEqual(before);
  });

  test('is looked into at one event, and decided again by another definition', async () => {
    const runner = wfRunner();
    await ENDINGS.done?.(runner);
    const file = runner.path('run.json');
    await runner.wf(['bundle', 'last', '--out', file]);
    const at = await runner.wf(['replay', file, '--at', '3']);
    expect(JSON.parse(at.stdout)).toMatchObject({ version: 3 });
    expect((await runner.wf(['replay', file, '--at', '999'])).code).toBe(2);
    writeFileSync(runner.path('other.json'), JSON.stringify({ id: 'note', execute: sh('echo other') }));
    const other = await runner.wf(['replay', file, '--against', runner.path('other.json')]);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('it goes another way');
    const lengths = runner.path('lengths.json');
    await runner.wf(['bundle', 'last', '--without-texts', '--out', lengths]);
    expect((await runner.json(['replay', lengths, '--against', 'note'])).error.code).toBe(
      'bundle-without-texts',
    );
  });
});
