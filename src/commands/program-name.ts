/**
 * The program as the next commands on a screen must name it: with the home, when this command line named one.
 * A printed command that forgets `--home` would look into another home and find nothing.
 */
import { homeDir } from './home-dir.ts';
import { type Invocation, option } from './verb.ts';
import { VERB_WORDS } from './verb-words.ts';

/** `wf`, or `wf --home DIR` with the absolute folder, quoted for a shell where that is needed. */
export function programName(invocation: Pick<Invocation, 'options' | 'env'>): string {
  const given = option(invocation, 'home');
  return given === undefined || given === '' ? 'wf' : `wf --home ${shellQuoted(homeDir(invocation))}`;
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

export const shellQuoted = (word: string): string =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Our own sentences about what to do next, which name commands as `wf VERB …`. Never for a text of somebody else:
 * that is shown as it is.
 */
export function nameHome(hint: string, program: string): string {
  if (program === 'wf') return hint;
  return hint.replace(/(?<![\w./-])wf (?=([a-z-]+))/g, (found, verb: string) =>
    VERB_WORDS.has(verb) ? `${program} ` : found,
  );
}
