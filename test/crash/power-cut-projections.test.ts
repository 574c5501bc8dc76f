/**
 * The power goes while projections are written, rebuilt and synced: whatever is left of files and index, the next
 * command makes them what the log says, and nothing that they showed is gone from it.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type CutHome, checkHome, checkSame, newHome, openHomeOn } from '../support/power-cut-home.ts';
import { machine } from '../support/power-cut-machine.ts';
import { type DbState, openIndex, removeIndexes } from '../support/power-cut-sqlite.ts';
import { BLOCKS, eachChoice, partsOf, recordImages, seeded } from '../support/power-cut-states.ts';
import {
  type Ending,
  type HistoryCommit,
  runCommits,
  runIdOfPlan,
  toolCommits,
  workflowCommits,
} from '../support/projection-histories.ts';
import { propertyRuns } from '../support/property-runs.ts';

const all = { cuts: 0, states: 0 };
afterAll(() => console.log(`power cuts tried: ${JSON.stringify(all)}`));
afterEach(removeIndexes);

const plan = (n: number, ending: Ending, summaryFile = `outbox/${runIdOfPlan(n)}.md`) => ({
  n,
  workflow: 'alpha',
  key: `k${n}`,
  forced: false,
  ending,
  input: `task ${n}`,
  output: `output ${n}`,
  summaryFile,
});

type Told = { readonly required: number; readonly states: readonly DbState[] };

const cut = async (
  home: CutHome,
  history: (home: CutHome) => Promise<void>,
  others: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const random = seeded(1);
  let required = 0;
  const project = home.projector.project.bind(home.projector);
  home.projector.project = async () => {
    const done = await project();
    required = done.upTo;
    return done;
  };
  const { images, stop } = recordImages<Told>(home.on, () => ({
    // What is projected is shown to everybody, in files and rows.
    required: Math.max(required, home.store.durableSeq),
    states: [...home.index.states],
  }));
  await history(home);
  stop();
  await home.close();
  for (const image of images) {
    for (const disk of partsOf(image)) {
      all.cuts++;
      const { states, required: told } = image.told;
      const found = eachChoice(
        (choose) => ({
          db: states[states.length - 1 - choose(states.length)] as DbState,
          disk: disk.afterCut(choose, BLOCKS[choose(BLOCKS.length)] ?? 512),
        }),
        propertyRuns(1),
        random,
      );
      for (const state of found) {
        all.states++;
        await checkHome(state.disk, state.db, told, others);
      }
    }
  }
};

describe('a power cut', { timeout: 900_000 }, () => {
  it('while runs are projected', async () => {
    await cut(newHome(), async (home) => {
      const reported = runCommits(plan(1, 'reported'));
      await home.append(runCommits(plan(0, 'completed', `artifacts/${runIdOfPlan(0)}/copy.md`)));
      await home.append(reported.slice(0, 3));
      await home.projector.project();
      await home.append(reported.slice(3));
      await home.append(toolCommits({ tool: 'dir', hosts: ['h1'], acts: ['ok', 'fail'] }));
      await home.projector.project();
    });
  });

  it.each([
    ['with a file in them that is not ours', []],
    ['one of which is on another file system', ['/home/outbox', '/home/outbox/mine.txt']],
  ])('while a rebuild puts folders in place, %s', async (_, elsewhere) => {
    const home = newHome();
    await home.append([...runCommits(plan(0, 'completed')), ...runCommits(plan(1, 'withdrawn'))]);
    await home.projector.project();
    const { fs } = home.deps;
    const fd = fs.openSync('/home/outbox/mine.txt', 'w');
    fs.writeFileSync(fd, 'mine');
    fs.fsyncSync(fd);
    for (const folder of ['/home/outbox', '/home']) fs.fsyncSync(fs.openSync(folder, 'r'));
    home.on.beforeCall = ({ name, path }) =>
      name === 'renameSync' && elsewhere.includes(path) ? { error: 'EXDEV' } : undefined;
    await cut(home, async () => void (await home.projector.rebuild()), { 'outbox/mine.txt': 'mine' });
  });

  it('while a home is rebuilt that has no projected file yet', async () => {
    const home = newHome();
    await home.append(workflowCommits({ workflow: 'alpha', scores: [4, 5], fate: 'applied' }));
    await home.projector.project();
    await cut(home, async () => void (await home.projector.rebuild()));
  });
});

const killed = new Error('killed');

describe('a process killed at any call', { timeout: 900_000 }, () => {
  const small: HistoryCommit[] = [
    ...runCommits(plan(0, 'completed')),
    ...workflowCommits({ workflow: 'alpha', scores: [4], fate: 'proposed' }),
  ];
  const repaired: HistoryCommit[] = [
    {
      stream: 'system',
      events: [
        {
          type: 'LogRepaired',
          data: { reason: 'sync-failed', durableSeq: 0, eventsKept: 0, bytesSetAside: 0 },
        },
      ],
    },
  ];
  it.each([
    ['while it projects runs', small, 'project'],
    ['while it rebuilds', small, 'rebuild'],
    ['while it rebuilds a home without projected files', small.slice(-3), 'rebuild'],
    ['while it rebuilds a home of which only the index tells', repaired, 'rebuild'],
  ] as const)('%s, and the next one makes it right', async (_, history, verb) => {
    for (let n = 1, done = false; !done; n++) {
      const home = newHome();
      await home.append(history);
      if (verb === 'rebuild') await home.projector.project();
      const from = home.on.calls;
      home.on.beforeCall = (call) => {
        if (call.n >= from + n) throw killed;
        return undefined;
      };
      done = await home.projector[verb]().then(
        () => true,
        () => false,
      );
      home.on.beforeCall = () => undefined;
      const last = home.index.states.at(-1) as DbState;
      const next = openHomeOn(machine(home.on.disk), openIndex(last), 'boot-1');
      await next.projector.project();
      await checkSame(next);
      await next.close();
    }
  });

  it.each(['EIO', 'ENOSPC'])(
    'or refused with %s: exit 74, and the next one makes it right',
    async (error) => {
      for (let n = 1, done = false; !done; n++) {
        const home = newHome();
        await home.append(small);
        const from = home.on.calls;
        home.on.beforeCall = (call) => (call.n === from + n ? { error } : undefined);
        const outcome = await home.projector
          .project()
          .catch((failed: { exitCode?: number }) => failed.exitCode);
        done = home.on.calls < from + n;
        if (typeof outcome !== 'object') expect(outcome).toBe(74);
        home.on.beforeCall = () => undefined;
        const refusedForGood = home.deps.fs.existsSync('/home/logs/SYNC_FAILED');
        if (!refusedForGood) {
          await home.projector.project();
          await checkSame(home);
        }
        await home.close();
      }
    },
  );
});
