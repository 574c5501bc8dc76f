/** What another definition would change, for people: how often each thing, and the first runs line by line. */
import type { DiffLine } from '../../projections/diff/line-diff.ts';
import type { Change, ChangeKind } from '../../workflow/replay/preflight.ts';
import { hunks } from './diff-text.ts';
import { oneLine, safe } from './text.ts';

export type PreflightRun = {
  readonly runId: string;
  readonly task: string;
  readonly createdAt: string;
  readonly changes: readonly (Omit<Change, 'step'> & {
    readonly step: string | null;
    readonly lines: readonly DiffLine[];
  })[];
};

export type PreflightView = {
  readonly schema: 'wf.preflight/1';
  readonly definition: { readonly id: string; readonly file: string; readonly hash: string };
  /** That were decided again. */
  readonly runs: number;
  readonly same: number;
  /** Runs in which it would be another one. */
  readonly changed: Readonly<Record<ChangeKind, number>>;
  /** Newest first, at most 20. */
  readonly differing: readonly PreflightRun[];
  readonly leftOut: readonly { readonly runId: string; readonly reason: string }[];
};

const SHOWN = 3;
const WIDTH = 80;
const NAMES: Readonly<Record<ChangeKind, string>> = {
  input: 'request refused',
  key: 'key',
  route: 'route',
  risk: 'risk',
  approvals: 'questions asked',
  dispatcher: 'who does it',
  message: 'message',
  end: 'how it ends',
};

export function preflightText({
  definition,
  runs,
  same,
  changed,
  differing,
  leftOut,
}: PreflightView): string {
  const by = `${safe(definition.id)} (${definition.hash.slice(0, 12)})`;
  const missing = leftOut.map(({ runId, reason }) => `  left out: run ${runId}: ${oneLine(reason, WIDTH)}\n`);
  if (runs === 0)
    return `? there is no run of ${safe(definition.id)} that could be decided again by it.\n${missing.join('')}`;
  const head = `${runs === 1 ? 'the newest run' : `the newest ${runs} runs`}, decided again by ${by}`;
  const end = `${missing.join('')}Nothing was performed. What the records do not have is taken to end well.\n`;
  if (same === runs) return `= ${head}: nothing would change.\n${end}`;
  const counts = (Object.entries(changed) as [ChangeKind, number][])
    .filter(([, n]) => n > 0)
    .map(([what, n]) => `${NAMES[what]} in ${n}`);
  const shown = differing.slice(0, SHOWN).map(runText);
  const more = runs - same - shown.length;
  return (
    `* ${head}: ${runs - same} would go another way, ${same} would not.\n  ${counts.join(', ')}\n` +
    `${shown.map((text) => `\n${text}`).join('')}${more > 0 ? `\nand ${more} more (--json has the first 20)\n` : ''}\n${end}`
  );
}

function runText({ runId, task, changes }: PreflightRun): string {
  const lines = changes.map(({ what, step, before, after, lines: diff }) => {
    const name = step === null ? NAMES[what] : `${NAMES[what]} of ${step}`;
    if (diff.length > 0 && before !== null && after !== null)
      return `  ${safe(name)} (- as it was, + as it would be)\n${hunks(diff).replace(/^/gm, '  ').trimEnd()}\n`;
    return `  ${safe(name)}: ${words(before)} -> ${words(after)}\n`;
  });
  return `run ${runId}  ${oneLine(task, WIDTH)}\n${lines.join('')}`;
}

const words = (text: string | null): string => (text === null ? 'none' : oneLine(text, WIDTH));
