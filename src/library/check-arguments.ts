/** Arguments of callers without types: refused with what is wrong, before anything is recorded. */
import { usageError } from '../errors.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}$/;

/** @throws {WfError} by-missing (2) */
export function assertPerson(by: unknown): asserts by is string {
  if (typeof by === 'string' && NAME.test(by)) return;
  throw usageError('by-missing', `"by" must say who: a login name, got ${JSON.stringify(by) ?? 'nothing'}`, {
    where: 'by',
    hint: 'Give letters, digits, ".", "_", "-" and "@", at most 64.',
  });
}

/** @throws {WfError} run-id-invalid (2) */
export function assertRunId(runId: unknown): asserts runId is string {
  if (typeof runId === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(runId)) return;
  throw usageError('run-id-invalid', `${JSON.stringify(runId) ?? 'nothing'} is not a run id`, {
    hint: 'Give the whole id, as answers and lists have it.',
  });
}

/** @throws {WfError} limit-invalid (2) */
export function limitOf(limit: number | undefined): number {
  if (limit === undefined) return 20;
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw usageError('limit-invalid', `a limit is a whole number from 1 to 1000, got ${limit}`, {
    where: 'limit',
  });
}

/** What is recorded as the request: a text as it is, an object as JSON. @throws {WfError} input-invalid (2) */
export function inputText(input: unknown): string {
  if (typeof input === 'string') return input;
  if (typeof input === 'object' && input !== null && 'task' in input) return JSON.stringify(input);
  throw usageError('input-invalid', 'the input must be a text, or an object with a text in "task"', {
    where: 'input',
    hint: 'Give { input: "what is to be done" }.',
  });
}
