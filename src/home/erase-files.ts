/**
 * What a home holds of one run beside the log: found by the run's id in the names, so that leftovers of a crash and
 * files that a rebuild set aside are found too. Its record is a projection and stays, without a text.
 */
import type { FileSystem } from '../log/file-system.ts';
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

const LINE_HEAD = /^\{"seq":\d+,"id":"[^"]*","ts":"[^"]*","stream":("(?:[^"\\]|\\.)*")/;

/**
 * Ends of the log that were set aside and may hold lines of the stream: a piece whose stream cannot be read may be
 * anybody's. The program needs none of these files.
 */
export function tornCopiesOf(fs: FileSystem, paths: HomePaths, stream: string): readonly string[] {
  const mine = JSON.stringify(stream);
  return ['torn', 'quarantine']
    .flatMap((dir) => entriesOf(fs, `${paths.logs}/${dir}`).map(({ name }) => `${paths.logs}/${dir}/${name}`))
    .filter((path) => path.endsWith('.jsonl'))
    .filter((path) =>
      fs
        .readFileSync(path, 'utf8')
        .split('\n')
        .some((line) => {
          const named = LINE_HEAD.exec(line)?.[1];
          return named === undefined ? line !== '' : named === mine;
        }),
    );
}

const entriesOf = (fs: FileSystem, dir: string) => {
  try {
    return fs.readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};
