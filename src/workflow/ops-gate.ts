/**
 * The seed's `OPS: ` prefix. An assistant takes it as the owner's go-ahead for operations, so the engine, and only
 * it, writes it: in front of what is dispatched on the ops route, after the gate. A user's own prefix is taken off
 * wherever text is dispatched, or a harmless-looking task could carry it past the gate.
 */
const OPS_ROUTE = 'ops';
const OPS_PREFIX = 'OPS: ';

/** Invisible characters and a full-width colon count as well: an assistant reads past them. */
export const withoutOps = (text: string): string =>
  !text.includes(':') && !text.includes('\uFF1A')
    ? text
    : text.replace(/^(?:[\s\p{Cf}]*OPS[\s\p{Cf}]*[:\uFF1A])+[\s\p{Cf}]*/iu, '');

export const opsGated = (route: string, text: string): string =>
  route === OPS_ROUTE ? `${OPS_PREFIX}${withoutOps(text)}` : withoutOps(text);
