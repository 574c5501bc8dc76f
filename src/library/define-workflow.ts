/** A definition in the program's own code, typed by the schema. Checked when an engine first sees it. */
import type { WorkflowFile } from './shapes.ts';
import type { Exact, Workflow } from './types.ts';

/**
 * A workflow that stands in your program. It is registered in the log with the first run, as a file's content is, so
 * that `wf show`, `wf resume` and the rest know what a run does when your program is gone; `wf run` does not know it.
 * The values are copied: a later change of the object changes nothing.
 */
export const defineWorkflow = <const W extends WorkflowFile>(
  definition: W & Exact<W, WorkflowFile>,
): Workflow<W> => {
  const copy: W = structuredClone(definition);
  return Object.freeze({ id: copy.id, definition: copy });
};
