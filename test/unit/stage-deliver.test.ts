/** deliver decides where the summary stands, and nothing else. */
import { expect, test } from 'vitest';
import { outputOf } from '../../src/workflow/state.ts';
import { begin, command, done, RUN, runSpec, verified } from '../support/run-spec.ts';

test('the summary stands in outbox/ unless the definition says otherwise', () => {
  const plain = runSpec({ execute: command });
  expect(outputOf(plain.given(plain.past(begin(), done(), verified)).state, 'deliver')).toEqual({
    summaryFile: `outbox/${RUN}.md`,
  });
  const other = runSpec({
    execute: command,
    deliver: { summaryFile: '/srv/{{route}}/{{date}}-{{runId}}.md' },
  });
  expect(outputOf(other.given(other.past(begin(), done(), verified)).state, 'deliver')).toEqual({
    summaryFile: `/srv/general/2026-11-23-${RUN}.md`,
  });
});
