/**
 * What a home holds of one run beside the log: found by the run's id in the names, so that leftovers of a crash and
 * files that a rebuild set aside are found too. Its record is a projection and stays, without a text.
 */
import type { FileSystem } from '../log/file-system.ts';
import { eachLine } from '../log/line-reader.ts';
import { isMissing } from './file-errors.ts';
import type { HomePaths } from './paths.ts';

/** `<runId>.json`, `<runId>.md`, `T-<runId>.step.md`, `<runId>.main.1`, and their temporary and set-aside forms. */
const isOfRun = (runId: string, name: string): boolean => {
  const plain = name.startsWith('.') ? name.slice(1) : name;
  return [runId, `T-${runId}`].some((id) => plain === id || plain.startsWith(`${id}.`));
};

/** Absolute paths below state/, outbox/, tasks/ and run/, the record left out. A link is named, never followed. */
export function filesOfRun(fs: FileSystem, paths: HomePaths, runId: string): readonly string[] {
  const found: string[] = [];
  const look = (dir: string): void => {
    for (const entry of entriesOf(fs, dir)) {
      const path = `${dir}/${entry.name}`;
      if (path === `${paths.runs}/${runId}.json`) continue;
      if (isOfRun(runId, entry.name)) found.push(path);
      else if (entry.isDirectory()) look(path);
    }
  };
  for (const dir of [paths.state, paths.outbox, paths.tasks]) look(dir);
  for (const { name } of entriesOf(fs, paths.scratch)) {
    if (isOfRun(runId, name)) found.push(`${paths.scratch}/${name}`);
  }
  return found;
}

/** A stream's name is far shorter. */
const LONGEST_HEAD = 1024;
const LINE_HEAD = /^\{"seq":\d+,"id":"[^"]*","ts":"[^"]*","stream":("(?:[^"\\]|\\.)*")/;

/**
 * What was set aside of the log and may hold lines of the stream: ends of it, and the copy that a killed quarantine
 * was making, which has all of it. A piece whose stream cannot be read may be anybody's. The program needs none of
 * them, but a quarantine that is under way does: look, and remove, while nobody else has the log's lock.
 */
export function setAsideOf(fs: FileSystem, paths: HomePaths, stream: string): readonly string[] {
  const mine = JSON.stringify(stream);
  return ['torn', 'quarantine'].flatMap((dir) =>
    entriesOf(fs, `${paths.logs}/${dir}`).flatMap((entry) => {
      const path = `${paths.logs}/${dir}/${entry.name}`;
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [path] : [];
      return path.endsWith('.jsonl') && mayHold(fs, path, mine) ? [path] : [];
    }),
  );
}

function mayHold(fs: FileSystem, file: string, stream: string): boolean {
  const fd = fs.openSync(file, 'r');
  try {
    for (const { bytes, offset, endOffset } of eachLine(fs, fd, 0, fs.fstatSync(fd).size)) {
      if (endOffset - offset <= 1) continue;
      const named = LINE_HEAD.exec(bytes.toString('latin1', 0, LONGEST_HEAD))?.[1];
      if (named === undefined || named === stream) return true;
    }
    return false;
  } finally {
    fs.closeSync(fd);
  }
}

const entriesOf = (fs: FileSystem, dir: string) => {
  try {
    return fs.readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};
