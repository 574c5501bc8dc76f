/**
 * `wf help`: the verbs by what a person wants, at most twenty, and the first command for each who comes here. Rare
 * verbs stand in `wf help all`. Made from the table of verbs, so that it never lags behind.
 */
import type { HelpGroup, VerbSpec } from '../verb.ts';

const COLUMNS = 80;
const NAME_COLUMNS = 12;

const GROUPS: readonly (readonly [HelpGroup, string])[] = [
  ['Start', 'Do'],
  ['See', 'Look'],
  ['Decide', 'Answer'],
  ['Build', 'Change'],
  ['Operate', 'Keep going, repair'],
];

const FIRST: readonly (readonly [who: string, command: string, what: string])[] = [
  ['new here', 'wf run autonomous-e2e --input "…"', 'then: wf show last'],
  ['with an assistant', 'wf connect agent claude --auto', 'then: wf run …'],
  ['a workflow to adapt', 'wf init', 'the templates there are'],
  ['for a team', 'wf inbox', 'what waits for answers'],
  ['a program, an agent', 'wf … --json', 'one value, an exit code'],
  ['looking after it', 'wf doctor', 'what is wrong with it'],
];

/** @param all every verb, each with its own words */
export function helpScreen(verbs: readonly VerbSpec[], all: boolean): string {
  const shown = verbs.filter(({ name }) => !name.startsWith('__'));
  const groups: readonly (readonly [HelpGroup, string])[] = all ? [...GROUPS, ['hidden', 'Rarely']] : GROUPS;
  const parts = groups.map(([group, title]) => {
    const own = shown.filter((verb) => verb.group === group);
    const rows = all ? own.map(({ name, summary }) => [name, summary] as const) : byFirstWord(own);
    const width = all ? Math.max(...shown.map(({ name }) => name.length)) : NAME_COLUMNS;
    return `${title}\n${rows.map(([name, text]) => row(name, text, width)).join('')}`;
  });
  const first = all
    ? ''
    : `\nFirst commands\n${FIRST.map(([who, command, what]) => `  ${who.padEnd(19)} ${command.padEnd(33)} ${what}\n`).join('')}`;
  return (
    'wf: staged workflows for unattended assistants.\n' +
    'Done once, nothing lost, risky work asked first.\n\n' +
    'Without a verb: what is going on, and what waits for you.\n\n' +
    `${parts.join('\n')}${first}\n` +
    `One verb: wf help VERB${all ? '' : '     every verb: wf help all'}\n` +
    'Every verb takes --json (one JSON value) and --home DIR (else $WF_HOME,\n' +
    '$OPENCLAW_ROOT/workflows, ~/.openclaw/workflows).\n'
  );
}

/** Verbs of two words as one row that names the second ones. */
function byFirstWord(verbs: readonly VerbSpec[]): readonly (readonly [string, string])[] {
  const rows = new Map<string, string>();
  for (const { name, summary } of verbs) {
    const [first = '', second] = name.split(' ');
    const before = rows.get(first);
    rows.set(first, second === undefined ? summary : before === undefined ? second : `${before}, ${second}`);
  }
  return [...rows];
}

function row(name: string, text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS - width - 3)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, i) => `  ${(i === 0 ? name : '').padEnd(width)} ${line}\n`).join('');
}
