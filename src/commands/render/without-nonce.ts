/** The state of a run without the one-time words of its briefs: only who was handed a brief may know its word. */
import type { Text } from '../../events/envelope.ts';
import type { Effect, RunState } from '../../workflow/state.ts';

const HIDDEN = '[nonce]';

export function withoutNonce(run: RunState): RunState {
  return { ...run, effects: run.effects.map(hide) };
}

function hide(effect: Effect): Effect {
  const { nonce, preview, ...rest } = effect;
  return nonce === undefined ? effect : { ...rest, preview: hideIn(preview, nonce) };
}

const hideIn = (text: Text, nonce: string): Text =>
  typeof text === 'string'
    ? text.replaceAll(nonce, HIDDEN)
    : { ...text, preview: text.preview.replaceAll(nonce, HIDDEN) };
