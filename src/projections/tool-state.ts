/** The fold of one tool's stream on one host: the commands it is configured with, and who is at work on it. */
import type { Owner } from '../events/shared.ts';
import type { ToolEvent } from '../events/tool-events.ts';

export type ToolState = {
  readonly version: number;
  /** Commands that succeeded since the last reset, oldest first. */
  readonly hashes: readonly { readonly hash: string; readonly at: string }[];
  /** A bootstrap that has neither succeeded nor failed; its owner may be gone. */
  readonly pending: { readonly commandHash: string; readonly owner: Owner; readonly at: string } | null;
  readonly lastError: string | null;
};

export const noTool: ToolState = { version: 0, hashes: [], pending: null, lastError: null };

type FoldableToolEvent = ToolEvent & { readonly streamVersion: number; readonly ts: string };

export function evolveTool(state: ToolState, event: FoldableToolEvent): ToolState {
  const version = event.streamVersion;
  switch (event.type) {
    case 'ToolBootstrapStarted': {
      const { commandHash, owner } = event.data;
      return { ...state, version, pending: { commandHash, owner, at: event.ts } };
    }
    case 'ToolBootstrapped': {
      const { commandHash } = event.data;
      const hashes = [...without(state, commandHash), { hash: commandHash, at: event.ts }];
      return { version, hashes, pending: null, lastError: null };
    }
    case 'ToolBootstrapFailed':
      // This command no longer counts as done; what other commands did before still stands.
      return {
        version,
        hashes: without(state, event.data.commandHash),
        pending: null,
        lastError: event.data.error.message,
      };
    case 'ToolImported':
      // A marker without a command: nothing of ours may rely on it.
      return { ...state, version };
    case 'ToolReset':
      // Whoever is still at work on it records an end of his own.
      return { ...state, version, hashes: [], lastError: null };
  }
}

const without = (state: ToolState, hash: string): ToolState['hashes'] =>
  state.hashes.filter((entry) => entry.hash !== hash);
