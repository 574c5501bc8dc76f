/**
 * Whether numbers of one group tend to be greater than those of another: the Mann–Whitney U test by its normal
 * approximation, with the correction for ties (H. B. Mann, D. R. Whitney, Ann. Math. Stat. 18, 1947; W. H. Kruskal,
 * W. A. Wallis, J. Am. Stat. Assoc. 47, 1952). It goes by ranks, so that one run of three days moves it no more than
 * any other long one; of noughts and ones (failed or not) it compares the shares.
 */

/** @returns z: above 0 where `b` tends to be greater; beyond ±1.645, chance alone does so once in 20 times */
export function rankShift(a: readonly number[], b: readonly number[]): number {
  const n = a.length + b.length;
  if (a.length === 0 || b.length === 0) return 0;
  const all = [...a.map((value) => ({ value, isB: false })), ...b.map((value) => ({ value, isB: true }))];
  all.sort((x, y) => x.value - y.value);
  let rankSumOfB = 0;
  let ties = 0;
  for (let from = 0; from < n; ) {
    let to = from;
    while (to < n && all[to]?.value === all[from]?.value) to += 1;
    const same = to - from;
    const rank = (from + 1 + to) / 2;
    rankSumOfB += rank * all.slice(from, to).filter(({ isB }) => isB).length;
    ties += same ** 3 - same;
    from = to;
  }
  const u = rankSumOfB - (b.length * (b.length + 1)) / 2;
  const product = a.length * b.length;
  const variance = (product / 12) * (n + 1 - ties / (n * (n - 1)));
  return variance <= 0 ? 0 : (u - product / 2) / Math.sqrt(variance);
}
