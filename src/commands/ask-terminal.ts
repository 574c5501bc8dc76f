/**
 * Asks a person on the terminal itself (`/dev/tty`), not on stdin: a pipe, a script or an agent that calls us cannot
 * answer by accident. Whether a flag may answer instead is the verb's to say; `approve` has none.
 */
import { usageError } from '../errors.ts';

const fs = process.getBuiltinModule('node:fs');

const MAX_LINE = 4096;
const MAX_LINES_AHEAD = 10_000;

const NO_FLAG = 'Run the same command yourself in a terminal. No flag replaces it.';

/** @throws {WfError} exit 2 where there is no terminal */
export function askOnTerminal(question: string, hint = NO_FLAG): string {
  let fd: number;
  try {
    fd = fs.openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw usageError('no-terminal', 'this needs a person at a terminal, and there is none', {
      hint,
      cause,
    });
  }
  // The read below blocks, so no handler of ours could run: until it returns Ctrl-C just ends the program.
  const listeners = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  try {
    // What was typed before the question is no answer to it.
    discardTypedAhead();
    fs.writeSync(fd, question);
    return readLine(fd);
  } finally {
    fs.closeSync(fd);
    for (const [signal, ours] of listeners) for (const one of ours) process.on(signal, one);
  }
}

/** Lines that wait already, read through a description of its own so that the question's read still blocks. */
function discardTypedAhead(): void {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
  const fd = fs.openSync('/dev/tty', O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const lines = Buffer.alloc(MAX_LINE);
    // Each read takes one line (or a Ctrl-D, which reads as nothing); EAGAIN says that none is left.
    for (let left = MAX_LINES_AHEAD; left > 0; left--) fs.readSync(fd, lines, 0, lines.length, null);
    throw usageError('not-confirmed', 'the terminal does not stop typing: nothing was asked', {
      hint: 'Run the same command again, and type only when it asks.',
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  } finally {
    fs.closeSync(fd);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function readLine(fd: number): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  while (bytes.length < MAX_LINE) {
    const read = fs.readSync(fd, byte, 0, 1, null);
    if (read === 0 || byte[0] === 0x0a) break;
    bytes.push(byte[0] ?? 0);
  }
  return Buffer.from(bytes).toString('utf8').trim();
}
