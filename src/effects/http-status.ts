/**
 * What a status says about whether the request was carried out, by RFC 9110 (and 6585, 8470): never more than the
 * status promises.
 */

export type Meaning =
  | 'done'
  /** Not carried out, and the same request again would fare the same. */
  | 'refused'
  /** Not carried out; later it may be. */
  | 'later'
  | 'redirect'
  /** An error that says nothing about how far it came; it is not repeated by itself. */
  | 'failed'
  /** The server broke down over it. */
  | 'in-doubt';

/** "Has not been applied", "refuses to fulfil", "cannot or will not process": nothing was carried out. */
const REFUSED: readonly number[] = [400, 401, 403, 404, 405, 411, 413, 414, 415, 421, 422, 431];
/** 408: it did not come in whole. 425: refused for now. 429: too many for now. */
const LATER: readonly number[] = [408, 425, 429];

/** @param declared statuses that the definition takes for "nothing was done" */
export function meaningOf(status: number, declared: readonly number[]): Meaning {
  if (declared.includes(status) || LATER.includes(status)) return 'later';
  if (REFUSED.includes(status)) return 'refused';
  if (status >= 200 && status < 300) return 'done';
  if (status >= 300 && status < 400) return 'redirect';
  return status >= 400 && status < 500 ? 'failed' : 'in-doubt';
}

/**
 * A `Retry-After` in milliseconds: seconds, or a date, which counts from the server's own `date` where it sent one.
 * @returns undefined where it says nothing
 */
export function retryAfterMs(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const pauseMs = Date.parse(value) - Date.parse(date ?? '');
  return Number.isFinite(pauseMs) && pauseMs > 0 ? pauseMs : undefined;
}
