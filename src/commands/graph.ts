/** `wf graph`: a definition as a picture, or a run's with where it is. A workflow's id goes before a run's. */
import { pinnedDefinition, requireRun } from '../engine/load-run.ts';
import { ExitCode, notFoundError, WfError } from '../errors.ts';
import { type Graph, graphOf } from '../projections/graph/graph.ts';
import { definitionNamed } from './definition-named.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { graphText } from './render/graph-text.ts';
import { printJson } from './render/list.ts';
import { argument, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const format = option(invocation, 'format') === 'mermaid' ? 'mermaid' : 'ascii';
  const graph = await graphNamed(invocation, argument(invocation, 0));
  const text = graphText(graph, format);
  if (invocation.json) printJson(invocation, { schema: 'wf.graph/1', ...graph, format, text });
  else invocation.io.out(text);
  return ExitCode.ok;
}

async function graphNamed(invocation: Invocation, named: string): Promise<Graph> {
  try {
    return graphOf((await definitionNamed(invocation, named)).definition, null);
  } catch (error) {
    // A workflow that is broken is an error, and never taken for a run.
    if (!(error instanceof WfError && NO_WORKFLOW.has(error.code))) throw error;
  }
  const home = await openToRead(invocation);
  if (home === null) throw neither(named);
  const state = await requireRun(home.ports, await resolveRun(home, named));
  return graphOf(await pinnedDefinition(home.ports, state.workflowId, state.definitionHash), state);
}

const NO_WORKFLOW: ReadonlySet<string> = new Set(['workflow-unknown', 'workflow-id-invalid']);

const neither = (named: string): WfError =>
  notFoundError('graph-unknown', `there is no workflow and no run ${JSON.stringify(named)}`, {
    hint: 'Name a workflow (wf definitions list), a file with a definition, or a run (wf runs).',
  });
