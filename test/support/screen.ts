/**
 * What a terminal shows after it was sent some text: a small terminal, for the few sequences that `wf` sends. Any
 * other sequence is an error, so that none comes in unseen.
 */

export type Screen = {
  /** What is on the screen, or was left on the main one. */
  readonly text: string;
  /** Whether the cursor is to be seen, and the main screen is shown. */
  readonly restored: boolean;
};

const ESC = '\u001b';
const PART = new RegExp(`${ESC}\\[[?\\d;]*[A-Za-z]|[^]`, 'g');

/** @param columns a longer line goes on in the next row */
export function screenOf(sent: string, columns = 80): Screen {
  const main: string[] = [''];
  const other: string[] = [''];
  let rows = main;
  let row = 0;
  let column = 0;
  let cursor = true;
  const put = (char: string): void => {
    if (column >= columns) {
      row += 1;
      column = 0;
    }
    while (rows.length <= row) rows.push('');
    const line = (rows[row] ?? '').padEnd(column);
    rows[row] = line.slice(0, column) + char + line.slice(column + 1);
    column += 1;
  };
  let saved = { row: 0, column: 0 };
  for (const [part] of sent.matchAll(PART)) {
    if (!part.startsWith(ESC)) {
      if (part === '\n') row += 1;
      else if (part === '\r') column = 0;
      else put(part);
      continue;
    }
    switch (part.slice(2)) {
      case 'K':
        rows[row] = (rows[row] ?? '').slice(0, column);
        break;
      case 'J':
        rows[row] = (rows[row] ?? '').slice(0, column);
        rows.length = Math.min(rows.length, row + 1);
        break;
      case 'H':
        row = 0;
        column = 0;
        break;
      case '?1049h':
        saved = { row, column };
        rows = other;
        row = 0;
        column = 0;
        break;
      case '?1049l':
        rows = main;
        ({ row, column } = saved);
        break;
      case '?25l':
        cursor = false;
        break;
      case '?25h':
        cursor = true;
        break;
      default:
        throw new Error(`unknown sequence ${JSON.stringify(part)}`);
    }
  }
  return {
    text: rows.map((line) => (line ?? '').trimEnd()).join('\n'),
    restored: cursor && rows === main,
  };
}
