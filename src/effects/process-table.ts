/**
 * What the operating system says about one process or process group. A pid alone proves nothing, for pids are used
 * again: every question is answered together with the start time.
 */
const fs = process.getBuiltinModule('node:fs');

export type ProcessEntry = {
  readonly pid: number;
  readonly groupId: number;
  /** In the kernel's own unit; compared, never computed with. */
  readonly start: string;
  /** Ended, and only its exit status is left to be collected. */
  readonly zombie: boolean;
  /** By a signal or a debugger: it does nothing until somebody lets it go on. */
  readonly stopped: boolean;
};

const hasProc = process.platform === 'linux';

function parseStat(pid: number, stat: string): ProcessEntry | null {
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , groupId] = fields;
  const start = fields[19];
  if (state === undefined || groupId === undefined || start === undefined) return null;
  const zombie = state === 'Z' || state === 'X';
  return { pid, groupId: Number(groupId), start, zombie, stopped: state === 'T' || state === 't' };
}

function fromProc(pid: number): ProcessEntry | null {
  try {
    return parseStat(pid, fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** Standard output of a system tool, or null when it is not there or fails. */
export function toolOutput(file: string, args: readonly string[]): string | null {
  try {
    return process.getBuiltinModule('node:child_process').execFileSync(file, [...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
      // lstart prints local time in the user's language; both must be the same in every process that compares.
      env: { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC' },
    });
  } catch {
    return null;
  }
}

function fromPs(pid: number): ProcessEntry | null {
  const line = toolOutput('ps', ['-o', 'stat=,pgid=,lstart=', '-p', String(pid)])?.trim();
  const match = /^(\S+)\s+(\d+)\s+(\S.*)$/.exec(line ?? '');
  if (match === null) return null;
  const [, state = '', groupId = '', start = ''] = match;
  return {
    pid,
    groupId: Number(groupId),
    start,
    zombie: state.startsWith('Z'),
    stopped: state.startsWith('T'),
  };
}

/** The process with this pid now, or null when there is none that we may see. */
export const readProcess = (pid: number): ProcessEntry | null => (hasProc ? fromProc(pid) : fromPs(pid));

/** Pids of all processes, where the system lists them as files; empty elsewhere. */
export function listPids(): number[] {
  if (!hasProc) return [];
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function signalReaches(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process with this pid exists at all, ours or not. */
export const pidExists = (pid: number): boolean => signalReaches(pid);

/** A living member of the group, or null. Where init does not collect zombies, they stay for ever: not counted. */
export function livingGroupMember(groupId: number): number | null {
  if (groupId <= 1 || !signalReaches(-groupId)) return null;
  if (!hasProc) return groupId;
  for (const pid of listPids()) {
    const entry = fromProc(pid);
    if (entry !== null && entry.groupId === groupId && !entry.zombie) return pid;
  }
  return null;
}
