/**
 * What would change if a workflow had another definition: one recorded run decided by the definition it ran with and by
 * the other one, with the same request and the same answers, and what comes out otherwise.
 */
import { isRefusal, type Refusal } from '../../errors.ts';
import type { RunContext } from '../context.ts';
import type { FoldableEvent } from '../evolve.ts';
import { requestKey } from '../request-key.ts';
import type { RunState } from '../state.ts';
import { type ForetoldMessage, foretell } from './foretell.ts';

export const CHANGE_KINDS = [
  'input',
  'key',
  'route',
  'risk',
  'approvals',
  'dispatcher',
  'message',
  'end',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export type Change = {
  readonly what: ChangeKind;
  /** Of a dispatcher or message. */
  readonly step?: string;
  /** Null where there was none. */
  readonly before: string | null;
  readonly after: string | null;
};

/** @param by the other definition; a refusal where it would not take the request at all */
export function preflight(
  ranWith: RunContext,
  by: RunContext | Refusal,
  run: RunState,
  events: readonly FoldableEvent[],
): readonly Change[] {
  if (isRefusal(by)) return [{ what: 'input', before: 'taken', after: `refused: ${by.message}` }];
  const a = foretell(ranWith, run, events);
  const b = foretell(by, run, events);
  const steps = [...new Set([...a.messages, ...b.messages].map(({ step }) => step))];
  return [
    change('key', keyOf(ranWith, run), keyOf(by, run, ranWith)),
    change('route', a.route, b.route),
    change('risk', a.risk, b.risk),
    change('approvals', a.approvals.join(', ') || 'none', b.approvals.join(', ') || 'none'),
    ...steps.flatMap((step) => {
      const [was, is] = [firstOf(a.messages, step), firstOf(b.messages, step)];
      return [
        change('dispatcher', whoOf(was), whoOf(is), step),
        change('message', was?.text ?? null, is?.text ?? null, step),
      ];
    }),
    change('end', a.end, b.end),
  ].filter((one): one is Change => one !== null);
}

function change(what: ChangeKind, before: string | null, after: string | null, step?: string): Change | null {
  if (before === after) return null;
  return { what, ...(step === undefined ? {} : { step }), before, after };
}

/** Later attempts say the same as the first. */
const firstOf = (messages: readonly ForetoldMessage[], step: string): ForetoldMessage | undefined =>
  messages.find((message) => message.step === step);

const whoOf = (message: ForetoldMessage | undefined): string | null =>
  message === undefined
    ? null
    : `${message.dispatcher}${message.target === null ? '' : ` ${message.target}`}`;

/** The text behind the key. A key that was given with the request, or made of what was redacted since, stays as it is. */
function keyOf(context: RunContext, run: RunState, ranWith = context): string {
  const today = run.createdAt.slice(0, 10);
  const own = context.sha256(requestKey(ranWith.definition, ranWith.input, today));
  return own === run.key ? requestKey(context.definition, context.input, today) : run.key;
}
