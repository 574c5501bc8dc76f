/** `wf feedback revert`: an applied improvement is taken back; what a person changed since stays. */
import { revertImprovement } from '../engine/apply-improvement.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode, notFoundError, usageError } from '../errors.ts';
import { improvementsByPrefix, newestInForce } from '../home/improvement-lookup.ts';
import type { Improvement } from '../projections/feedback.ts';
import { openFor } from './home-of.ts';
import { tilde } from './render/paths.ts';
import { argument, type Invocation, option } from './verb.ts';

const MIN_PREFIX = 4;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io, env } = invocation;
  const home = await openFor(invocation);
  await home.ports.projections.project();
  const { improvementId, workflowId } = find(home, argument(invocation, 0), option(invocation, 'workflow'));
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

function find(home: OpenHome, text: string, workflowId: string | undefined): Improvement {
  if (text === 'last') {
    const newest = newestInForce(home.index, workflowId);
    if (newest !== null) return newest;
    throw unknown(
      `there is no improvement in force${workflowId === undefined ? '' : ` on workflow ${workflowId}`}`,
    );
  }
  if (!/^[0-9A-Za-z]{1,26}$/.test(text)) {
    throw usageError('improvement-id-invalid', `${JSON.stringify(text)} is not an improvement id`, {
      hint: WHERE,
    });
  }
  const all = improvementsByPrefix(home.index, text);
  const found = workflowId === undefined ? all : all.filter((one) => one.workflowId === workflowId);
  const [first, second] = found;
  if (first === undefined) throw unknown(`there is no improvement ${text}`);
  if (second !== undefined || text.length < MIN_PREFIX) {
    const could = found.slice(0, 3).map(({ improvementId }) => improvementId);
    throw usageError(
      'improvement-id-ambiguous',
      `${text} could be ${could.join(', ')}${found.length > 3 ? ' …' : ''}`,
      {
        hint: 'Give more characters of the id.',
      },
    );
  }
  return first;
}

const WHERE = 'Ids are shown by: wf feedback improve --workflow-id ID';

const unknown = (message: string): Error => notFoundError('improvement-unknown', message, { hint: WHERE });
