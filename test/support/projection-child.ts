/** A process of its own that projects: `project` appends and projects n runs; `rebuild` dies at its n-th rename. */

import { runCommits } from './projection-histories.ts';
import { openTestHome } from './projection-home.ts';

const [verb, home, from, to] = process.argv.slice(2) as [string, string, string, string];

const plan = (n: number) => ({
  n,
  workflow: 'alpha',
  key: `k${n}`,
  forced: false,
  ending: n % 2 === 0 ? ('completed' as const) : ('handed_off' as const),
  input: `task ${n}`,
  output: `out ${n}`,
  summaryFile: `outbox/copy-${n}.md`,
});

if (verb === 'project') {
  const at = openTestHome(home);
  for (let n = Number(from); n < Number(to); n++) {
    const started = plan(n);
    const commits = runCommits(started).map((commit) => ({
      ...commit,
      events: commit.events,
    }));
    await at.append(commits.slice(0, 3));
    await at.projector.project();
    await at.append(commits.slice(3));
    await at.projector.project();
  }
  await at.close();
}

if (verb === 'rebuild') {
  const at = openTestHome(home);
  const fs = process.getBuiltinModule('node:fs');
  const rename = fs.renameSync;
  let left = Number(from);
  fs.renameSync = (...args: Parameters<typeof rename>) => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    rename(...args);
  };
  await at.projector.rebuild();
  process.stdout.write('survived');
}
