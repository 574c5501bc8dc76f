/** `--reason`: kept with the run for ever, so a secret in it is replaced first, as in every recorded text. */
import type { OpenHome } from '../engine/open-home.ts';
import { type Invocation, option } from './verb.ts';

export function redactedReason(invocation: Invocation, home: OpenHome): string | undefined {
  const reason = option(invocation, 'reason');
  return reason === undefined ? undefined : home.ports.redact(reason).text;
}
