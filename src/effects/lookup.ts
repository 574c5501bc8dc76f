/** Asks the receiver about an effect whose end nobody saw. `absent` is only said on a whole answer. */
import { assertNever } from '../errors.ts';
import type { DispatchEffect, LookupResult } from '../workflow/effects.ts';
import type { PerformDeps } from './launch.ts';
import { lookupOpenclaw } from './openclaw-dispatch.ts';

/** Never throws. Only meaningful once the effect's owner and its child are gone. */
export async function lookup(effect: DispatchEffect, deps: PerformDeps): Promise<LookupResult> {
  switch (effect.dispatcher) {
    case 'command':
      return { found: 'cannot-tell', reason: 'a command keeps no list of what it was asked to do' };
    case 'agent': {
      const { lookupAgent } = await import('./agent-dispatch.ts');
      return lookupAgent(effect, deps);
    }
    case 'http':
      return { found: 'cannot-tell', reason: 'the server cannot be asked what became of a request' };
    case 'message':
      return { found: 'cannot-tell', reason: 'nobody can be asked whether a message arrived' };
    case 'openclaw':
      return lookupOpenclaw(effect, deps);
    default:
      return assertNever(effect.dispatcher, 'dispatcher');
  }
}
