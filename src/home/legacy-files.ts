/**
 * Reads what the script engine left in a folder: every good item with its hash, every other one named with its
 * reason. Reads plain files only, changes nothing, and no damage in one file keeps another from being read.
 */
import type { z } from 'zod';
import type { Sha256Hex } from '../log/event-store.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { entriesOf } from './folder-names.ts';
import {
  firstProblem,
  type LegacyFeedback,
  type LegacyImprovement,
  type LegacyLogLine,
  type LegacyRecord,
  legacyFeedback,
  legacyImprovement,
  legacyIndex,
  legacyLogLine,
  legacyRecord,
} from './legacy-record.ts';

const fs = process.getBuiltinModule('node:fs');

/** Of one file; a log may be longer than a record. */
const MAX_BYTES = 256 * 1024 * 1024;
const TOOL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MARKER = /^(.*)\.ok$/;

export type LegacyItem<T> = {
  /** Relative to the folder. */
  readonly file: string;
  /** Of its text, and of how often the same text stood before it in that file: what makes an import of it one. */
  readonly hash: string;
  readonly text: string;
  readonly value: T;
};
export type LegacySkip = { readonly file: string; readonly line?: number; readonly reason: string };

export type LegacyHome = {
  readonly runs: readonly LegacyItem<LegacyRecord>[];
  readonly index: ReadonlyMap<string, string>;
  readonly logLines: readonly LegacyItem<LegacyLogLine>[];
  readonly feedback: readonly LegacyItem<LegacyFeedback>[];
  readonly improvements: readonly LegacyItem<LegacyImprovement>[];
  readonly markers: readonly LegacyItem<{ readonly tool: string; readonly at?: string }>[];
  readonly skipped: readonly LegacySkip[];
};

/** @param root the folder that holds `state/`, `logs/` and `feedback/` of the script engine */
export function readLegacyHome(root: string, sha256: Sha256Hex): LegacyHome {
  const skipped: LegacySkip[] = [];
  const reader = new LegacyReader(root, sha256, skipped);
  const map = reader.one('state/index.json', legacyIndex);
  return {
    runs: reader.folder('state/runs', /\.json$/).flatMap((file) => {
      const item = reader.one(file, legacyRecord);
      if (item === null) return [];
      if (file === `state/runs/${item.value.runId}.json`) return [item];
      skipped.push({ file, reason: `it is named otherwise than its run ${item.value.runId}` });
      return [];
    }),
    index: new Map(Object.entries(map?.value.idempotency ?? {})),
    logLines: reader.lines('logs/events.jsonl', legacyLogLine),
    feedback: reader.lines('feedback/entries.jsonl', legacyFeedback),
    improvements: reader.lines('feedback/improvements.jsonl', legacyImprovement),
    markers: reader.folder('state/tools', /\.ok$/).flatMap((file) => reader.marker(file)),
    skipped,
  };
}

class LegacyReader {
  readonly #root: string;
  readonly #sha256: Sha256Hex;
  readonly #skipped: LegacySkip[];

  constructor(root: string, sha256: Sha256Hex, skipped: LegacySkip[]) {
    this.#root = root;
    this.#sha256 = sha256;
    this.#skipped = skipped;
  }

  /** Files of a folder by name; what is something else is named. */
  folder(dir: string, wanted: RegExp): readonly string[] {
    const names = this.#guarded(dir, () => [...entriesOf(`${this.#root}/${dir}`)]) ?? [];
    const files: string[] = [];
    for (const { name, isFolder } of names) {
      if (!isFolder && wanted.test(name)) files.push(`${dir}/${name}`);
      else this.#skipped.push({ file: `${dir}/${name}`, reason: 'the script engine has no such file' });
    }
    return files.sort();
  }

  one<S extends z.ZodType>(file: string, schema: S): LegacyItem<z.output<S>> | null {
    const text = this.text(file);
    return text === null ? null : this.#item(file, schema, text, 1);
  }

  lines<S extends z.ZodType>(file: string, schema: S): readonly LegacyItem<z.output<S>>[] {
    const seen = new Map<string, number>();
    return (this.text(file) ?? '').split('\n').flatMap((line, index) => {
      if (line.trim() === '') return [];
      const times = (seen.get(line) ?? 0) + 1;
      seen.set(line, times);
      const item = this.#item(file, schema, line, times, index + 1);
      return item === null ? [] : [item];
    });
  }

  marker(file: string): readonly LegacyItem<{ readonly tool: string; readonly at?: string }>[] {
    const text = this.text(file);
    if (text === null) return [];
    const tool = MARKER.exec(file.slice(file.lastIndexOf('/') + 1))?.[1] ?? '';
    if (!TOOL_NAME.test(tool)) {
      this.#skipped.push({ file, reason: 'it is named like no tool' });
      return [];
    }
    const ms = Date.parse(text.split('\n')[0]?.trim() ?? '');
    const at = Number.isFinite(ms) && ms >= 0 ? { at: new Date(ms).toISOString() } : {};
    return [{ file, hash: this.#hash(file, text, 1), text, value: { tool, ...at } }];
  }

  /** Null where there is none, or none that can be read: then it is named. */
  text(file: string): string | null {
    return this.#guarded(file, () => {
      const path = `${this.#root}/${file}`;
      // Not followed: what a link leads to is no part of this folder.
      const stat = fs.lstatSync(path);
      if (!stat.isFile()) throw new Error('it is no plain file');
      if (stat.size > MAX_BYTES) throw new Error(`it has ${stat.size} bytes; at most ${MAX_BYTES} are read`);
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(path));
      } catch (error) {
        throw error instanceof TypeError ? new Error('it is not UTF-8') : error;
      }
    });
  }

  #item<S extends z.ZodType>(
    file: string,
    schema: S,
    text: string,
    times: number,
    line?: number,
  ): LegacyItem<z.output<S>> | null {
    const skip = (reason: string): null => {
      this.#skipped.push({ file, ...(line === undefined ? {} : { line }), reason });
      return null;
    };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return skip(text.trim() === '' ? 'it is empty' : 'it is not JSON, or was cut off');
    }
    const read = schema.safeParse(value);
    if (!read.success) return skip(firstProblem(read.error));
    return { file, hash: this.#hash(file, text, times), text, value: read.data };
  }

  #hash(file: string, text: string, times: number): string {
    return this.#sha256(`${file}\n${times}\n${text}`);
  }

  #guarded<T>(file: string, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (isMissing(error)) return null;
      const code = errorCode(error);
      const reason =
        code === undefined && error instanceof Error ? error.message : `cannot be read (${code})`;
      this.#skipped.push({ file, reason });
      return null;
    }
  }
}
