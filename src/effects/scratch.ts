/**
 * The folder of one effect, `run/<effectId>/`: its task, its child's pid and output. It stays until the effect is
 * confirmed in the log, because after a crash it is how a living child is recognised.
 */
import { failpoint } from '../failpoint.ts';

const fs = process.getBuiltinModule('node:fs');

/** Longest task that is also handed over as WF_TASK: one string of an environment ends at 128 KiB on Linux. */
export const MAX_TASK_IN_ENVIRONMENT_BYTES = 96 * 1024;

export const scratchDir = (home: string, effectId: string): string => `${home}/run/${effectId}`;
export const artifactsDir = (home: string, runId: string): string => `${home}/artifacts/${runId}`;
/** WF_TASK_FILE of an effect, and what `{{taskFile}}` becomes. */
export const taskFile = (home: string, effectId: string): string => `${scratchDir(home, effectId)}/task.txt`;
export const messageFile = (home: string, effectId: string): string =>
  `${scratchDir(home, effectId)}/message.txt`;

const makePrivate = (dir: string): void => {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
};

/** Makes the effect's scratch folder and the run's artifacts folder. Throws what the file system throws. */
export function prepareScratch(options: {
  readonly home: string;
  readonly effectId: string;
  readonly runId: string;
  readonly task: string;
  readonly message?: string;
}): void {
  const { home, effectId } = options;
  makePrivate(scratchDir(home, effectId));
  makePrivate(artifactsDir(home, options.runId));
  fs.writeFileSync(taskFile(home, effectId), options.task, { mode: 0o600 });
  if (options.message !== undefined) {
    fs.writeFileSync(messageFile(home, effectId), options.message, { mode: 0o600 });
  }
}

/** The ended child's own words give way to what may be kept of them. Its end counts more than a failure here. */
export function replaceOutput(
  home: string,
  effectId: string,
  kept: { readonly stdout?: string; readonly stderr?: string },
): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const file = `${scratchDir(home, effectId)}/${name}`;
    unlink(file);
    try {
      fs.writeFileSync(file, kept[name] ?? '', { mode: 0o600, flag: 'wx' });
    } catch {
      // Without the file nothing is kept of it here; the log has the redacted text.
    }
  }
}

/** What an effect may leave in its folder; a program of its own may have left more. */
const LEFT_BEHIND = ['task.txt', 'message.txt', 'stdout', 'stderr', 'child.json'];

/** Only after the effect's end is in the log. A leftover folder is harmless, so failing to remove is too. */
export function removeScratch(home: string, effectId: string): void {
  const dir = scratchDir(home, effectId);
  for (const name of LEFT_BEHIND) unlink(`${dir}/${name}`);
  try {
    // One name after the other: the recursive removal of a fresh process takes 2 ms to get going.
    fs.rmdirSync(dir);
    failpoint('effect.scratch.removed');
  } catch {
    removeWhole(dir);
  }
}

function unlink(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // Most effects leave only some of them.
  }
}

function removeWhole(dir: string): void {
  try {
    fs.rmSync(dir, { recursive: true, force: true });
  } catch {
    // `doctor` lists what is left in run/.
  }
}
