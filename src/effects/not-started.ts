/** Why a program could not be started, in words that say what to do; nothing of it has run, for certain. */
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');

export type StartFailure = {
  readonly code: string;
  readonly message: string;
  /** The same command may start later without anybody changing anything. */
  readonly retryable: boolean;
};

const isThere = (file: string): boolean => {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
};

const isFolder = (file: string): boolean => {
  try {
    return fs.statSync(file).isDirectory();
  } catch {
    return false;
  }
};

function notFound(program: string, cwd: string): string {
  if (!isThere(cwd)) return `the folder ${cwd} to run ${program} in is not there; make it, then resume`;
  const [name = '', ...rest] = program.split(' ');
  // Not of a path with a blank in it that is merely gone.
  const isLine = rest.length > 0 && (!name.includes('/') || isThere(path.resolve(cwd, name)));
  if (isLine && !isThere(path.resolve(cwd, program)))
    return `"${program}" is taken for the name of one program; its arguments go into "args": ${JSON.stringify(rest)}, and "command" is ${JSON.stringify(name)}`;
  if (!program.includes('/')) {
    return `${program} is not on PATH; install it, or name its whole path in the definition`;
  }
  return isThere(path.resolve(cwd, program))
    ? `${program} is there, but the interpreter its first line names is not; install that, or correct the line`
    : `${program} is not there; correct the path in the definition, or install it`;
}

/** For the errno code of a failed spawn. */
export function explainNotStarted(code: string, program: string, cwd: string, message: string): StartFailure {
  switch (code) {
    case 'ENOENT':
      return { code: 'command-not-found', message: notFound(program, cwd), retryable: false };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'command-not-executable',
        message: isFolder(path.resolve(cwd, program))
          ? `${program} is a folder, not a program; correct the path in the definition`
          : `${program} may not be executed; check its permissions (chmod +x) and its folder's`,
        retryable: false,
      };
    case 'ENOTDIR':
      return {
        code: 'command-not-found',
        message: `a part of the path ${program} is not a folder; correct it in the definition`,
        retryable: false,
      };
    case 'ENOEXEC':
      return {
        code: 'command-not-executable',
        message: `${program} is not a program this machine can run; check its format or its first line`,
        retryable: false,
      };
    case 'E2BIG':
      return {
        code: 'arguments-too-long',
        message: `the arguments of ${program} are too long for the system (128 KiB each); hand the task over as {{taskFile}} or $WF_TASK_FILE`,
        retryable: false,
      };
    case 'ERR_INVALID_ARG_VALUE':
    case 'ERR_INVALID_ARG_TYPE':
      return {
        code: 'command-invalid',
        message: `${program} cannot be started: ${message}`,
        retryable: false,
      };
    case 'ABORTED':
      return { code: 'interrupted', message: `interrupted before ${program} was started`, retryable: true };
    default:
      // EAGAIN, EMFILE, ENOMEM, ENOSPC …: the machine is short of something and may not be a minute later.
      return {
        code: 'could-not-start',
        message: `${program} could not be started: ${message}`,
        retryable: true,
      };
  }
}
