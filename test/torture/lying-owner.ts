/**
 * Stands in for src/effects/owner.ts in dist-torture/: with `WF_OWNER_GONE` in the environment every other process of
 * this host is called gone, as it would be by a wrong guess. What is left then is the epoch in the log.
 */
import { ownerState as realOwnerState, thisOwner } from '../../src/effects/owner.ts';
import type { Owner } from '../../src/events/shared.ts';

export { type OwnerState, thisOwner } from '../../src/effects/owner.ts';

export function ownerState(owner: Owner): ReturnType<typeof realOwnerState> {
  const lies = process.env.WF_OWNER_GONE !== undefined && owner.pid !== thisOwner().pid;
  return lies ? 'gone' : realOwnerState(owner);
}
