/** The process's own streams as {@link Io}. Written synchronously: what was said before a crash has been said. */
import { ioError, usageError } from '../errors.ts';
import type { Io } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

let outputClosed = false;
/** A line stands on the terminal that what comes next takes away. */
let passing = false;

/** A reader that went away (`| head`) ends the output, not the work. */
function write(fd: number, text: string): void {
  if (passing) {
    passing = false;
    write(2, '\r\u001b[K');
  }
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.length) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') {
        outputClosed ||= fd === 1;
        return;
      }
      if (code !== 'EAGAIN')
        throw ioError('output-failed', `cannot write to ${fd === 1 ? 'stdout' : 'stderr'}: ${code}`, {
          cause: error,
        });
    }
  }
}

export const processIo = (): Io => ({
  out: (text) => write(1, text),
  err: (text) => write(2, text),
  passing: (text) => {
    if (text === '' && !passing) return;
    write(2, text);
    passing = text !== '';
  },
  isOutputClosed: () => outputClosed,
  get stdoutIsTerminal() {
    return isTerminal(1);
  },
  get stderrIsTerminal() {
    return isTerminal(2);
  },
  readStdin,
});

/** Asked of the file first: a file or a pipe is no terminal, and loading node:tty costs a cold start some 3 ms. */
function isTerminal(fd: number): boolean {
  try {
    const file = fs.fstatSync(fd);
    if (!file.isCharacterDevice() || file.rdev === fs.statSync('/dev/null').rdev) return false;
    return process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}

async function readStdin(limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > limitBytes) {
      throw usageError('input-too-large', `standard input is longer than ${limitBytes} bytes`, {
        hint: 'Put the material into a file and name the file in the task.',
      });
    }
  }
  return decodeUtf8(Buffer.concat(chunks), 'standard input');
}

/** @throws {WfError} exit 2 for bytes that are not UTF-8: a silently changed task would be another task */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw usageError('input-encoding', `${where} is not valid UTF-8`, {
      where,
      hint: 'Save it as UTF-8.',
      cause: error,
    });
  }
}
