/** `wf tools reset`: forgets that a tool is ready on this host; the next run that needs it bootstraps it again. */
import { appendFact, readTool } from '../engine/configure-tools.ts';
import { ExitCode, notFoundError, usageError, type WfError } from '../errors.ts';
import { toolStream } from '../events/streams.ts';
import { WORKFLOW_ID_PATTERN } from '../home/definitions.ts';
import { placesOf } from './definition-places.ts';
import { openToRead } from './home-of.ts';
import { printJson } from './render/list.ts';
import { toolItems } from './tool-items.ts';
import { argument, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const tool = argument(invocation, 0);
  if (!WORKFLOW_ID_PATTERN.test(tool)) {
    throw usageError('tool-invalid', `${JSON.stringify(tool)} is not the name of a tool`, {
      hint: 'See: wf tools list',
    });
  }
  const home = await openToRead(invocation);
  if (home === null) throw unknown(tool);
  const stream = toolStream(home.ports.ownership.self.host, tool);
  const state = await readTool(home.ports, stream);
  if (state.version === 0) {
    const items = await toolItems(placesOf(invocation), home, undefined);
    if (!items.some((item) => item.tool === tool)) throw unknown(tool);
  }
  const wasReady = state.hashes.length > 0;
  if (wasReady) {
    const by = invocation.env.USER ?? 'user';
    await appendFact(home.ports, stream, { type: 'ToolReset', data: { tool, by } }, { durable: true });
    await home.ports.projections.project();
  }
  if (invocation.json) {
    const tools = [{ tool, result: wasReady ? 'reset' : 'not_ready' }];
    printJson(invocation, { schema: 'wf.tool/1', action: 'reset', ok: true, tools });
  } else {
    invocation.io.out(
      wasReady
        ? `✓ ${tool} is forgotten: the next run that needs it makes it ready again.\n`
        : `${tool} is not ready on this host anyway: nothing to forget.\n`,
    );
  }
  return ExitCode.ok;
}

const unknown = (tool: string): WfError =>
  notFoundError('tool-unknown', `no definition names a tool ${tool}, and none was ever made ready here`, {
    hint: 'See: wf tools list',
  });
