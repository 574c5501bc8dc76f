/**
 * `wf connect`: what config.json connects; `wf connect agent NAME` adds a program that does work. It looks whether
 * the program answers, shows the change, and writes it only after a yes.
 */
import { askVersion, findProgram } from '../effects/probe-program.ts';
import { ExitCode, usageError, WfError } from '../errors.ts';
import { ID_PATTERN } from '../events/shared.ts';
import { type AgentEntry, PRESETS } from '../home/agent-presets.ts';
import { readConfig } from '../home/config.ts';
import { configText, undoConfig, withAgent, writeConfig } from '../home/config-edit.ts';
import { openHome } from '../home/home.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { homePaths } from '../home/paths.ts';
import { bulkSha256 } from '../log/hash.ts';
import { askOnTerminal } from './ask-terminal.ts';
import { homeDir } from './home-dir.ts';
import { changedLines, connectionLine, connectionsOf } from './render/connect-view.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { safe } from './render/text.ts';
import { flag, type Invocation, option } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const [kind, name] = invocation.args;
  if (flag(invocation, 'undo')) return undo(invocation);
  if (kind === undefined) return list(invocation);
  if (kind !== 'agent')
    throw usageError('connect-kind', `${JSON.stringify(kind)} cannot be connected; only an agent can`, {
      hint: 'wf connect agent NAME. OpenClaw and messages are named in config.json by hand; see README.',
    });
  if (name === undefined || !ID_PATTERN.test(name))
    throw usageError('agent-name', 'an agent needs a name: letters, digits, ".", "_" and "-"', {
      hint: `For example: wf connect agent claude. Presets: ${[...PRESETS.keys()].join(', ')}.`,
    });
  return connectAgent(invocation, name);
}

async function list(invocation: Invocation): Promise<ExitCode> {
  const file = homePaths(homeDir(invocation)).config;
  const connections = connectionsOf(await readConfig(file));
  if (invocation.json) printJson(invocation, { schema: 'wf.connect/1', action: 'list', file, connections });
  else {
    const none = `nothing is connected: work that leaves its dispatcher open is queued for you.\n\nConnect an agent:  wf connect agent claude   (or ${[...PRESETS.keys()].slice(1).join(', ')}, or --command PROGRAM)\n`;
    invocation.io.out(connections.length === 0 ? none : connections.map(connectionLine).join(''));
  }
  return ExitCode.ok;
}

async function connectAgent(invocation: Invocation, name: string): Promise<ExitCode> {
  const home = homeDir(invocation);
  const wanted = entryOf(invocation, name);
  const command = findProgram(wanted.command, invocation.env);
  if (command === undefined)
    throw usageError('program-missing', `${wanted.command} is not there, or may not be executed`, {
      hint: 'Install it, or name its path: --command /path/to/program',
    });
  const version = await askVersion(command, { home, env: invocation.env, names: wanted.env ?? [] });
  const entry: AgentEntry = { ...wanted, command };
  const { config: file } = homePaths(home);
  const before = configText(file);
  const after = withAgent(before, name, entry, file);
  const lines = changedLines(before ?? '', after);
  const view = { schema: 'wf.connect/1', file, name, version, changes: lines };
  const shown = tilde(file, invocation.env);
  if (after === before) {
    if (invocation.json) printJson(invocation, { ...view, action: 'unchanged' });
    else invocation.io.out(`✓ ${name} is connected already: ${safe(version)}. Nothing was changed.\n`);
    return ExitCode.ok;
  }
  if (!invocation.json)
    invocation.io.err(
      `${safe(command)}: ${safe(version)}\n\n${shown}\n${lines.map((line) => `  ${safe(line)}\n`).join('')}\n`,
    );
  consent(invocation, file);
  const { paths } = openHome(home, { create: true });
  assertNotLegacy(paths);
  if (configText(file) !== before)
    throw usageError('config-changed', 'config.json has been changed meanwhile: nothing was written', {
      where: file,
      hint: 'Run the same command again.',
    });
  const sha256 = bulkSha256();
  writeConfig(home, file, { before, after }, sha256);
  if (invocation.json) printJson(invocation, { ...view, action: 'connected' });
  else
    invocation.io.out(
      `✓ ${name} is connected. ${entry.auto === true ? 'Work that leaves its dispatcher open goes there when OpenClaw is not connected.' : `A step goes there with "dispatcher": "agent", "agent": "${name}".\nWork that leaves its dispatcher open stays with you; give it too:  wf connect agent ${name} --auto`}\n\nTake it back: wf connect --undo\n`,
    );
  return ExitCode.ok;
}

function entryOf(invocation: Invocation, name: string): AgentEntry {
  const preset = option(invocation, 'preset') ?? (PRESETS.has(name) ? name : undefined);
  const command = option(invocation, 'command');
  const base = preset === undefined ? undefined : PRESETS.get(preset);
  if (base === undefined && command === undefined)
    throw usageError('agent-unknown', `how ${name} is called is not known`, {
      hint: `Name a --preset (${[...PRESETS.keys()].join(', ')}) or its --command; it gets the brief on standard input.`,
    });
  return {
    ...(base ?? { command: '', brief: 'stdin', outputFormat: 'text' }),
    ...(command === undefined ? {} : { command }),
    ...(flag(invocation, 'auto') ? { auto: true } : {}),
  };
}

/** @throws {WfError} not-confirmed (2) */
function consent(invocation: Invocation, file: string): void {
  if (flag(invocation, 'yes')) return;
  let answer: string;
  try {
    answer = askOnTerminal('Write this? [y/N] ');
  } catch (error) {
    if (!(error instanceof WfError) || error.code !== 'no-terminal') throw error;
    throw usageError('not-confirmed', 'nothing was written: there is no terminal to ask on', {
      where: file,
      hint: 'Run it in a terminal, or with --yes.',
    });
  }
  if (/^y(?:es)?$/i.test(answer)) return;
  throw usageError('not-confirmed', 'nothing was written', { where: file });
}

function undo(invocation: Invocation): ExitCode {
  const home = homeDir(invocation);
  const { config: file } = homePaths(home);
  const { before, after } = undoConfig(home, file, bulkSha256());
  const changes = changedLines(before, after ?? '');
  if (invocation.json) printJson(invocation, { schema: 'wf.connect/1', action: 'undone', file, changes });
  else
    invocation.io.out(
      `✓ config.json is what it was before${after === null ? ': it is not there any more' : ''}.\n${changes.map((line) => `  ${safe(line)}\n`).join('')}`,
    );
  return ExitCode.ok;
}
