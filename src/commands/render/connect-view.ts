/** What is connected, and what a change to config.json would change, for people and for `--json`. */
import type { Config, MessageConfig } from '../../home/config.ts';
import { safe } from './text.ts';

export type Connection = {
  readonly kind: 'openclaw' | 'agent' | 'message';
  readonly name: string;
  /** Program, or where it goes. */
  readonly detail: string;
  /** Whether steps that leave their dispatcher open may go there. */
  readonly auto: boolean;
};

export const connectionsOf = ({ openclaw, agents, messages }: Config): readonly Connection[] => [
  ...(openclaw === undefined
    ? []
    : [
        {
          kind: 'openclaw' as const,
          name: openclaw.agent ?? 'personal-assistant',
          detail: 'cron',
          auto: true,
        },
      ]),
  ...[...agents].map(([name, { command, auto }]) => ({
    kind: 'agent' as const,
    name,
    detail: command,
    auto,
  })),
  ...[...messages].map(([name, target]) => ({
    kind: 'message' as const,
    name,
    detail: placeOf(target),
    auto: false,
  })),
];

function placeOf(target: MessageConfig): string {
  switch (target.via) {
    case 'command':
      return target.command;
    case 'openclaw':
      return `openclaw, ${target.channel}`;
    case 'desktop':
      return 'a note on this desktop';
  }
}

export const connectionLine = ({ kind, name, detail, auto }: Connection): string =>
  `  ${kind.padEnd(9)} ${safe(name).padEnd(20)} ${safe(detail)}${auto ? '   auto' : ''}\n`;

/** The lines that differ, `- ` and `+ `, between the ones that both begin and end with. */
export function changedLines(before: string, after: string): readonly string[] {
  const [a, b] = [before, after].map((text) => text.split('\n')) as [string[], string[]];
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let end = 0;
  while (end < a.length - from && end < b.length - from && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [
    ...a.slice(from, a.length - end).map((line) => `- ${line}`),
    ...b.slice(from, b.length - end).map((line) => `+ ${line}`),
  ];
}
