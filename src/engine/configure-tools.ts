/**
 * configure_tools, and `wf tools bootstrap`: makes the allowlisted tools ready, each once per command. Only the fixed
 * command of the definition is ever run. Of two that need the same tool one bootstraps it and the other waits until
 * that one has ended or its owner is gone.
 */
import type { NewEvent, StoredEvent } from '../events/envelope.ts';
import type { StageOutputs } from '../events/run-events.ts';
import { toolStream } from '../events/streams.ts';
import type { ToolEvent } from '../events/tool-events.ts';
import { failpoint } from '../failpoint.ts';
import { ConflictError } from '../log/event-store.ts';
import { evolveTool, noTool, type ToolState } from '../projections/tool-state.ts';
import type { Tool } from '../workflow/definition.ts';
import { holderState, whileAtWork } from './at-work.ts';
import type { EnginePorts } from './ports.ts';
import type { Ask, RunSession } from './session.ts';
import { externalise } from './texts.ts';

type ToolsOutput = StageOutputs['configure_tools'];
type Skipped = ToolsOutput['skipped'][number];
const POLL_MS = 50;

export type ToolPorts = Pick<
  EnginePorts,
  'home' | 'store' | 'blobs' | 'world' | 'sha256' | 'clock' | 'ownership' | 'interrupts' | 'newId'
>;

/** On whose behalf tools are made ready. */
export type ToolCaller = {
  /** Named in the event; absent when a person asked outside a run. */
  readonly runId?: string;
  /** Called right before a bootstrap is recorded: what it is done for must be durable by then. */
  readonly beforeFirst: () => Promise<void>;
};

export type ToolsResult = {
  readonly output: ToolsOutput;
  /** A required tool is not ready; those after it were not tried. */
  readonly failed?: { readonly code: string; readonly message: string };
  /** Ctrl-C came before all were ready: this says nothing about the tools that are missing in it. */
  readonly interrupted?: true;
};

/** Null when interrupted: the stage is not over, and whoever resumes the run begins it again. */
export async function configureTools(session: RunSession, tools: readonly Tool[]): Promise<Ask | null> {
  const { interrupted, ...result } = await makeReady(session.ports, tools, {
    runId: session.state.runId,
    beforeFirst: () => session.flush({ durable: true }),
  });
  return interrupted === true ? null : { type: 'ToolsConfigured', ...result };
}

export async function makeReady(
  ports: ToolPorts,
  tools: readonly Tool[],
  caller: ToolCaller,
): Promise<ToolsResult> {
  const configured: string[] = [];
  const skipped: Skipped[] = [];
  for (const tool of tools) {
    const end = await configureTool(ports, tool, caller);
    if (end === 'interrupted') return { output: { configured, skipped }, interrupted: true };
    if (end === 'configured') configured.push(tool.name);
    else skipped.push(end);
    if (end !== 'configured' && end.reason !== 'already_configured' && tool.required) {
      const message = `the required tool ${tool.name} is not ready: ${end.detail ?? end.reason}`;
      return { output: { configured, skipped }, failed: { code: 'tool-required', message } };
    }
  }
  return { output: { configured, skipped } };
}

/** The program and arguments of a tool with the hash its marker has; null for a tool without a command. */
export function commandOf(
  ports: Pick<ToolPorts, 'world' | 'sha256'>,
  tool: Tool,
): { readonly command: readonly string[]; readonly hash: string } | null {
  if (tool.command === undefined) return null;
  const command = ports.world.toolCommand(tool);
  return { command, hash: ports.sha256(JSON.stringify(command)) };
}

async function configureTool(
  ports: ToolPorts,
  tool: Tool,
  caller: ToolCaller,
): Promise<'configured' | 'interrupted' | Skipped> {
  const found = commandOf(ports, tool);
  if (found === null) return { tool: tool.name, reason: 'no_command' };
  const { self } = ports.ownership;
  const stream = toolStream(self.host, tool.name);
  for (;;) {
    const state = await readTool(ports, stream);
    if (state.hashes.some((known) => known.hash === found.hash)) {
      return { tool: tool.name, reason: 'already_configured' };
    }
    if (state.pending !== null && holderState(ports, stream, state.pending.owner) === 'alive') {
      await ports.clock.sleep(POLL_MS, ports.interrupts.stop);
      if (ports.interrupts.stop.aborted) return 'interrupted';
      continue;
    }
    await caller.beforeFirst();
    const data = {
      tool: tool.name,
      commandHash: found.hash,
      command: [...found.command],
      ...(caller.runId === undefined ? {} : { runId: caller.runId }),
      owner: self,
    };
    try {
      return await whileAtWork(ports, stream, async () => {
        await appendTool(ports, stream, state.version, { type: 'ToolBootstrapStarted', data }, true);
        failpoint('tool.intended');
        return bootstrap(ports, tool, stream, found.hash);
      });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

async function bootstrap(
  ports: ToolPorts,
  tool: Tool,
  stream: string,
  commandHash: string,
): Promise<'configured' | 'interrupted' | Skipped> {
  const end = await ports.world.bootstrap(tool, ports.interrupts.force);
  failpoint('tool.ended');
  const common = {
    tool: tool.name,
    commandHash,
    ...(end.output === undefined ? {} : { output: end.output }),
  };
  const event: NewEvent = end.ok
    ? { type: 'ToolBootstrapped', data: common }
    : { type: 'ToolBootstrapFailed', data: { ...common, error: end.error } };
  await appendFact(ports, stream, event);
  failpoint('tool.recorded');
  if (!end.ok && ports.interrupts.force.aborted) return 'interrupted';
  return end.ok ? 'configured' : { tool: tool.name, reason: 'command_failed', detail: end.error.message };
}

/** What happened is true whatever else was appended meanwhile (a reset, say). */
export async function appendFact(
  ports: Pick<ToolPorts, 'store' | 'blobs' | 'newId'>,
  stream: string,
  fact: NewEvent,
  options = { durable: false },
): Promise<void> {
  // The output of a tool may be longer than a line.
  const event = await externalise(ports.blobs, fact);
  for (;;) {
    try {
      await appendTool(ports, stream, await ports.store.headOf(stream), event, options.durable);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

const appendTool = (
  ports: Pick<ToolPorts, 'store' | 'newId'>,
  stream: string,
  version: number,
  event: NewEvent,
  durable: boolean,
) => ports.store.append(stream, version, [event], { commitId: ports.newId(), durable });

export async function readTool(ports: Pick<EnginePorts, 'store'>, stream: string): Promise<ToolState> {
  let state = noTool;
  // A tool's stream holds tool events only: the store has checked type and version.
  for await (const event of ports.store.read(stream))
    state = evolveTool(state, event as StoredEvent<ToolEvent> & ToolEvent);
  return state;
}
