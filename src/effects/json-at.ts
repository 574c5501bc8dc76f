/** Looks into a JSON answer at a path of keys with dots between them; whatever is not there is undefined. */
export function jsonAt(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[key];
  }
  return current;
}

/** The whole text as one JSON value, else its last line that is one (a stream of JSON lines); else undefined. */
export function lastJson(text: string): unknown {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  for (const line of text.split('\n').toReversed()) {
    const value = line.startsWith('{') ? parsed(line) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
