/** Looks whether a program is there and answers: found on PATH, and `--version` ends well in time. Starts nothing else. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { usageError } from '../errors.ts';
import { childEnvironment } from './environment.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const LONGEST_VERSION_CHARS = 120;

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns its absolute path, so that a later PATH cannot put another program in its place; undefined = not there */
export function findProgram(program: string, env: Environment): string | undefined {
  const places = program.includes('/')
    ? [path.resolve(program)]
    : (env.PATH ?? '').split(':').flatMap((dir) => (dir.startsWith('/') ? [path.join(dir, program)] : []));
  return places.find((place) => {
    try {
      fs.accessSync(place, fs.constants.X_OK);
      return fs.statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

/**
 * @param names environment variables it gets beside the fixed ones
 * @returns the first line of what it says
 * @throws {WfError} program-silent (2)
 */
export function askVersion(
  program: string,
  options: { readonly home: string; readonly env: Environment; readonly names: readonly string[] },
): Promise<string> {
  const env = childEnvironment({
    base: options.env,
    home: options.home,
    names: options.names,
    extra: {},
    withOpenclaw: false,
  });
  return new Promise((resolve, reject) => {
    const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_ANSWER_BYTES } as const;
    const child = execFile(program, ['--version'], { ...limits, env }, (error, stdout, stderr) => {
      const line = (stdout.trim() || stderr.trim()).split('\n', 1)[0] ?? '';
      if (error === null) return resolve(line.slice(0, LONGEST_VERSION_CHARS));
      const why =
        error.killed === true ? `did not answer within ${TIMEOUT_MS / 1000} s` : 'ended with an error';
      reject(
        usageError('program-silent', `${program} --version ${why}${line === '' ? '' : `: ${line}`}`, {
          hint: 'Make it work in this terminal first, then connect it.',
        }),
      );
    });
    child.stdin?.end();
  });
}
