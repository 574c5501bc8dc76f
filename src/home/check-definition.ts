/** Every check of a definition's content, those of schedules included, which need the machine's timezone data. */
import type { Finding } from '../workflow/finding.ts';
import { listOf, own } from '../workflow/raw-value.ts';
import { type CheckOptions, checkDefinition, hasErrors } from '../workflow/validate-definition.ts';

export async function checkWhole(raw: unknown, options: CheckOptions): Promise<readonly Finding[]> {
  const findings = checkDefinition(raw, options);
  if (hasErrors(findings) || listOf(own(raw, 'schedules')).length === 0) return findings;
  const { checkSchedules } = await import('./check-schedules.ts');
  return [...findings, ...checkSchedules(raw)];
}
