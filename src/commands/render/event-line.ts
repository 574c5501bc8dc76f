/** One event of the log on one line for people: what is short is shown, texts and one-time words are not. */
import type { StoredEvent } from '../../events/envelope.ts';
import { oneLine, safe } from './text.ts';

const DATA_COLUMNS = 100;
/** Long, random, or not for every screen; all of it stands in the log. */
const LEFT_OUT = new Set(['salt', 'nonce', 'preview', 'body', 'covers', 'input', 'stdout', 'stderr', 'text']);

export function eventLine(event: StoredEvent): string {
  const time = event.ts.slice(0, 19).replace('T', ' ');
  const stream = shortHashes(safe(event.stream));
  const head = `${String(event.seq).padStart(6)}  ${time}  ${stream.padEnd(32)}  ${safe(event.type).padEnd(20)}`;
  return `${`${head}  ${shortData(event)}`.trimEnd()}\n`;
}

/** 64 characters of hash say no more to a person than 12. */
const shortHashes = (text: string): string => text.replace(/([0-9a-f]{12})[0-9a-f]{52}/g, '$1…');

function shortData({ data, stream }: StoredEvent): string {
  const words: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    // What the stream's name says already is not said twice.
    if (LEFT_OUT.has(name) || (typeof value === 'string' && stream.endsWith(`/${value}`))) continue;
    words.push(`${name}=${typeof value === 'string' ? value : (JSON.stringify(value) ?? '')}`);
  }
  return oneLine(shortHashes(words.join(' ')), DATA_COLUMNS);
}
