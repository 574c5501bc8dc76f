/** `wf tools bootstrap`: makes a workflow's allowlisted tools ready now, by the same steps a run would take. */
import { makeReady, type ToolsResult } from '../engine/configure-tools.ts';
import { processInterrupts } from '../engine/interrupts.ts';
import { ExitCode } from '../errors.ts';
import { openFor } from './home-of.ts';
import { printJson } from './render/list.ts';
import { oneLine } from './render/text.ts';
import { argument, type Invocation } from './verb.ts';

export type ToolOutcome = {
  readonly tool: string;
  readonly result: 'configured' | 'already_configured' | 'no_command' | 'command_failed' | 'disabled';
  readonly detail?: string;
};

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const interrupts = processInterrupts(() => io.err('\nstopping: the tool at work may finish (10 s)\n'));
  const home = await openFor(invocation, { interrupts });
  const { id, definition } = await home.ports.definitions.load(argument(invocation, 0));
  const done = await makeReady(home.ports, definition.tools, { beforeFirst: async () => undefined });
  const head = await home.store.head();
  // What is told is on disk.
  if (head !== null) await home.store.sync(head);
  await home.ports.projections.project();
  const tools = outcomes(done);
  const ok =
    done.interrupted !== true &&
    tools.every(({ result }) => result === 'configured' || result === 'already_configured');
  if (invocation.json) {
    printJson(invocation, { schema: 'wf.tool/1', action: 'bootstrap', workflowId: id, ok, tools });
  } else if (tools.length === 0) io.out(`Workflow ${id} names no tool.\n`);
  else io.out(tools.map(line).join(''));
  return ok ? ExitCode.ok : ExitCode.runFailed;
}

const outcomes = ({ output }: ToolsResult): readonly ToolOutcome[] => [
  ...output.configured.map((tool) => ({ tool, result: 'configured' as const })),
  ...output.skipped.map(({ tool, reason, detail }) => ({
    tool,
    result: reason,
    ...(detail === undefined ? {} : { detail }),
  })),
];

const WORDS: Readonly<Record<ToolOutcome['result'], string>> = {
  configured: '✓ made ready',
  already_configured: '✓ was ready',
  no_command: '✗ has no command',
  command_failed: '✗ failed',
  disabled: '· disabled',
};

const line = ({ tool, result, detail }: ToolOutcome): string =>
  `${WORDS[result].padEnd(16)}  ${tool}${detail === undefined ? '' : `   ${oneLine(detail, 200)}`}\n`;
