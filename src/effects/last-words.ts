/** What a child said and how it ended, in the form the log keeps: redacted, and absent when empty. */
import type { Output } from '../workflow/effects.ts';
import type { ChildEnd } from './child.ts';

export type Redact = (text: string) => { readonly text: string; readonly count: number };

const LONGEST_REASON_CHARS = 300;

/** Redaction comes before anything is derived from the output, so that no message quotes a secret. */
export function outputOf(end: ChildEnd, redact: Redact): Output {
  const stdout = redact(end.stdout).text;
  const stderr = redact(end.stderr).text;
  return {
    ...(stdout === '' ? {} : { stdout }),
    ...(stderr === '' ? {} : { stderr }),
    ...(end.truncated ? { truncated: true } : {}),
  };
}

/** The last line that is not blank: where programs say why they gave up. */
export function lastLine(text: string | undefined): string {
  const trimmed = (text ?? '').trimEnd();
  const line = trimmed.slice(trimmed.lastIndexOf('\n') + 1).trim();
  return line.length <= LONGEST_REASON_CHARS ? line : `${line.slice(0, LONGEST_REASON_CHARS)}…`;
}
