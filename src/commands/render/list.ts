/** Lists as `--json` shows them: one value, whose items say what they are. */
import type { Invocation } from '../verb.ts';

export type ListKind = 'runs' | 'inbox' | 'definitions' | 'tools' | 'feedback';

export const listView = <T>(kind: ListKind, items: readonly T[]) => ({
  schema: 'wf.list/1' as const,
  kind,
  items,
});

export const printJson = (invocation: Invocation, value: object): void =>
  invocation.io.out(`${JSON.stringify(value)}\n`);
