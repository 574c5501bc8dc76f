/** `wf tools list`: which tools definitions allow, and whether each is ready on this host. */
import { ExitCode } from '../errors.ts';
import { placesOf } from './definition-places.ts';
import { openToRead } from './home-of.ts';
import { listView, printJson } from './render/list.ts';
import { minute, oneLine, table } from './render/text.ts';
import { type ToolItem, toolItems } from './tool-items.ts';
import { type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const home = await openToRead(invocation);
  const items = await toolItems(placesOf(invocation), home, option(invocation, 'workflow'));
  if (invocation.json) printJson(invocation, listView('tools', items));
  else if (items.length === 0) invocation.io.out('No definition names a tool.\n');
  else invocation.io.out(rows(items));
  return ExitCode.ok;
}

const rows = (items: readonly ToolItem[]): string =>
  table(
    items.map((item) => [
      item.ready ? '✓' : '·',
      item.tool,
      item.workflowId,
      item.since === null ? 'not ready yet' : `ready since ${minute(item.since)} UTC`,
      `${oneLine(item.command?.join(' ') ?? 'no command', 80)}${item.lastError === null ? '' : `   last error: ${oneLine(item.lastError, 80)}`}`,
    ]),
  );
