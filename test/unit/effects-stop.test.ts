/** The stop signal, held to the AbortController that it stands in for. */
import { describe, expect, test } from 'vitest';
import { type Stopper, stopper } from '../../src/effects/stop.ts';

describe.each<[string, () => Stopper]>([
  ['ours', stopper],
  ["the platform's", () => new AbortController()],
])('%s', (_name, make) => {
  test('everybody who listens hears it once, in order, and it stays said', () => {
    const stop = make();
    const heard: string[] = [];
    stop.signal.addEventListener('abort', () => heard.push(`first ${stop.signal.aborted}`), { once: true });
    stop.signal.addEventListener('abort', () => heard.push('second'));
    expect(stop.signal.aborted).toBe(false);
    stop.abort();
    stop.abort();
    expect(heard).toEqual(['first true', 'second']);
    expect(stop.signal.aborted).toBe(true);
  });

  test('who no longer listens, or begins too late, hears nothing', () => {
    const stop = make();
    const heard: string[] = [];
    const gone = (): void => void heard.push('gone');
    stop.signal.addEventListener('abort', gone);
    stop.signal.removeEventListener('abort', gone);
    stop.abort();
    stop.signal.addEventListener('abort', () => heard.push('late'));
    stop.abort();
    expect(heard).toEqual([]);
  });

  test('a listener given twice is called once, and may stop listening while it is called', () => {
    const stop = make();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
      stop.signal.removeEventListener('abort', listener);
    };
    stop.signal.addEventListener('abort', listener);
    stop.signal.addEventListener('abort', listener);
    stop.abort();
    expect(calls).toBe(1);
  });
});
