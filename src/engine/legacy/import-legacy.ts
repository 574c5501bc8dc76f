/**
 * Imports a home of the script engine: mark, move (in place), copy definitions (from elsewhere), append, project,
 * unmark. Killed at any step, the same command goes on: what the log has is not appended again, and until the mark
 * is gone nobody else works in the home.
 */
import { notFoundError, usageError } from '../../errors.ts';
import { failpoint } from '../../failpoint.ts';
import { readConfig } from '../../home/config.ts';
import { openHome } from '../../home/home.ts';
import { hasOurLog } from '../../home/legacy.ts';
import { readLegacyHome } from '../../home/legacy-files.ts';
import {
  foldersToMove,
  type ImportMark,
  LEGACY_FOLDERS,
  moveAway,
  readMark,
  removeMark,
  writeMark,
} from '../../home/legacy-move.ts';
import { type HomePaths, homePaths } from '../../home/paths.ts';
import { type Commit, ConflictError } from '../../log/event-store.ts';
import { bulkSha256 } from '../../log/hash.ts';
import { makeRedactor } from '../../workflow/redact.ts';
import { type OpenHomeOptions, openReadOnly, openWorkflowHome, randomWord } from '../open-home.ts';
import type { EnginePorts } from '../ports.ts';
import { externalise } from '../texts.ts';
import { copyDefinitions, type DefinitionCopy, readDefinition } from './definition-copies.ts';
import { movedHints } from './moved-hints.ts';
import { type ImportPlan, type Known, knownOf, type PlannedItem, planImport } from './plan.ts';

const fs = process.getBuiltinModule('node:fs');

/** Commits in one write; each of them is whole or not there. */
const CHUNK = 100;

export type ImportResult = {
  readonly home: string;
  readonly dir: string;
  readonly inPlace: boolean;
  readonly dryRun: boolean;
  /** Folders of the home that moved below `legacy/`, or would. */
  readonly moved: readonly string[];
  readonly plan: ImportPlan;
  readonly definitions: readonly DefinitionCopy[];
  readonly hints: readonly string[];
};

/**
 * @param dir absolute
 * @throws {WfError} legacy-none (3), legacy-not (2), import-other (4), legacy-home (2), io (74)
 */
export async function importLegacy(
  options: OpenHomeOptions,
  dir: string,
  { dryRun }: { readonly dryRun: boolean },
): Promise<ImportResult> {
  const paths = homePaths(options.home);
  const inPlace = isSame(dir, paths.home);
  const mark = readMark(paths.home);
  if (mark !== null && mark.dir !== dir)
    throw usageError('import-other', `an import of ${mark.dir} into this home has not ended`, {
      where: `${paths.home}/legacy`,
      hint: 'End that one first: give its wf import-legacy again.',
    });
  if (mark !== null && dryRun)
    throw usageError('import-unfinished', 'this import was begun and has not ended', {
      where: `${paths.home}/legacy`,
      hint: 'Give the command without --dry-run: it goes on where it stopped.',
    });
  const toMove = inPlace && isToMove(paths, mark) ? foldersToMove(paths.home) : [];
  const hasMoved = inPlace && toMove.length === 0;
  const source = hasMoved ? `${paths.home}/legacy` : dir;
  // Of a move that was cut off the rest may be all that stands in the home.
  if (mark === null) assertLegacy(source, dir);
  return dryRun
    ? preview(options, { paths, dir, source, inPlace, toMove })
    : perform(options, { paths, dir, source, inPlace, toMove });
}

type Job = {
  readonly paths: HomePaths;
  readonly dir: string;
  readonly source: string;
  readonly inPlace: boolean;
  readonly toMove: readonly string[];
};

async function preview(options: OpenHomeOptions, job: Job): Promise<ImportResult> {
  const { paths, dir, source, inPlace, toMove } = job;
  const config = await readConfig(paths.config);
  const redact = makeRedactor({
    values: config.redact.env.flatMap((name) => options.env[name] ?? []),
    patterns: config.redact.patterns,
  });
  const sha256 = bulkSha256();
  // The log of a home that is still to move is the script engine's.
  const known =
    toMove.length > 0
      ? await knownOf(nothing())
      : await knownOf((await openReadOnly(options)).ports.store.readAll(null));
  const legacy = readLegacyHome(source, sha256);
  const plan = planImport({ sha256, redact, randomWord, newId: () => '-' }, legacy, {
    known,
    host: '-',
    definition: readDefinition(dir),
  });
  const definitions = copyDefinitions(dir, paths, { dryRun: true, inPlace });
  const hints = movedHints(legacy, paths.home, definitions, readDefinition(dir));
  return { home: paths.home, dir, inPlace, dryRun: true, moved: toMove, plan, definitions, hints };
}

async function perform(options: OpenHomeOptions, job: Job): Promise<ImportResult> {
  const { paths, dir, inPlace, toMove } = job;
  // Refuses a home that others' files stand in, and makes the folder where there is none.
  if (toMove.length > 0) openHome(paths.home, { create: true });
  else await openReadOnly(options).catch(whenUnfinished(paths));
  if (!inPlace) openHome(paths.home, { create: true });
  writeMark(paths.home, { dir, phase: toMove.length > 0 ? 'move' : 'append' });
  failpoint('import.begun');
  if (toMove.length > 0) {
    moveAway(paths.home);
    writeMark(paths.home, { dir, phase: 'append' });
    failpoint('import.moved');
  }
  const definitions = copyDefinitions(dir, paths, { dryRun: false, inPlace });
  failpoint('import.definition.copied');
  const home = await openWorkflowHome({ ...options, importing: true });
  const sha256 = bulkSha256();
  const source = inPlace ? `${paths.home}/legacy` : dir;
  const legacy = readLegacyHome(source, sha256);
  const planned = async () => {
    const known = await knownOf(home.store.readAll(null));
    const context = { known, host: home.ports.ownership.self.host, definition: readDefinition(dir) };
    return { known, plan: planImport({ ...home.ports, sha256 }, legacy, context) };
  };
  const plan = await appendPlanned(home.ports, planned);
  failpoint('import.appended');
  await home.ports.projections.project();
  failpoint('import.projected');
  removeMark(paths.home);
  const hints = movedHints(legacy, paths.home, definitions, readDefinition(dir));
  return { home: paths.home, dir, inPlace, dryRun: false, moved: toMove, plan, definitions, hints };
}

type Planned = { readonly known: Known; readonly plan: ImportPlan };

/** Two imports at once: who comes second looks again at what is still missing. */
async function appendPlanned(ports: EnginePorts, planned: () => Promise<Planned>): Promise<ImportPlan> {
  let first: ImportPlan | null = null;
  for (;;) {
    const { known, plan } = await planned();
    first ??= plan;
    try {
      await append(ports, known, plan.items);
      return first;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

async function append(ports: EnginePorts, known: Known, items: readonly PlannedItem[]): Promise<void> {
  const versions = new Map<string, number>();
  for (let at = 0; at < items.length; at += CHUNK) {
    const commits: Commit[] = [];
    for (const item of items.slice(at, at + CHUNK)) {
      const version = versions.get(item.stream) ?? known.version(item.stream);
      versions.set(item.stream, version + item.events.length);
      const events = item.events.map(({ type, data, at: when }) => {
        const occurredAt = when ?? item.occurredAt;
        return {
          type,
          data,
          meta: {
            actor: 'import-legacy',
            cause: item.cause,
            ...(occurredAt === undefined ? {} : { occurredAt }),
          },
        };
      });
      commits.push({
        stream: item.stream,
        expectedVersion: version,
        commitId: ports.newId(),
        events: await externalise(ports.blobs, events),
      });
    }
    await ports.store.appendInOrder(commits, { durable: true });
  }
}

/** Whether the script engine's own folders stand in the home. */
const isToMove = (paths: HomePaths, mark: ImportMark | null): boolean =>
  mark === null ? !hasOurLog(paths) && !fs.existsSync(paths.indexDb) : mark.phase === 'move';

/** Our own mark is no reason to refuse. */
const whenUnfinished =
  (paths: HomePaths) =>
  (error: unknown): null => {
    if (readMark(paths.home) !== null) return null;
    throw error;
  };

function assertLegacy(source: string, dir: string): void {
  if (hasOurLog(homePaths(source)))
    throw usageError('legacy-not', 'that home is of this program, not of the script engine', {
      where: source,
      hint: 'It needs no import: name it with --home.',
    });
  if (LEGACY_FOLDERS.some((name) => fs.existsSync(`${source}/${name}`))) return;
  throw notFoundError('legacy-none', 'there is nothing of the script engine', {
    where: dir,
    hint: 'Name the folder that holds its state/ and logs/.',
  });
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return fs.realpathSync(a) === fs.realpathSync(b);
  } catch {
    return false;
  }
}

async function* nothing(): AsyncGenerator<never> {}
