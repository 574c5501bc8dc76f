/** A real home in a temporary folder: real log, real index, real files; only the clock and the ids are counted. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobs } from '../../src/home/blobs.ts';
import { DEFAULT_KEPT_RUNS } from '../../src/home/config.ts';
import type { ProjectorDeps } from '../../src/home/fold-range.ts';
import { openHome } from '../../src/home/home.ts';
import { IndexDb } from '../../src/home/index-db.ts';
import { homePaths } from '../../src/home/paths.ts';
import { openProjector } from '../../src/home/projector.ts';
import { streamIndex } from '../../src/home/stream-index.ts';
import { nodeFs } from '../../src/log/file-system.ts';
import { bulkSha256 } from '../../src/log/hash.ts';
import { openJsonlStore } from '../../src/log/jsonl-store.ts';
import type { HistoryCommit } from './projection-histories.ts';

export const tempHome = (): string => mkdtempSync(join(tmpdir(), 'wf-home-'));
export const removeHome = (home: string): void => rmSync(home, { recursive: true, force: true });

let commits = 0;
const ulid = (n: number): string => `01KAQ7ZM4X${String(n).padStart(16, '0')}`;

export type TestHome = ReturnType<typeof openTestHome>;

export function openTestHome(
  home: string,
  options: {
    readonly bootId?: string;
    readonly allowedRoots?: readonly string[];
    readonly keptRuns?: number;
  } = {},
) {
  openHome(home, { create: true });
  const paths = homePaths(home);
  const index = new IndexDb(paths.indexDb);
  let now = Date.UTC(2026, 10, 23);
  const sha256 = bulkSha256();
  const store = openJsonlStore({
    dir: paths.logs,
    index: streamIndex(index),
    clock: { now: () => (now += 1) },
    random: (length) => new Uint8Array(length).map((_, i) => (i * 7 + now) % 256),
    sha256,
  });
  const notices: string[] = [];
  const deps: ProjectorDeps = {
    fs: nodeFs,
    paths,
    index,
    store,
    sha256,
    bootId: options.bootId ?? 'boot-1',
    blobs: openBlobs(paths.blobs, sha256),
    allowedRoots: options.allowedRoots ?? [],
    keptRuns: options.keptRuns ?? DEFAULT_KEPT_RUNS,
    onNotice: (text) => notices.push(text),
  };
  const projector = openProjector(deps);
  return {
    home,
    paths,
    index,
    store,
    deps,
    notices,
    projector,
    setClock(ms: number): void {
      now = ms;
    },
    async append(history: readonly HistoryCommit[]): Promise<void> {
      for (const { stream, events } of history) {
        commits += 1;
        const version = await store.headOf(stream);
        await store.append(stream, version, events, { durable: false, commitId: ulid(commits) });
      }
    },
    async close(): Promise<void> {
      await store.close();
      index.close();
    },
  };
}

/** Every file below the home, with its content; databases, locks and the log left out. */
export function filesOf(home: string): Record<string, string> {
  const files: Record<string, string> = {};
  const walk = (relative: string): void => {
    for (const entry of readdirSync(join(home, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (path === 'logs' || path === 'blobs' || path.startsWith('state/index.db')) continue;
      if (entry.isDirectory()) walk(path);
      else files[path] = readFileSync(join(home, path), 'utf8');
    }
  };
  walk('');
  return files;
}

export const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Every row of every folded table, as text. */
export function rowsOf(index: IndexDb, tables: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(tables).map(([table, order]) => [
      table,
      index
        .all<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY ${order}`)
        .map((row) =>
          JSON.stringify(
            Object.values(row).map((v) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v)),
          ),
        ),
    ]),
  );
}
