/** What improvements did, for people: both samples with their counts, and no word more than they carry. */
import { type Comparison, type Effect, MIN_SAMPLE, type Sample } from '../../workflow/improve/effect.ts';
import { duration, minute, safe, table } from './text.ts';

export type EffectItem = Effect & {
  readonly improvementId: string;
  readonly workflowId: string;
  /** ISO 8601. */
  readonly appliedAt: string;
  readonly changes: readonly string[];
  /** `edited`: a person has changed what it put into the definition, which is then left alone. */
  readonly state: 'in-force' | 'taken-back' | 'edited';
  readonly takenBackBecause: string | null;
};

export function effectText(items: readonly EffectItem[], wf: string): string {
  if (items.length === 0)
    return `No improvement was applied yet.\n\nSee what could be:  ${wf} feedback improve --workflow-id ID\n`;
  return `${items.map((item) => itemText(item, wf)).join('\n')}\n${RULE}`;
}

const RULE =
  'Before and after are runs by the definition they ran with, up to 100 on either side. A difference counts when\n' +
  `there are ${MIN_SAMPLE} on both sides and chance alone would show it in fewer than 1 of 20 cases (rank test).\n`;

function itemText(item: EffectItem, wf: string): string {
  const { before, after } = item;
  const rows = [
    ['', 'before', 'after', ''],
    ['score', score(before), score(after), words(item.score, before.rated, after.rated)],
    ['failed', failures(before), failures(after), words(item.failures, before.runs, after.runs)],
    ['duration', time(before), time(after), words(item.duration, before.timed, after.timed)],
  ].map((row) => ['  ', ...row]);
  return (
    `${safe(item.workflowId)}: improvement ${item.improvementId}, applied ${minute(item.appliedAt)} (UTC): ` +
    `${safe(item.changes.join(', '))}\n` +
    table(rows) +
    notes(item)
      .map((note) => `    ${safe(note)}\n`)
      .join('') +
    `  ${MARK[item.verdict]} ${verdict(item, wf)}\n`
  );
}

const score = ({ rated, meanScore }: Sample): string =>
  meanScore === null ? '-' : `${meanScore.toFixed(1)} (${rated} rated)`;
const failures = ({ runs, failed }: Sample): string =>
  runs === 0 ? '-' : `${failed} of ${runs} (${Math.round((100 * failed) / runs)} %)`;
const time = ({ timed, medianDurationMs }: Sample): string =>
  medianDurationMs === null ? '-' : `${duration(medianDurationMs)} (median of ${timed})`;

function words(comparison: Comparison, before: number, after: number): string {
  if (comparison === 'same') return 'no clear difference';
  if (comparison !== 'too-few') return comparison;
  // The smaller side is what is missing.
  const [n, which] = after <= before ? [after, 'after'] : [before, 'before'];
  return `too few to say: ${n} of ${MIN_SAMPLE} ${which}`;
}

function notes({ before, after, leftOut, state, takenBackBecause }: EffectItem): string[] {
  const versions = Math.max(before.versions, after.versions);
  return [
    ...(versions > 1
      ? [`The definition had ${versions} versions on one side: other changes play a part in this.`]
      : []),
    ...(leftOut > 0 ? [`${leftOut} run${leftOut === 1 ? '' : 's'} that fit neither side are left out.`] : []),
    ...(state === 'edited'
      ? ['What it put into the definition was edited by hand since: it is left to you.']
      : []),
    ...(takenBackBecause === null ? [] : [`It was taken back because ${takenBackBecause}`]),
  ];
}

const MARK: Readonly<Record<Comparison, string>> = { better: '●', worse: '✗', same: '=', 'too-few': '?' };

function verdict({ verdict: found, state, improvementId }: EffectItem, wf: string): string {
  const now = state === 'taken-back' ? '; it was taken back' : '';
  switch (found) {
    case 'better':
      return `runs with it are better${now}`;
    case 'worse':
      return `runs with it are worse${now}${state === 'in-force' ? `. Take it back: ${wf} feedback revert ${improvementId}` : ''}`;
    case 'same':
      return `no clear difference${now}`;
    case 'too-few':
      return `too few runs to say${now}`;
  }
}
