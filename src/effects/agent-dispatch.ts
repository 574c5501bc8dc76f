/**
 * The `agent` dispatcher: a program of config.json that does one turn of work and ends. The brief is a file that it
 * reads, its answer a file that it writes, so a turn outlives us; an ended turn is its outcome.
 */
import type { AgentConfig } from '../home/config.ts';
import type { DispatchEffect, EffectResult, LookupResult, Output } from '../workflow/effects.ts';
import { readCapped } from './child-output.ts';
import { fillArguments } from './fill-arguments.ts';
import { jsonAt, lastJson } from './json-at.ts';
import { lastLine, outputOf } from './last-words.ts';
import { interpretUnusualEnd, type Launch, launch, type PerformDeps } from './launch.ts';
import { messageFile, scratchDir } from './scratch.ts';

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** The program and its arguments, as they are started for this effect. */
function launchOf(agent: AgentConfig, effect: DispatchEffect, deps: PerformDeps): Launch {
  const file = messageFile(deps.home, effect.effectId);
  const values = new Map([
    ['brief', agent.brief === 'argument' ? effect.message : ''],
    ['briefFile', file],
    ['timeoutSeconds', String(Math.ceil(effect.timeoutMs / 1000))],
  ]);
  const appended = { stdin: [], file: ['{{briefFile}}'], argument: ['{{brief}}'] }[agent.brief];
  const named = agent.args.some((arg) =>
    arg.includes(`{{${agent.brief === 'file' ? 'briefFile' : 'brief'}}}`),
  );
  const args = named ? agent.args : [...agent.args, ...appended];
  return {
    argv: [agent.command, ...fillArguments(args, values)],
    extra: { WF_MESSAGE_FILE: file },
    names: agent.env,
    timeoutMs: effect.timeoutMs,
    ...(agent.brief === 'stdin' ? { stdinFile: file } : {}),
  };
}

/** What an answer says, whichever way the program ended. */
type Answer = { readonly output: Output; readonly costUsd?: number; readonly isError: boolean };

function readAnswer(agent: AgentConfig, output: Output): Answer {
  if (agent.outputFormat === 'text') return { output, isError: false };
  const json = lastJson(output.stdout ?? '');
  const at = (path: string | undefined): unknown => (path === undefined ? undefined : jsonAt(json, path));
  const result = at(agent.resultPath);
  const cost = at(agent.costPath);
  return {
    output: typeof result === 'string' ? { ...output, stdout: result } : output,
    // A cost that is not stated is unknown; zero is only what the program itself calls zero.
    ...(typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? { costUsd: cost } : {}),
    isError: Boolean(at(agent.errorPath)),
  };
}

export async function performAgent(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const name = effect.target ?? '';
  const agent = deps.agents.get(name);
  if (agent === undefined) {
    const message = `there is no agent "${name}" in config.json; name it there (wf connect agent ${name}), then resume`;
    return {
      result: 'failed',
      performed: false,
      retryable: false,
      error: { code: 'agent-unknown', message },
    };
  }
  const what = launchOf(agent, effect, deps);
  const end = await launch(effect, deps, what);
  if (end.end !== 'exited') return interpretUnusualEnd(end, effect, deps, what);
  const { output, costUsd, isError } = readAnswer(agent, outputOf(end, deps.redact));
  const { exitCode, durationMs } = end;
  const cost = costUsd === undefined ? {} : { costUsd };
  if (exitCode === 0 && !isError) {
    const receipt = { by: 'process', exitCode, durationMs, ...cost } as const;
    return {
      result: 'confirmed',
      outcome: effect.awaits === 'dispatch' ? 'handed_off' : 'done',
      receipt,
      ...output,
    };
  }
  const said = lastLine(output.stderr) || lastLine(output.stdout);
  const ended = exitCode === 0 ? 'says that its turn failed' : `exited with ${exitCode}`;
  const message = `agent ${name} ${ended}${said === '' ? '' : `: ${said}`}`;
  const refused = [...agent.notPerformedExitCodes, ...effect.notPerformedExitCodes].includes(exitCode);
  const certainty = refused
    ? { performed: false, retryable: true, error: { code: 'not-performed', message } }
    : { performed: true, retryable: false, error: { code: 'agent-failed', message } };
  return { result: 'failed', ...certainty, exitCode, ...cost, ...output };
}

/**
 * A turn whose end nobody saw: an answer in JSON that is whole, and has a result in it, was written at its end. How
 * a program ended that answers in plain text cannot be known.
 */
export function lookupAgent(effect: DispatchEffect, deps: PerformDeps): LookupResult {
  const agent = deps.agents.get(effect.target ?? '');
  const cannotTell = {
    found: 'cannot-tell',
    reason: 'an agent keeps no list of what it was asked to do',
  } as const;
  if (agent?.outputFormat !== 'json' || agent.resultPath === undefined) return cannotTell;
  const { text, truncated } = readCapped(
    `${scratchDir(deps.home, effect.effectId)}/stdout`,
    MAX_ANSWER_BYTES,
  );
  if (truncated || typeof jsonAt(lastJson(text), agent.resultPath) !== 'string') return cannotTell;
  const { output, costUsd, isError } = readAnswer(agent, { stdout: deps.redact(text).text });
  if (isError) return cannotTell;
  const receipt = { by: 'lookup', ...(costUsd === undefined ? {} : { costUsd }) } as const;
  return {
    found: 'performed',
    outcome: effect.awaits === 'dispatch' ? 'handed_off' : 'done',
    receipt,
    ...output,
  };
}
