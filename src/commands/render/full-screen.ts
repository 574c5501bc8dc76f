/**
 * The whole terminal for one picture that changes. It is put back as it was by every way out: a key, a signal, an
 * error, the end of the process.
 */
import type { Io } from '../verb.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/** The last two: Ctrl-C and Ctrl-D. */
const ENDING_KEYS = ['q', 'Q', '\u0003', '\u0004'];

export type FullScreen = {
  /** Drawn over what is there, in one write, so that nothing flickers; what does not fit is cut. */
  show(lines: readonly string[]): void;
  rows(): number;
  close(): void;
};

/** @param onEnd q, Ctrl-C or Ctrl-D was typed. @param onResize the picture no longer fits */
export function openFullScreen(io: Io, onEnd: () => void, onResize: () => void): FullScreen {
  const { stdin, stdout } = process;
  let shown = '';
  let open = true;
  const onKeys = (keys: Buffer): void => {
    if (ENDING_KEYS.some((key) => keys.includes(key))) onEnd();
  };
  const resized = (): void => {
    shown = '';
    onResize();
  };
  const close = (): void => {
    if (!open) return;
    open = false;
    stdout.off('resize', resized);
    process.off('exit', close);
    if (stdin.isTTY) {
      stdin.off('data', onKeys);
      stdin.setRawMode(false);
      stdin.pause();
    }
    io.out(LEAVE);
  };
  io.out(ENTER);
  process.on('exit', close);
  stdout.on('resize', resized);
  if (stdin.isTTY) {
    // Ctrl-C comes as a key then, and no signal can leave the terminal without its echo.
    stdin.setRawMode(true);
    stdin.on('data', onKeys);
    stdin.resume();
  }
  return {
    show: (lines) => {
      const columns = stdout.columns || 80;
      const rows = lines
        .slice(0, stdout.rows || 24)
        .map((line) => (line.length < columns ? line : `${line.slice(0, columns - 2)}…`));
      const text = rows.map((line) => `${line}\u001b[K`).join('\r\n');
      if (text === shown) return;
      shown = text;
      io.out(`\u001b[H${text}\u001b[J`);
    },
    rows: () => stdout.rows || 24,
    close,
  };
}
