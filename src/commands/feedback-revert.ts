/** `wf feedback revert`: an applied improvement is taken back; what a person changed since stays. */
import { revertImprovement } from '../engine/apply-improvement.ts';
import { ExitCode } from '../errors.ts';
import { openFor } from './home-of.ts';
import { improvementNamed } from './improvement-named.ts';
import { tilde } from './render/paths.ts';
import { argument, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io, env } = invocation;
  const home = await openFor(invocation);
  await home.ports.projections.project();
  const { improvementId, workflowId } = improvementNamed(
    home,
    argument(invocation, 0),
    option(invocation, 'workflow'),
  );
  const places = { home: home.paths.home, bundledDir: home.bundledDir };
  const reverted = await revertImprovement({ ports: home.ports, places }, workflowId, improvementId);
  await home.ports.projections.project();
  const backup = `${home.paths.home}/${reverted.backup}`;
  if (invocation.json) {
    const view = {
      schema: 'wf.improvement/1',
      action: 'revert',
      workflowId,
      reverted: improvementId,
      improvementId: reverted.improvementId,
      changes: reverted.changes,
      file: reverted.file,
      backup,
    };
    io.out(`${JSON.stringify(view)}\n`);
  } else {
    io.out(
      `● improvement ${improvementId} of ${workflowId} is taken back; runs that start from now on do without it.\n` +
        `  definition  ${tilde(reverted.file, env)}\n  backup      ${tilde(backup, env)}\n\n` +
        'It is not applied by itself again.\n',
    );
  }
  return ExitCode.ok;
}
