/**
 * The fake disk has to lose what was not synced and keep what was: a proof that stands on one which keeps everything
 * proves nothing.
 */
import { describe, expect, it } from 'vitest';
import type { CutDisk } from '../support/power-cut-disk.ts';
import { processOn } from '../support/power-cut-fs.ts';
import { findIno, type Machine, machine, makeDurableFolder } from '../support/power-cut-machine.ts';
import { eachChoice, partsOf, recordImages, seeded } from '../support/power-cut-states.ts';

const open = () => {
  const on = machine();
  makeDurableFolder(on, '/d');
  return { on, fs: processOn(on) };
};
const textAt = (disk: CutDisk, path: string): string | null => {
  const file = disk.files.get(findIno(disk, path) ?? 0);
  return file === undefined ? null : file.read(0, file.size).toString('latin1');
};
/** Every content the file may have after a cut; null = it has no name. */
const left = (on: Machine, path: string, block = 512): (string | null)[] => {
  const disks = eachChoice((choose) => on.disk.copy().afterCut(choose, block), 10_000, seeded(1));
  return [...new Set(Array.from(disks, (disk) => textAt(disk, path)))].sort();
};
const sector = (letter: string): string => letter.repeat(512);
const write = (on: ReturnType<typeof open>, path: string, text: string, flags: 'w' | 'a' = 'a'): number => {
  const fd = on.fs.openSync(path, flags);
  on.fs.writeSync(fd, Buffer.from(text), 0, text.length);
  return fd;
};
const synced = (path: string, text: string) => {
  const at = open();
  const fd = write(at, path, text);
  at.fs.fsyncSync(fd);
  at.fs.fsyncSync(at.fs.openSync('/d', 'r'));
  return { ...at, fd };
};

describe('after a power cut', () => {
  it('a synced file in a synced folder is there, whole', () => {
    const { on } = synced('/d/f', 'text');
    expect(left(on, '/d/f')).toEqual(['text']);
  });

  it('a synced file may be gone where the folder was not synced', () => {
    const at = open();
    at.fs.fsyncSync(write(at, '/d/f', 'text'));
    expect(left(at.on, '/d/f')).toEqual([null, 'text']);
  });

  it('each sector that was not synced is kept or zeros, and the length is lost or kept', () => {
    const at = synced('/d/f', sector('a'));
    at.fs.writeSync(at.fd, Buffer.from(sector('b') + sector('c')), 0, 1024);
    expect(left(at.on, '/d/f')).toEqual(
      [
        sector('a'),
        sector('a') + sector('\0') + sector('\0'),
        sector('a') + sector('\0') + sector('c'),
        sector('a') + sector('b') + sector('\0'),
        sector('a') + sector('b') + sector('c'),
      ].sort(),
    );
    // As a page they come together.
    expect(left(at.on, '/d/f', 4096)).toHaveLength(3);
  });

  it('what was durable in a sector stays when more is written into it', () => {
    const at = synced('/d/f', 'durable');
    at.fs.writeSync(at.fd, Buffer.from('+one'), 0, 4);
    at.fs.writeSync(at.fd, Buffer.from('+two'), 0, 4);
    const found = left(at.on, '/d/f') as string[];
    expect(found.every((text) => text.startsWith('durable'))).toBe(true);
    expect(found).toContain('durable+one\0\0\0\0');
    expect(found).toContain('durable+one+two');
    expect(found).toContain('durable');
  });

  it('a cut tail may be back, and what was written after it may have been lost', () => {
    const at = synced('/d/f', `keep${'x'.repeat(600)}`);
    at.fs.ftruncateSync(at.fd, 4);
    expect(left(at.on, '/d/f')).toContain('keep');
    expect(left(at.on, '/d/f')).toContain(`keep${'x'.repeat(600)}`);
    at.fs.fdatasyncSync(at.fd);
    expect(left(at.on, '/d/f')).toEqual(['keep']);
  });

  it('a write that was interrupted is there up to any byte', () => {
    const at = synced('/d/f', '');
    const recorded = recordImages(at.on, () => null);
    at.fs.writeSync(at.fd, Buffer.from('abcd'), 0, 4);
    recorded.stop();
    const first = recorded.images[0] as (typeof recorded.images)[number];
    expect(partsOf(first).map((disk) => textAt(disk, '/d/f'))).toEqual(['', 'a', 'ab', 'abc']);
    expect(textAt(recorded.images[1]?.disk as CutDisk, '/d/f')).toBe('abcd');
  });

  it('a rename is one change: the file has its old name or its new one, and replaces what was there only then', () => {
    const at = synced('/d/f', 'old');
    at.fs.fsyncSync(write(at, '/d/t', 'new'));
    at.fs.fsyncSync(at.fs.openSync('/d', 'r'));
    at.fs.renameSync('/d/t', '/d/f');
    const states = eachChoice((choose) => at.on.disk.afterCut(choose, 512), 100, seeded(1));
    expect(Array.from(states, (disk) => [textAt(disk, '/d/f'), textAt(disk, '/d/t')])).toEqual([
      ['new', null],
      ['old', 'new'],
    ]);
    at.fs.fsyncSync(at.fs.openSync('/d', 'r'));
    expect(left(at.on, '/d/f')).toEqual(['new']);
  });

  it('changes of different names are lost and kept in any combination, those of one name in their order', () => {
    const at = synced('/d/f', 'f');
    at.fs.renameSync('/d/f', '/d/g');
    at.fs.renameSync('/d/g', '/d/h');
    write(at, '/d/x', '');
    const states = eachChoice((choose) => at.on.disk.afterCut(choose, 512), 100, seeded(1));
    const found = Array.from(states, (disk) =>
      [...(disk.names(findIno(disk, '/d') ?? 0)?.keys() ?? [])].sort(),
    );
    expect(found.map((names) => names.join(''))).toEqual(['hx', 'h', 'gx', 'g', 'fx', 'f']);
  });

  it('a folder that was made and not synced in its own folder takes everything in it along', () => {
    const at = open();
    at.fs.mkdirSync('/d/new', { recursive: true, mode: 0o700 });
    at.fs.fsyncSync(write(at, '/d/new/f', 'text'));
    at.fs.fsyncSync(at.fs.openSync('/d/new', 'r'));
    expect(left(at.on, '/d/new/f')).toEqual([null, 'text']);
    at.fs.fsyncSync(at.fs.openSync('/d', 'r'));
    expect(left(at.on, '/d/new/f')).toEqual(['text']);
  });

  it('a file that was moved is not lost with the new folder it went to', () => {
    const at = synced('/d/f', 'text');
    at.fs.mkdirSync('/d/new', { recursive: true, mode: 0o700 });
    at.fs.renameSync('/d/f', '/d/new/f');
    const states = eachChoice((choose) => at.on.disk.afterCut(choose, 512), 100, seeded(1));
    for (const disk of states) expect(textAt(disk, '/d/f') ?? textAt(disk, '/d/new/f')).toBe('text');
  });

  it('a folder whose files may be back is back too', () => {
    const at = synced('/d/f', 'text');
    at.fs.mkdirSync('/d/sub', { recursive: true, mode: 0o700 });
    at.fs.renameSync('/d/f', '/d/sub/f');
    at.fs.fsyncSync(at.fs.openSync('/d/sub', 'r'));
    at.fs.rmSync('/d/sub', { recursive: true });
    expect(left(at.on, '/d/sub/f')).toEqual([null, 'text']);
  });
});

describe('after a failed sync', () => {
  const failing = (evicted: boolean) => {
    const at = synced('/d/f', sector('a'));
    at.fs.writeSync(at.fd, Buffer.from(sector('b')), 0, 512);
    const late = at.fs.openSync('/d/f', 'a');
    at.on.beforeCall = ({ name }) => (name === 'fdatasyncSync' ? { error: 'EIO', evicted } : undefined);
    expect(() => at.fs.fdatasyncSync(at.fd)).toThrow(expect.objectContaining({ code: 'EIO' }));
    at.on.beforeCall = () => undefined;
    return { ...at, late };
  };

  it('a later one that succeeds proves nothing for what it left out', () => {
    const at = failing(false);
    expect(() => at.fs.fdatasyncSync(at.late)).toThrow('EIO');
    at.fs.fdatasyncSync(at.fd);
    at.fs.fdatasyncSync(at.late);
    expect(at.fs.readFileSync('/d/f', 'utf8')).toBe(sector('a') + sector('b'));
    expect(left(at.on, '/d/f')).toContain(sector('a') + sector('\0'));
    expect(left(at.on, '/d/f')).toContain(sector('a') + sector('b'));
  });

  it('the dropped pages may be read as they are on the disk, and what comes after them is kept', () => {
    const at = failing(true);
    expect(at.fs.readFileSync('/d/f', 'utf8')).toBe(sector('a') + sector('\0'));
    at.fs.writeSync(at.late, Buffer.from('c'), 0, 1);
    expect(() => at.fs.fdatasyncSync(at.late)).toThrow('EIO');
    expect(left(at.on, '/d/f').every((text) => text?.endsWith('c') === true && text.length === 1025)).toBe(
      true,
    );
  });
});

describe('a disk that is full or faulty', () => {
  it('writes what fits and then refuses, as write(2) does', () => {
    const at = synced('/d/f', 'abc');
    at.on.disk.freeBytes = 2;
    expect(at.fs.writeSync(at.fd, Buffer.from('defg'), 0, 4)).toBe(2);
    expect(() => at.fs.writeSync(at.fd, Buffer.from('fg'), 0, 2)).toThrow('ENOSPC');
    expect(at.fs.readFileSync('/d/f', 'utf8')).toBe('abcde');
    at.fs.ftruncateSync(at.fd, 3);
    expect(at.on.disk.freeBytes).toBe(2);
  });

  it('fails or cuts short the call it is told to', () => {
    const at = synced('/d/f', 'abc');
    at.on.beforeCall = ({ name }) => (name === 'writeSync' ? { short: 1 } : undefined);
    expect(at.fs.writeSync(at.fd, Buffer.from('defg'), 0, 4)).toBe(1);
    at.on.beforeCall = ({ name }) => (name === 'renameSync' ? { error: 'EIO' } : undefined);
    expect(() => at.fs.renameSync('/d/f', '/d/g')).toThrow(expect.objectContaining({ code: 'EIO' }));
    expect(at.fs.existsSync('/d/f')).toBe(true);
  });
});
