/**
 * classify: which route a task takes and how risky it is, by whole words (letters of any script), with the words
 * that decided it. The route with the most matched words wins, a tie goes to the higher risk, then to the earlier
 * one; a high-risk word raises whatever won; a requested route may raise the risk and never lowers it.
 */
import { type Refusal, refuse } from '../../errors.ts';
import type { Risk, StageOutputs } from '../../events/run-events.ts';
import type { Definition, Route } from '../definition.ts';
import type { RunInput } from './intake.ts';

type Classification = StageOutputs['classify'];
type Match = { readonly route: Route; readonly words: readonly string[] };

/**
 * Lower-case words: runs of letters, marks and digits. "postpone" is one word and not "post". Look-alike letters are
 * folded and invisible characters dropped first, or "de\u200Blete" would be no risky word.
 */
export const wordsOf = (text: string): readonly string[] =>
  isAscii(text) ? asciiWords(text) : wordsOfAnyScript(text);

const wordsOfAnyScript = (text: string): readonly string[] =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** The same for plain text, without the tables of all scripts, which a process builds when it first asks for them. */
const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);
const asciiWords = (text: string): readonly string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** Space-framed so that phrases of several words are found as whole words too. */
const framed = (text: string): string => ` ${wordsOf(text).join(' ')} `;

const found = (haystack: string, candidates: readonly string[]): readonly string[] =>
  candidates.filter((candidate) => {
    const needle = framed(candidate);
    return needle.trim() !== '' && haystack.includes(needle);
  });

const higher = (a: Risk, b: Risk): Risk => (a === 'high' || b === 'high' ? 'high' : 'low');

/**
 * @param requested a route named by the caller (`--route`)
 * @returns a refusal (exit 2) when the requested route does not exist
 */
export function classify(
  definition: Definition,
  input: RunInput,
  requested?: string,
): Classification | Refusal {
  const { routes, highRiskWords, fallback } = definition.classify;
  const task = framed(input.task);
  // Fields of a structured input can reach the message too, so a dangerous word in one counts as well.
  const everything = `${task}${[...input.fields.values()].map(framed).join('')}`;
  const dangerous = [...found(everything, highRiskWords)];
  const winner = best(routes.map((route) => ({ route, words: found(task, route.match) })));
  const natural = winner === null ? { name: fallback.name, risk: fallback.risk } : winner.route;
  const risk = higher(natural.risk, dangerous.length > 0 ? 'high' : 'low');
  if (requested === undefined) {
    return {
      route: natural.name,
      risk,
      words: [...(winner?.words ?? [])],
      highRiskWords: dangerous,
      because: winner === null ? 'fallback' : 'words',
    };
  }
  const named = [...routes, { ...fallback, match: [] }].find((route) => route.name === requested);
  if (named === undefined) {
    const known = [...new Set([...routes.map((route) => route.name), fallback.name])].join(', ');
    return refuse(
      'route-unknown',
      `workflow ${definition.id} has no route "${requested}"`,
      `Its routes: ${known}.`,
      2,
    );
  }
  return {
    route: named.name,
    risk: higher(risk, named.risk),
    words: [...(winner?.words ?? [])],
    highRiskWords: dangerous,
    because: 'requested',
  };
}

function best(matches: readonly Match[]): Match | null {
  let winner: Match | null = null;
  for (const match of matches) {
    if (match.words.length === 0) continue;
    const more = winner === null || match.words.length > winner.words.length;
    const tieAtHigherRisk =
      winner !== null &&
      match.words.length === winner.words.length &&
      match.route.risk === 'high' &&
      winner.route.risk === 'low';
    if (more || tieAtHigherRisk) winner = match;
  }
  return winner;
}
