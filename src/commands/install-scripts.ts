/**
 * `wf install-scripts`: puts the seed's command lines where the script engine had them. What stood there is kept
 * beside it under a name of its own; a script that somebody else wrote is never lost.
 */
import fs from 'node:fs';
import { ExitCode, ioError, type WfError } from '../errors.ts';
import { errorCode, isMissing } from '../home/file-errors.ts';
import { resolveOpenclawRoot } from '../home/paths.ts';
import { tilde } from './render/paths.ts';
import { moduleShim, shellShim } from './render/shims.ts';
import { table } from './render/text.ts';
import type { Invocation } from './verb.ts';

const MODE = 0o755;

type Installed = {
  /** Relative to the scripts folder. */
  readonly name: string;
  readonly path: string;
  /** `kept`: somebody's own, which is left alone. */
  readonly action: 'installed' | 'replaced' | 'unchanged' | 'kept';
  readonly backup?: string;
};

export async function run({ env, packageDir, io, json }: Invocation): Promise<ExitCode> {
  const dir = `${resolveOpenclawRoot(env)}/scripts`;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const bundled = `${packageDir}/scripts`;
  const module = (name: string): Installed => install(dir, name, moduleShim(`${bundled}/${name}`), time);
  const scripts = [
    module('workflow_engine.mjs'),
    module('workflow_feedback_loop.mjs'),
    installIfAbsent(
      dir,
      'workflow_ops/dispatch_task.sh',
      shellShim(`${bundled}/workflow_ops/dispatch_task.sh`),
    ),
  ];
  if (json) {
    io.out(`${JSON.stringify({ schema: 'wf.scripts/1', dir, package: packageDir, scripts })}\n`);
  } else {
    const rows = scripts.map(({ action, path, backup }) => [
      `  ${action}`,
      tilde(path, env),
      backup === undefined ? '' : `what was there: ${tilde(backup, env)}`,
    ]);
    io.out(
      `${table(rows)}\nThey start the package in ${tilde(packageDir, env)}; after moving it, run this again.\n`,
    );
  }
  return ExitCode.ok;
}

function install(dir: string, name: string, text: string, time: string): Installed {
  const path = `${dir}/${name}`;
  try {
    const there = contentOf(path);
    if (there === text) {
      fs.chmodSync(path, MODE);
      return { name, path, action: 'unchanged' };
    }
    if (there === null) {
      write(path, text);
      return { name, path, action: 'installed' };
    }
    const backup = keep(path, time);
    write(path, text);
    return { name, path, action: 'replaced', backup };
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function installIfAbsent(dir: string, name: string, text: string): Installed {
  const path = `${dir}/${name}`;
  try {
    const there = contentOf(path);
    if (there !== null) return { name, path, action: there === text ? 'unchanged' : 'kept' };
    write(path, text);
    return { name, path, action: 'installed' };
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

/** Null when nothing is there; a link is something, whatever it leads to. */
function contentOf(path: string): string | null {
  try {
    if (fs.lstatSync(path).isSymbolicLink()) return '';
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The same file under a second name: it is safe before the first name is given away, and nothing is overwritten. */
function keep(path: string, time: string): string {
  for (let n = 1; ; n++) {
    const backup = `${path}.bak-${time}${n === 1 ? '' : `-${n}`}`;
    try {
      fs.linkSync(path, backup);
      return backup;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

function write(path: string, text: string): void {
  fs.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, text, { flag: 'wx' });
    // The umask of the program is its home's; a script is for whoever may enter the folder.
    fs.chmodSync(temporary, MODE);
    fs.renameSync(temporary, path);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

const notWritable = (path: string, cause: unknown): WfError =>
  ioError('scripts-not-written', `the script cannot be installed (${errorCode(cause) ?? String(cause)})`, {
    where: path,
    hint: 'Make the folder yours and writable, or name another one with OPENCLAW_ROOT.',
    cause,
  });
