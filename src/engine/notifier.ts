/**
 * What a server tells people and its watchdog, beside its other work: a target that does not answer holds up nobody, and
 * one look at a time is enough.
 */
import { notifyDue } from './notify-due.ts';
import type { OpenHome } from './open-home.ts';
import { neverPinged, type PingState, pingDue } from './ping-due.ts';

type Home = Pick<OpenHome, 'ports' | 'index' | 'config'>;

export class Notifier {
  readonly #home: Home;
  #ping: PingState = neverPinged;
  #telling: Promise<void> | null = null;
  #pinging: Promise<void> | null = null;

  constructor(home: Home) {
    this.#home = home;
  }

  /** Begins what is due, unless it is still at the last look. @param nowMs milliseconds since 1970 */
  look(nowMs: number): void {
    this.#telling ??= this.#quietly(async () => {
      await notifyDue(this.#home, nowMs);
    }).finally(() => {
      this.#telling = null;
    });
    this.#pinging ??= this.#quietly(async () => {
      this.#ping = await pingDue(this.#home, this.#ping, nowMs);
    }).finally(() => {
      this.#pinging = null;
    });
  }

  /** Resolves when nobody is being told anything. */
  async settled(): Promise<void> {
    await Promise.all([this.#telling, this.#pinging]);
  }

  /** The log says what was not told; the next look tries again. */
  async #quietly(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#home.ports.onNotice?.(`nobody could be told: ${why}`);
    }
  }
}
