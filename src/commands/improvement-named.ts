/** The improvement that an id, a beginning of one, or `last` means: the newest that is in force. */
import type { OpenHome } from '../engine/open-home.ts';
import { notFoundError, usageError } from '../errors.ts';
import { improvementsByPrefix, newestInForce } from '../home/improvement-lookup.ts';
import type { Improvement } from '../projections/feedback.ts';

const MIN_PREFIX = 4;

/** @throws {WfError} exit 3 when there is none, exit 2 when it could be several */
export function improvementNamed(home: OpenHome, text: string, workflowId: string | undefined): Improvement {
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

const WHERE = 'Ids are shown by: wf feedback effect';

const unknown = (message: string): Error => notFoundError('improvement-unknown', message, { hint: WHERE });
