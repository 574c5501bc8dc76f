/**
 * Files and the names that lead to them. A change of names stands in memory until its folder is synced; until then a
 * power cut may keep it or lose it, in any combination that leaves each name with a history that could have been.
 */
import { type Choose, CutFile } from './power-cut-file.ts';

export type Ino = number;
type Names = Map<string, Ino>;
type Change = { readonly folder: Ino; readonly name: string; readonly ino: Ino | null };

/** One call that changed names: all of its changes reach the disk together. */
type NameStep = {
  readonly changes: readonly Change[];
  /** What is moved into a folder is not in neither: that folder and all above it are on the disk before. */
  readonly movedInto?: readonly Ino[];
  /** Only an empty folder loses its name. */
  readonly emptied?: Ino;
};

export const ROOT: Ino = 1;

export class CutDisk {
  readonly files = new Map<Ino, CutFile>();
  /** As every process sees them. */
  #names = new Map<Ino, Names>([[ROOT, new Map()]]);
  /** As they are on the disk for certain. */
  #durable = new Map<Ino, Names>([[ROOT, new Map()]]);
  #pending: NameStep[] = [];
  #nextIno = ROOT + 1;
  /** Counts changes: what orders the contents a sector has had. */
  time = 0;
  /** Bytes that files may still grow by. */
  freeBytes = Number.POSITIVE_INFINITY;

  /** What a process could find on this disk now, with everything that could still be lost. */
  copy(): CutDisk {
    const other = new CutDisk();
    for (const [ino, file] of this.files) other.files.set(ino, file.copy());
    other.#names = copyNames(this.#names);
    other.#durable = copyNames(this.#durable);
    other.#pending = [...this.#pending];
    other.#nextIno = this.#nextIno;
    other.time = this.time;
    return other;
  }

  names(folder: Ino): Names | undefined {
    return this.#names.get(folder);
  }

  newFile(bytes?: Uint8Array): Ino {
    const ino = this.#nextIno++;
    this.files.set(ino, new CutFile(ino, bytes));
    return ino;
  }

  newFolder(): Ino {
    const ino = this.#nextIno++;
    this.#names.set(ino, new Map());
    this.#durable.set(ino, new Map());
    return ino;
  }

  change(step: NameStep): void {
    this.#pending.push(step);
    apply(this.#names, step);
  }

  /** Makes the folder's names durable, and what they cannot be there without. */
  syncNames(folder: Ino): void {
    const certain = new Set<NameStep>();
    for (const [i, step] of this.#pending.entries()) {
      if (step.changes.some((change) => change.folder === folder)) this.#addWithNeeds(step, i, certain);
    }
    for (const step of this.#pending) if (certain.has(step)) apply(this.#durable, step);
    this.#pending = this.#pending.filter((step) => !certain.has(step));
  }

  #addWithNeeds(step: NameStep, i: number, certain: Set<NameStep>): void {
    if (certain.has(step)) return;
    certain.add(step);
    for (const [j, earlier] of this.#pending.slice(0, i).entries()) {
      if (needs(step, earlier)) this.#addWithNeeds(earlier, j, certain);
    }
  }

  /** A disk as the next boot may find it: nothing of it can be lost any more. */
  afterCut(choose: Choose, blockBytes: number): CutDisk {
    const kept: NameStep[] = [];
    const lost: NameStep[] = [];
    const found = new CutDisk();
    found.#durable = copyNames(this.#durable);
    for (const step of this.#pending) {
      const possible =
        !lost.some((earlier) => needs(step, earlier)) &&
        (step.emptied === undefined || (found.#durable.get(step.emptied)?.size ?? 0) === 0);
      if (possible && choose(2) === 0) {
        kept.push(step);
        apply(found.#durable, step);
      } else lost.push(step);
    }
    found.#names = copyNames(found.#durable);
    found.#nextIno = this.#nextIno;
    for (const ino of found.#reachable()) {
      const file = this.files.get(ino);
      if (file !== undefined) found.files.set(ino, new CutFile(ino, file.afterCut(choose, blockBytes)));
    }
    return found;
  }

  /** What has no name can be read by nobody: its content need not be chosen. */
  #reachable(): Set<Ino> {
    const seen = new Set<Ino>();
    const enter = (folder: Ino): void => {
      for (const ino of this.#names.get(folder)?.values() ?? []) {
        if (seen.has(ino)) continue;
        seen.add(ino);
        enter(ino);
      }
    };
    enter(ROOT);
    return seen;
  }
}

/** The later step cannot be on the disk without the earlier one. */
const needs = (later: NameStep, earlier: NameStep): boolean =>
  earlier.changes.some(
    (a) =>
      (a.ino !== null && later.movedInto?.includes(a.ino) === true) ||
      later.changes.some((b) => a.folder === b.folder && a.name === b.name),
  );

const apply = (names: Map<Ino, Names>, step: NameStep): void => {
  for (const { folder, name, ino } of step.changes) {
    if (ino === null) names.get(folder)?.delete(name);
    else names.get(folder)?.set(name, ino);
  }
};

const copyNames = (names: Map<Ino, Names>): Map<Ino, Names> =>
  new Map(Array.from(names, ([ino, entries]) => [ino, new Map(entries)]));
