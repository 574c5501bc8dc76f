/** Where the files of a rebuild go: ours into folders of their own until they are whole, copies elsewhere at once. */
import type { FileSystem } from '../log/file-system.ts';
import { PROJECTED_DIRS } from '../projections/catalogue.ts';
import { type FileSink, fileSink } from './file-sink.ts';

export const isProjected = (relative: string): boolean =>
  PROJECTED_DIRS.some((dir) => relative.startsWith(`${dir}/`));

export type AsideSinkOptions = {
  readonly fs: FileSystem;
  readonly home: string;
  readonly allowedRoots: readonly string[];
  readonly aside: string;
  readonly onRefused: (wanted: string) => void;
};

export const asideSink = ({ fs, home, allowedRoots, aside, onRefused }: AsideSinkOptions): FileSink =>
  fileSink({
    fs,
    home,
    allowedRoots,
    place: (relative) => (isProjected(relative) ? `${aside}/new/${relative}` : `${home}/${relative}`),
    unseen: (file) => file.startsWith(`${aside}/`),
    onRefused,
  });
