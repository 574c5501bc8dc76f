/** The open `events.jsonl`, kept the same as the file at its path: a repair or a restore may replace it at any time. */
import type { FileSystem } from './file-system.ts';
import { fsFailure } from './fs-failure.ts';

export type Opened = {
  readonly size: number;
  /** Not the file that was open before: nothing known of that one holds. */
  readonly replaced: boolean;
};

export class LogFile {
  readonly path: string;
  readonly #fs: FileSystem;
  #fd: number | undefined;
  #writable = false;
  #dev = 0;
  #ino = 0;

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.path = path;
  }

  get fd(): number | undefined {
    return this.#fd;
  }

  /** From the next {@link open} on the file is open for appending, and made if it is not there. */
  becomeWritable(): void {
    if (!this.#writable) this.close();
    this.#writable = true;
  }

  /** @param mayCreate asked only when there is no file; throws when there should be one */
  open(mayCreate: () => void): Opened | undefined {
    const fs = this.#fs;
    try {
      const found = fs.statSync(this.path, { throwIfNoEntry: false });
      if (this.#fd !== undefined && found?.ino === this.#ino && found.dev === this.#dev) {
        return { size: found.size, replaced: false };
      }
      this.close();
      if (found === undefined) {
        mayCreate();
        if (!this.#writable) return undefined;
      }
      this.#fd = fs.openSync(this.path, this.#writable ? 'a+' : 'r', 0o600);
      const { ino, dev, size } = fs.fstatSync(this.#fd);
      const replaced = ino !== this.#ino || dev !== this.#dev;
      this.#ino = ino;
      this.#dev = dev;
      return { size, replaced };
    } catch (error) {
      throw fsFailure(error, 'open the log', this.path);
    }
  }

  close(): void {
    if (this.#fd !== undefined) this.#fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}
