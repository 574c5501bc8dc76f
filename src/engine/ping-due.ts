/**
 * Tells a watchdog outside that this server lives. Whether it hears is its own business: a failure is recorded once,
 * until it is reached again, and stops nothing.
 */
import { sendOnce } from '../effects/http-send.ts';
import { SYSTEM_STREAM } from '../events/streams.ts';
import { ConflictError } from '../log/event-store.ts';
import type { OpenHome } from './open-home.ts';
import type { EnginePorts } from './ports.ts';

/** What a server keeps in memory between two looks. */
export type PingState = { readonly lastMs: number; readonly isFailing: boolean };

export const neverPinged: PingState = { lastMs: Number.NEGATIVE_INFINITY, isFailing: false };

const TIMEOUT_MS = 10_000;

/** @param nowMs milliseconds since 1970 @returns what to hand in the next time */
export async function pingDue(
  { ports, config }: Pick<OpenHome, 'ports' | 'config'>,
  before: PingState,
  nowMs: number,
): Promise<PingState> {
  const { ping } = config;
  if (ping === undefined || nowMs - before.lastMs < ping.everyMs) return before;
  const problem = await pingOnce(ping.url, ports);
  if (problem === null) {
    if (before.isFailing) ports.onNotice?.(`the watchdog at ${hostOf(ping.url)} is reached again`);
    return { lastMs: nowMs, isFailing: false };
  }
  if (!before.isFailing) {
    ports.onNotice?.(`the watchdog at ${hostOf(ping.url)} is not reached: ${problem.message}`);
    await record(ports, hostOf(ping.url), problem);
  }
  return { lastMs: nowMs, isFailing: true };
}

type Problem = { readonly code: string; readonly message: string };

async function pingOnce(url: string, { interrupts }: EnginePorts): Promise<Problem | null> {
  const end = await sendOnce({
    url,
    method: 'GET',
    headers: [],
    body: Buffer.alloc(0),
    timeoutMs: TIMEOUT_MS,
    signal: interrupts.stop,
    answerCapBytes: 1024,
  });
  if (end.end !== 'answered') return { code: end.code, message: end.code };
  if (end.status < 300) return null;
  return { code: `http-${end.status}`, message: `it answers with ${end.status}` };
}

/** The rest of the address is a secret with most of them. */
const hostOf = (url: string): string => new URL(url).host;

async function record({ store, newId }: EnginePorts, host: string, error: Problem): Promise<void> {
  for (;;) {
    try {
      const version = await store.headOf(SYSTEM_STREAM);
      await store.append(SYSTEM_STREAM, version, [{ type: 'PingFailed', data: { host, error } }], {
        commitId: newId(),
        durable: false,
      });
      return;
    } catch (failure) {
      if (!(failure instanceof ConflictError)) throw failure;
    }
  }
}
