/** Options and arguments that several verbs have, said the same way in each. */
import type { ArgumentSpec, OptionSpec } from '../verb.ts';

/** For a fact about a run: it is kept, and acted on by whoever touches the run next. */
export const DETACH_FACT: OptionSpec = {
  name: 'detach',
  summary: 'record it and return; the next `wf run` or `wf resume` of it goes on',
};
export const RUN_ARG: ArgumentSpec = {
  name: 'run',
  required: true,
  summary: 'run id, a unique prefix of one, or `last`',
};
export const LIMIT: OptionSpec = { name: 'limit', value: 'N', summary: 'at most so many (default 20)' };
export const WORKFLOW: OptionSpec = { name: 'workflow', value: 'ID', summary: 'only of this workflow' };
