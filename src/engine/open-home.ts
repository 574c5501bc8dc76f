/**
 * Puts the program together for one home: log, index, projections, world, and the engine's ports over them. The one
 * place where the real parts meet; everything else is handed what it needs.
 */
import { systemClock } from '../effects/clock.ts';
import { ownerState, thisOwner } from '../effects/owner.ts';
import { randomBytes } from '../effects/random.ts';
import { bug } from '../errors.ts';
import { type HomeBlobs, openBlobs } from '../home/blobs.ts';
import { type Config, readConfig } from '../home/config.ts';
import { definitionFromBody, loadDefinition } from '../home/definitions.ts';
import { openHome } from '../home/home.ts';
import { newestProposal } from '../home/inbox.ts';
import { IndexDb } from '../home/index-db.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { type HomePaths, resolveOpenclawRoot } from '../home/paths.ts';
import { pauseRow } from '../home/pause-row.ts';
import type { Projector } from '../home/projector.ts';
import { analysisInput, definitionByHash, improvements, keyState } from '../home/read-model.ts';
import { headOf, readCheckpoint, streamIndex } from '../home/stream-index.ts';
import { freshUlid } from '../log/event-ids.ts';
import { nodeFs } from '../log/file-system.ts';
import { coldSha256 } from '../log/hash.ts';
import { type JsonlStore, openJsonlStore } from '../log/jsonl-store.ts';
import { noKey } from '../projections/key-state.ts';
import type { Connected } from '../workflow/context.ts';
import { makeRedactor } from '../workflow/redact.ts';
import { isBehind } from './keep-up.ts';
import type { EnginePorts, Interrupts, LoadedDefinition, OnProgress, Projections } from './ports.ts';
import { realWorld } from './real-world.ts';
import { assertSummaryPlace } from './summary-place.ts';

export type OpenHome = {
  readonly paths: HomePaths;
  /** True when this process made it. */
  readonly created: boolean;
  readonly bundledDir: string;
  readonly config: Config;
  readonly store: JsonlStore;
  /** Loaded when first asked for: an answer from the log needs no projector. */
  readonly projector: () => Promise<Projector>;
  /** Rows for lists and lookups; see home/read-model.ts and home/inbox.ts. */
  readonly index: IndexDb;
  readonly ports: EnginePorts;
};

export type OpenHomeOptions = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The package's own folder, which holds definitions/ and scripts/. */
  readonly packageDir: string;
  /** Repairs and rebuilds, in sentences. */
  readonly onNotice: (text: string) => void;
  readonly onProgress?: OnProgress;
  readonly interrupts: Interrupts;
  /** The command only looks. */
  readonly reading?: boolean;
  /** A definition that stands in the program; null where only a file can have it. */
  readonly definitionOf?: (id: string) => Promise<LoadedDefinition | null>;
  /** The command is the import that everybody else has to wait for. */
  readonly importing?: boolean;
};

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

const WORD_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

export const randomWord = (length: number): string =>
  Array.from(randomBytes(length), (byte) => WORD_LETTERS[byte % WORD_LETTERS.length]).join('');

/** @throws {WfError} legacy-home (2), config-invalid (2), io (74) */
export async function openWorkflowHome(options: OpenHomeOptions): Promise<OpenHome> {
  const { paths, created, openToOthers } = openHome(options.home, { create: true });
  if (options.importing !== true) await assertNotLegacy(paths);
  // Told and not mended: somebody may have opened it on purpose, and what is in it is closed file by file.
  if (openToOthers && options.reading !== true)
    options.onNotice(`others may look into the home: close it with chmod 700 ${quoted(paths.home)}`);
  const config = await readConfig(paths.config);
  const index = new IndexDb(paths.indexDb);
  const { store, blobs } = openLog(options, paths, index);
  let opened: Promise<Projector> | undefined;
  const projector = (): Promise<Projector> => {
    opened ??= import('../home/projector.ts').then(({ openProjector }) =>
      openProjector({
        fs: nodeFs,
        paths,
        index,
        store,
        sha256: coldSha256,
        bootId: thisOwner().bootId,
        blobs,
        allowedRoots: config.allowedRoots,
        keptRuns: config.keepRunFiles,
        onNotice: options.onNotice,
      }),
    );
    return opened;
  };
  const project = async (): Promise<void> => {
    await (await projector()).project();
  };
  const assembled = assemble(options, paths, config, store, blobs, {
    project,
    projectIfQuick: async () => {
      await (await projector()).project({ ifQuick: true });
    },
    writeEarly: async (runId) => (await projector()).writeEarly(runId),
    keepUp: async (told) => {
      const head = (await store.head())?.seq ?? 0;
      if (isBehind(readCheckpoint(index)?.seq ?? 0, head, told?.seq ?? 0)) await project();
    },
    ...lookups(index, () => !store.indexMismatch),
  });
  const retain = async (workflowId: string): Promise<void> => {
    // Loaded at the end of a run, and only where its definition asks for it.
    const { applyRetention } = await import('./retention.ts');
    await applyRetention({ ports, index, artifacts: paths.artifacts }, workflowId);
  };
  const notify: EnginePorts['notify'] = async (run, definition) => {
    const { notifyRun } = await import('./notify-run.ts');
    return notifyRun(ports, run, definition);
  };
  const ports: EnginePorts = { ...assembled, retain, notify };
  return { paths, created, bundledDir: bundledDirOf(options), config, store, projector, index, ports };
}

/**
 * For `--dry-run`: the same parts over a home that may not exist, without index and projector. Nothing is created
 * and nothing is written; the log, where there is one, is scanned.
 */
export async function openReadOnly(
  options: Pick<OpenHomeOptions, 'home' | 'env' | 'packageDir'>,
): Promise<{ readonly ports: EnginePorts; readonly config: Config }> {
  const never = new AbortController().signal;
  const full: OpenHomeOptions = {
    ...options,
    onNotice: () => undefined,
    interrupts: { stop: never, force: never },
  };
  const { paths, exists } = openHome(options.home, { create: false });
  if (exists) await assertNotLegacy(paths);
  const config = await readConfig(paths.config);
  const { store, blobs } = openLog(full, paths, null);
  const refused = (): never => {
    throw bug('a dry run asked for a projection');
  };
  const projections = {
    project: refused,
    projectIfQuick: refused,
    writeEarly: refused,
    keepUp: refused,
    isRegistered: () => false,
    keyState: () => noKey,
    pauseState: () => UNKNOWN_PAUSE,
    analysisInput: refused,
    improvementFacts: refused,
    effectRows: refused,
    usage: refused,
  };
  return { ports: assemble(full, paths, config, store, blobs, projections), config };
}

const UNKNOWN_PAUSE = { version: 0, pause: null };

/** What the engine asks of the projections, from their rows. */
export const lookups = (index: IndexDb, fitsTheLog: () => boolean) => ({
  keyState: (stream: string) => (fitsTheLog() ? keyState(index, stream) : noKey),
  pauseState: (stream: string) =>
    fitsTheLog() ? { version: headOf(index, stream), pause: pauseRow(index, stream) } : UNKNOWN_PAUSE,
  isRegistered: (id: string, hash: string) => definitionByHash(index, id, hash) !== null,
  analysisInput: (id: string) => analysisInput(index, id),
  improvementFacts: (id: string) => ({
    proposal: newestProposal(index, id),
    improvements: improvements(index, id),
  }),
  effectRows: async (id: string) => (await import('../home/effect-rows.ts')).effectRows(index, id),
  usage: async (id: string, since: string) => {
    // Only where a definition has limits.
    const { NO_USAGE, usageRows } = await import('../home/usage-rows.ts');
    return fitsTheLog() ? usageRows(index, id, since) : NO_USAGE;
  },
});

export const bundledDirOf = (options: OpenHomeOptions): string => `${options.packageDir}/definitions`;

export function openLog(options: OpenHomeOptions, paths: HomePaths, index: IndexDb | null) {
  const blobs = openBlobs(paths.blobs, coldSha256);
  const store = openJsonlStore({
    dir: paths.logs,
    ...(index === null ? {} : { index: streamIndex(index) }),
    clock: systemClock,
    random: randomBytes,
    sha256: coldSha256,
    onNotice: options.onNotice,
    onWritten: blobs.keepShared,
  });
  return { store, blobs };
}

export function assemble(
  options: OpenHomeOptions,
  paths: HomePaths,
  config: Config,
  store: JsonlStore,
  blobs: HomeBlobs,
  projections: Projections,
): EnginePorts {
  const { env } = options;
  const { home } = paths;
  const sha256 = coldSha256;
  const values = config.redact.env.flatMap((name) => env[name] ?? []);
  const redact = makeRedactor({ values, patterns: config.redact.patterns });
  const places = { home, bundledDir: bundledDirOf(options) };
  const ports: EnginePorts = {
    home,
    store,
    blobs,
    sha256,
    clock: systemClock,
    newId: () => freshUlid(systemClock.now(), randomBytes),
    randomWord,
    redact,
    connected: connectedBy(config),
    hasVariable: (name) => (env[name] ?? '').trim() !== '',
    definitions: {
      load: async (id) => {
        const isRegistered = (hash: string): boolean => projections.isRegistered(id, hash);
        const loaded =
          (await options.definitionOf?.(id)) ??
          (await loadDefinition({ ...places, id, sha256, isRegistered }));
        assertSummaryPlace(loaded, home, config.allowedRoots);
        return loaded;
      },
      parse: (body) => definitionFromBody(body),
    },
    world: realWorld({
      home,
      environment: openclawEnvironment(env, config),
      openclawRoot: resolveOpenclawRoot(env),
      redact,
      agents: config.agents,
      messages: config.messages,
      dispatchScript:
        config.openclaw?.script ?? `${options.packageDir}/scripts/workflow_ops/dispatch_task.sh`,
      scriptDeclaresKey: config.openclaw?.script === undefined,
    }),
    projections,
    ownership: {
      get self() {
        return thisOwner();
      },
      stateOf: ownerState,
    },
    interrupts: options.interrupts,
    improve: async (run, definition) => {
      // Loaded at the log stage, and only where the definition asks for it.
      const { improveAfterRun } = await import('./improve.ts');
      return improveAfterRun({ ports, places }, run, definition);
    },
    review: async (run) => {
      const { reviewAfterRun } = await import('./review-improvements.ts');
      await reviewAfterRun({ ports, places }, run);
    },
    onNotice: options.onNotice,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  return ports;
}

const connectedBy = ({ openclaw, agents, messages }: Config): Connected => ({
  ...(openclaw === undefined ? {} : { openclaw }),
  agents,
  messages: new Set(messages.keys()),
});

/** What config.json says of the assistant reaches the dispatch script as its environment; the environment wins. */
function openclawEnvironment(env: OpenHomeOptions['env'], config: Config): OpenHomeOptions['env'] {
  const { channel, target, command } = config.openclaw ?? {};
  return {
    ...(channel === undefined ? {} : { OPENCLAW_CHANNEL: channel }),
    ...(target === undefined ? {} : { OPENCLAW_TARGET: target }),
    ...(command === undefined ? {} : { OPENCLAW_BIN: command }),
    ...env,
  };
}
