/** The nearest known word to a mistyped one. Only ever a suggestion: nothing is corrected silently. */

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
};

/** Longer words are compared by their beginning only: the cost is the product of both lengths. */
const MAX_COMPARED = 64;

const distance = (word: string, candidate: string): number => {
  const a = word.toLowerCase().slice(0, MAX_COMPARED);
  const b = candidate.toLowerCase().slice(0, MAX_COMPARED);
  if (a === b) return 0;
  // `maxAttempt` for `maxAttempts`, `backoffMs` for `backoff`: a shared beginning is nearer than its edits say.
  if (a.length >= 3 && b.length >= 3 && (a.startsWith(b) || b.startsWith(a))) return 1;
  return editDistance(a, b);
};

/** The candidates, nearest first; equally near ones keep their order. */
export const byNearness = (word: string, candidates: readonly string[]): string[] =>
  candidates
    .map((candidate) => ({ candidate, edits: distance(word, candidate) }))
    .sort((a, b) => a.edits - b.edits)
    .map(({ candidate }) => candidate);

/** The candidate that was probably meant, if one is near enough. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  const [first] = byNearness(word, candidates);
  if (first === undefined) return undefined;
  return distance(word, first) <= Math.max(1, Math.floor(word.length / 3)) ? first : undefined;
};
