/**
 * `wf __complete SHELL WORD…`: what a completion script asks at each TAB. A line for each word that fits, with a tab
 * and what it is where the shell shows that; `:files` or `:folders` where the shell knows better. It never fails, and
 * never prints a word that a shell could take for more than a word.
 */
import { ExitCode } from '../errors.ts';
import { resolveHome } from '../home/paths.ts';
import { type Asked, type Candidate, whatIsAsked } from './completion/asked.ts';
import { namesOf } from './completion/names.ts';
import type { Invocation } from './verb.ts';
import { VERBS } from './verbs.ts';

/** Ids, verbs and options: no blank, quote, dollar or other sign of a shell in it. */
const PLAIN = /^[A-Za-z0-9_.-]+$/;

export async function run({ args, env, packageDir, io }: Invocation): Promise<ExitCode> {
  const [shell = '', ...typed] = args;
  try {
    const words = shell === 'bash' ? joined(typed) : typed;
    const asked = whatIsAsked(words, VERBS);
    const lines = answer(asked, {
      home: resolveHome({ flag: asked.home, env }),
      bundledDir: `${packageDir}/definitions`,
    });
    // bash cuts words at "=" and puts only the part after it in.
    const before = shell === 'bash' ? '' : asked.before;
    const about = (text: string): string => (shell === 'bash' || text === '' ? '' : `\t${text}`);
    io.out(
      typeof lines === 'string'
        ? `${lines}\n`
        : lines.map((one) => `${before}${one.value}${about(one.about)}\n`).join(''),
    );
  } catch {
    // Half a command line, a home that cannot be: there is nothing to offer.
  }
  return ExitCode.ok;
}

function answer(
  { typed, fixed, sources }: Asked,
  places: { readonly home: string; readonly bundledDir: string },
): string | readonly Candidate[] {
  const wanted = typed.toLowerCase();
  const found = [...fixed];
  const paths: string[] = [];
  for (const source of sources) {
    if (source === 'files' || source === 'folders') paths.push(`:${source}`);
    else found.push(...namesOf(source, typed, places));
  }
  const fitting = found.filter(({ value }) => PLAIN.test(value) && value.toLowerCase().startsWith(wanted));
  return fitting.length === 0 ? (paths[0] ?? []) : fitting;
}

/** `--status=fa` comes as three words, its `=` being one. */
function joined(words: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const [i, word] of words.entries()) {
    const option = whole.at(-1);
    if (word === '=' && option?.startsWith('--') === true) whole.push(`${whole.pop()}=`);
    else if (words[i - 1] === '=' && option?.endsWith('=') === true) whole.push(`${whole.pop()}${word}`);
    else whole.push(word);
  }
  return whole;
}
