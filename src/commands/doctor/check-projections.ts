/** Whether files and `index.db` are what the log says. They can always be made anew, so `--fix` does. */
import type { OpenHome } from '../../engine/open-home.ts';
import { checkProjections as compare } from '../../home/projection-check.ts';
import { projectorDeps } from '../projector-deps.ts';
import type { Findings } from './findings.ts';

const SHOWN = 3;

export async function checkProjections(findings: Findings, home: OpenHome): Promise<void> {
  const problems = await compare(projectorDeps(home, () => undefined));
  if (problems.length === 0) {
    await findings.add({
      id: 'projections',
      severity: 'ok',
      message: 'every projection is what the log says',
    });
    return;
  }
  const shown = problems.slice(0, SHOWN).map(({ path, problem }) => `${path} is ${problem}`);
  const more = problems.length - shown.length;
  await findings.add(
    {
      id: 'projections',
      severity: 'problem',
      message: `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      where: home.paths.state,
      fix: 'makes every projection anew from the log',
    },
    async () => {
      const { events, foreign } = await (await home.projector()).rebuild();
      const moved = foreign.length === 0 ? '' : `; ${foreign.length} foreign files moved to state/foreign`;
      return `rebuilt from ${events} events${moved}`;
    },
  );
}
