/** Who was told of a run's stop, or why nobody was: a line each. */
import type { Told } from '../../engine/ports.ts';
import { safe } from './text.ts';

export const toldLines = (told: readonly Told[]): string =>
  told.map((one) => `  told      ${toldText(one)}\n`).join('');

export function toldText({ status, targets, error = '' }: Omit<Told, 'on'>): string {
  const to = safe(targets.join(', '));
  switch (status) {
    case 'sent':
      return to;
    case 'failed':
      return `not ${to}: ${safe(error)}`;
    case 'in-doubt':
      return `perhaps ${to}: ${safe(error)}`;
    case 'skipped':
      return `nobody: "messages" in config.json has no ${to}`;
  }
}
