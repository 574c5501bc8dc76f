/**
 * Asks a person on the terminal itself (`/dev/tty`), not on stdin: a pipe, a script or an agent that calls us cannot
 * answer by accident. There is no flag that answers instead.
 */
import { usageError } from '../errors.ts';

const fs = process.getBuiltinModule('node:fs');

const MAX_LINE = 4096;

/** @throws {WfError} exit 2 where there is no terminal */
export function askOnTerminal(question: string): string {
  let fd: number;
  try {
    fd = fs.openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw usageError('no-terminal', 'this needs a person at a terminal, and there is none', {
      hint: 'Run the same command yourself in a terminal. No flag replaces it.',
      cause,
    });
  }
  // The read below blocks, so no handler of ours could run: until it returns Ctrl-C just ends the program.
  const listeners = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  try {
    fs.writeSync(fd, question);
    return readLine(fd);
  } finally {
    fs.closeSync(fd);
    for (const [signal, ours] of listeners) for (const one of ours) process.on(signal, one);
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
