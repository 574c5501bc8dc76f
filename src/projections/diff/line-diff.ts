/** Which lines of a text went and which came: the shortest such list (longest common subsequence). */

export type DiffLine = { readonly mark: ' ' | '-' | '+'; readonly text: string };

/** Above this many cells of the table, what lies between the common ends is told as gone and come, whole. */
const MOST_CELLS = 4_000_000;

export function lineDiff(a: string, b: string): readonly DiffLine[] {
  const [left, right] = [linesOf(a), linesOf(b)];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (
    tail < left.length - head &&
    tail < right.length - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  )
    tail += 1;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ mark: ' ', text }));
  return [
    ...same(left.slice(0, head)),
    ...middle(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...same(left.slice(left.length - tail)),
  ];
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  const width = b.length + 1;
  const isSmall = (a.length + 1) * width <= MOST_CELLS;
  /** longest[i * width + j]: how many lines the rests of both from i and j on have in common, in order. */
  const longest = new Uint32Array(isSmall ? (a.length + 1) * width : 0);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  if (isSmall)
    for (let i = a.length - 1; i >= 0; i--)
      for (let j = b.length - 1; j >= 0; j--)
        longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (isSmall && left !== undefined && left === right) {
      lines.push({ mark: ' ', text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: left });
      i += 1;
    } else {
      lines.push({ mark: '+', text: right ?? '' });
      j += 1;
    }
  }
  return lines;
}
