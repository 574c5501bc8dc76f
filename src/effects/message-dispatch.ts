/** The `message` dispatcher: says a text to a target of config.json, through OpenClaw or a program of one's own. */
import { assertNever } from '../errors.ts';
import type { MessageConfig } from '../home/config.ts';
import type { DispatchEffect, EffectResult } from '../workflow/effects.ts';
import { DESKTOP_VARIABLES, desktopNote } from './desktop-note.ts';
import { fillArguments } from './fill-arguments.ts';
import { lastLine, outputOf } from './last-words.ts';
import { interpretUnusualEnd, type Launch, launch, type PerformDeps } from './launch.ts';
import { MAX_TASK_IN_ENVIRONMENT_BYTES, messageFile } from './scratch.ts';
import { readSentFile } from './sent-file.ts';

const fs = process.getBuiltinModule('node:fs');

/** What `openclaw message send` says when it certainly sent nothing; every other failure leaves a doubt. */
const UNSENT: readonly { readonly says: RegExp; readonly retryable: boolean }[] = [
  { says: /channel is unavailable/i, retryable: false },
  { says: /gateway not reachable/i, retryable: true },
];

const unsent = (code: string, message: string): EffectResult => ({
  result: 'failed',
  performed: false,
  retryable: false,
  error: { code, message },
});

export async function performMessage(effect: DispatchEffect, deps: PerformDeps): Promise<EffectResult> {
  const name = effect.target ?? '';
  const target = deps.messages.get(name);
  if (target === undefined)
    return unsent(
      'message-target-unknown',
      `there is no "${name}" under "messages" in config.json: say there where it goes, then resume`,
    );
  const text = textOf(effect, deps);
  if (typeof text !== 'string') return unsent(text.code, text.problem);
  const long = Buffer.byteLength(text) > MAX_TASK_IN_ENVIRONMENT_BYTES;
  if (long && (target.via !== 'command' || target.args.some((arg) => arg.includes('{{text}}'))))
    return unsent(
      'message-too-long',
      `the text has ${Buffer.byteLength(text)} bytes: too long for an argument`,
    );
  const file = messageFile(deps.home, effect.effectId);
  try {
    fs.writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    return unsent('scratch-not-writable', `cannot write ${file}: ${(error as Error).message}`);
  }
  const what = launchOf(target, effect, deps, text, file);
  const end = await launch(effect, deps, what);
  if (end.end !== 'exited') return interpretUnusualEnd(end, effect, deps, what);
  const output = outputOf(end, deps.redact);
  const { exitCode, durationMs } = end;
  if (exitCode === 0) {
    const receipt = { by: 'process', exitCode, durationMs } as const;
    const outcome = effect.awaits === 'dispatch' ? 'handed_off' : 'done';
    return { result: 'confirmed', outcome, receipt, ...output };
  }
  const [program = ''] = what.argv;
  const said = lastLine(output.stderr) || lastLine(output.stdout);
  const message = `${program} exited with ${exitCode}${said === '' ? '' : `: ${said}`}`;
  if (effect.notPerformedExitCodes.includes(exitCode)) {
    const error = { code: 'not-performed', message };
    return { result: 'failed', performed: false, retryable: true, error, exitCode, ...output };
  }
  if (target.via === 'command') {
    const error = { code: 'exit-code', message };
    return { result: 'failed', performed: true, retryable: false, error, exitCode, ...output };
  }
  if (target.via === 'desktop') {
    // Nobody is logged in, or nothing there shows notes: it is not on any screen.
    const error = { code: 'desktop-unreachable', message };
    return { result: 'failed', performed: false, retryable: false, error, exitCode, ...output };
  }
  const known = UNSENT.find(({ says }) => says.test(`${output.stderr ?? ''}\n${output.stdout ?? ''}`));
  if (known === undefined)
    return { result: 'unknown', reason: { code: 'dispatch-unclear', message }, ...output };
  const { retryable } = known;
  const error = { code: 'openclaw-unreachable', message };
  return { result: 'failed', performed: false, retryable, error, exitCode, ...output };
}

function textOf(
  { message, sendFile }: DispatchEffect,
  deps: PerformDeps,
): string | { readonly code: string; readonly problem: string } {
  if (sendFile === undefined) return message;
  const read = readSentFile(deps.home, sendFile);
  return 'bytes' in read ? read.bytes.toString('utf8') : read;
}

function launchOf(
  target: MessageConfig,
  effect: DispatchEffect,
  deps: PerformDeps,
  text: string,
  file: string,
): Launch {
  const { timeoutMs } = effect;
  switch (target.via) {
    case 'openclaw': {
      const program = deps.environment.OPENCLAW_BIN || 'openclaw';
      const to = ['--channel', target.channel, '--target', target.target];
      // `--message=…`: a text that begins with "-" is no option then.
      return {
        argv: [program, 'message', 'send', ...to, `--message=${text}`],
        withOpenclaw: true,
        timeoutMs,
      };
    }
    case 'command': {
      const values = new Map([
        ['text', text],
        ['textFile', file],
      ]);
      const { command, args, env } = target;
      return {
        argv: [command, ...fillArguments(args, values)],
        extra: { WF_MESSAGE_FILE: file },
        names: env,
        stdinFile: file,
        timeoutMs,
      };
    }
    case 'desktop':
      return { argv: desktopNote(text, process.platform), names: DESKTOP_VARIABLES, timeoutMs };
    default:
      return assertNever(target, 'message target');
  }
}
