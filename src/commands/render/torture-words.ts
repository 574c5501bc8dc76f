/** The words for where a step was killed and what became of it. */

import type { Outcome, Phase } from '../../engine/torture/judge.ts';
import { assertNever } from '../../errors.ts';

/** After "killed …". */
export const PHASE_TEXT: Readonly<Record<Phase, string>> = {
  before: 'before its turn',
  intended: 'right before its act',
  acting: 'in it',
  acted: 'right after it',
  recorded: 'once its end is on record',
};

export function crashText(phase: Phase, outcome: Outcome): string {
  if (phase === 'recorded' && outcome === 'once') return 'not performed again';
  if (phase === 'recorded' && outcome === 'queued') return 'not queued again';
  return outcomeText(outcome);
}

/** For a first attempt that went wrong, and nobody was killed. */
export const troubleText = (outcome: Outcome): string =>
  outcome === 'same-key' ? 'performed again by itself, with the same key' : outcomeText(outcome);

function outcomeText(outcome: Outcome): string {
  switch (outcome) {
    case 'once':
      return 'performed once, by whoever goes on';
    case 'queued':
      return 'queued once, by whoever goes on';
    case 'found':
      return 'the receiver is asked and has it: not sent again';
    case 'sent-after-asking':
      return 'the receiver is asked and does not have it: sent';
    case 'same-key':
      return 'performed again, with the same key';
    case 'waits':
      return 'waits for you: wf resolve RUN --sent or --not-sent';
    case 'fails':
      return 'the run fails; wf resume RUN makes the next attempt';
    case 'left-out':
      return 'the run goes on without it ("onError": "continue")';
    case 'tried-again':
      return 'tried again by itself';
    case 'repeats':
      return 'PERFORMED TWICE, and nobody is told';
    case 'vanishes':
      return 'NEVER PERFORMED, and nobody is told';
    default:
      return assertNever(outcome, 'outcome');
  }
}
