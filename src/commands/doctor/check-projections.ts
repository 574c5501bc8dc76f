/**
 * Whether files and `index.db` are what the log says: every name, and the files of some runs; with `--deep` every
 * byte and every row. They can always be made anew, so `--fix` does.
 */
import { checkProjections as compareAll, type ProjectionProblem } from '../../home/projection-check.ts';
import { sampleProjections } from '../../home/projection-sample.ts';
import { projectorDeps } from '../projector-deps.ts';
import type { Exam } from './exam.ts';
import { some } from './findings.ts';

export async function checkProjections(exam: Exam): Promise<void> {
  const { findings, progress } = exam;
  const home = await exam.open();
  const { problems, message } = await compare(exam);
  if (problems.length === 0) {
    await findings.add({ id: 'projections', severity: 'ok', message });
    return;
  }
  const named = problems.slice(0, 3).map(({ path, problem }) => `${path} is ${problem}`);
  await findings.add(
    {
      id: 'projections',
      severity: 'problem',
      message: some(named, problems.length),
      where: home.paths.state,
      fix: 'makes every projection anew from the log',
    },
    async () => {
      const onProgress = (done: number, total: number): void =>
        progress.step('making the projections anew', done / Math.max(1, total));
      const { events, foreign } = await (await home.projector()).rebuild({ onProgress });
      const moved = foreign.length === 0 ? '' : `; ${foreign.length} foreign files moved to state/foreign`;
      return `rebuilt from ${events} events${moved}`;
    },
  );
}

type Compared = { readonly problems: readonly ProjectionProblem[]; readonly message: string };

async function compare(exam: Exam): Promise<Compared> {
  const home = await exam.open();
  const deps = projectorDeps(home, () => undefined);
  const onProgress = (done: number, total: number): void =>
    exam.progress.step('projections', done / Math.max(1, total));
  if (exam.deep) {
    const problems = await compareAll(deps, { onProgress });
    return { problems, message: 'every projection is what the log says' };
  }
  const { problems, compared, runs } = await sampleProjections({ ...deps, store: home.store }, onProgress);
  const rest = compared < runs ? `; all of them are compared by wf doctor --deep` : '';
  return {
    problems,
    message: `every file is there, and those of ${compared} of ${runs} runs are what the log says${rest}`,
  };
}
