/** What doctor found, for people: a line each, and under it where, why it matters, and what to do next. */
import { safe } from '../render/text.ts';
import type { Finding, Severity } from './findings.ts';

const MARKS: Readonly<Record<Severity, string>> = { ok: '✓', warning: '!', problem: '✗' };
const ID_COLUMNS = 16;

/** @param shown how a path is shown */
export function doctorText(
  home: string,
  findings: readonly Finding[],
  shown: (path: string) => string,
): string {
  const lines = findings.map((finding) => {
    const { id, severity, message, where, why, fix, fixed } = finding;
    const isOk = severity === 'ok';
    const under = (word: string, text: string | undefined): string =>
      text === undefined || text === '' ? '' : `      ${word.padEnd(6)} ${safe(text)}\n`;
    return [
      `  ${MARKS[severity]} ${id.padEnd(ID_COLUMNS)} ${safe(message)}\n`,
      under('at', isOk || where === undefined ? undefined : shown(where)),
      under('why', isOk ? undefined : why),
      under('next', isOk ? undefined : fix),
      under('fixed', fixed),
    ].join('');
  });
  const counts = (['problem', 'warning'] as const).flatMap((severity) => {
    const n = findings.filter((finding) => finding.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`];
  });
  const end = counts.length === 0 ? 'Everything is in order.' : `${counts.join(', ')}.`;
  return `home ${shown(home)}\n${lines.join('')}\n${end}\n`;
}
