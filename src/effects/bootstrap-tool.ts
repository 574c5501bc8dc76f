/**
 * Runs the command that sets up one allowlisted tool. The command comes from the definition alone and is idempotent
 * by contract, so a failure may be tried again by the next run.
 */
import { type ChildEnd, runChild } from './child.ts';
import { childEnvironment } from './environment.ts';
import { lastLine, outputOf } from './last-words.ts';
import type { PerformDeps } from './launch.ts';
import { explainNotStarted } from './not-started.ts';
import { removeScratch, scratchDir } from './scratch.ts';

export type ToolCommand = {
  readonly name: string;
  readonly command: string;
  /** Rendered. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
};

export type BootstrapDeps = Pick<
  PerformDeps,
  'home' | 'environment' | 'openclawRoot' | 'redact' | 'signal' | 'killGraceMs'
>;

export type BootstrapResult =
  | { readonly ok: true; readonly output?: string }
  | {
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string };
      readonly output?: string;
    };

function failureOf(tool: ToolCommand, end: ChildEnd, home: string, stderr: string | undefined) {
  const { command } = tool;
  switch (end.end) {
    case 'exited': {
      const said = lastLine(stderr);
      return { code: 'exit-code', message: `${command} exited with ${end.exitCode}${said && `: ${said}`}` };
    }
    case 'not-started': {
      const { code, message } = explainNotStarted(end.code, command, home, end.message);
      return { code, message };
    }
    case 'signalled':
      return { code: 'signalled', message: `${command} was ended by ${end.signal}` };
    case 'timed-out':
      return { code: 'timed-out', message: `${command} did not end within ${tool.timeoutMs / 1000} s` };
    case 'aborted':
      return { code: 'interrupted', message: `${command} was ended because the run was interrupted` };
    case 'output-limit':
      return { code: 'output-limit', message: `${command} was ended because it wrote too much output` };
  }
}

/** Runs the tool's command in the home; its ToolBootstrapStarted is durable. Never throws. */
export async function bootstrapTool(tool: ToolCommand, deps: BootstrapDeps): Promise<BootstrapResult> {
  const { home } = deps;
  const scratchName = `tool-${tool.name}-${process.pid}`;
  const end = await runChild({
    argv: [tool.command, ...tool.args],
    cwd: home,
    env: childEnvironment({
      base: deps.environment,
      home,
      ...(deps.openclawRoot === undefined ? {} : { openclawRoot: deps.openclawRoot }),
      names: [],
      extra: { WF_HOME: home },
      withOpenclaw: false,
    }),
    scratchDir: scratchDir(home, scratchName),
    timeoutMs: tool.timeoutMs,
    ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    ...(deps.killGraceMs === undefined ? {} : { killGraceMs: deps.killGraceMs }),
  });
  const { stdout, stderr } = outputOf(end, deps.redact);
  const both = [stdout, stderr].filter((text) => text !== undefined).join('\n');
  const output = both.trim() === '' ? {} : { output: both.trim() };
  removeScratch(home, scratchName);
  if (end.end === 'exited' && end.exitCode === 0) return { ok: true, ...output };
  return { ok: false, error: failureOf(tool, end, home, stderr), ...output };
}
