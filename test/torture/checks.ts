/** What must be true of a home once it is at rest. Every check gives its findings as sentences; none is good news. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { effectsHold } from './check-effects.ts';
import { acknowledged } from './check-told.ts';
import { type History, performed, type RunFacts, readHistory } from './history.ts';
import type { Place, Told } from './place.ts';

export type Checked = {
  readonly problems: readonly string[];
  readonly events: number;
  readonly runs: number;
  readonly effects: number;
  /** Answers that were compared with the log. */
  readonly answers: number;
  /** Runs taken over from an owner that was gone. */
  readonly takeovers: number;
  readonly doubts: number;
  /** Ends of the log that were set aside. */
  readonly torn: number;
};

export async function check(place: Place, told: readonly Told[]): Promise<Checked> {
  const history = readHistory(place.home);
  const seen = performed(place.lines('effects'));
  const answers = acknowledged(history, told);
  const problems = [
    ...(await programAgrees(place)),
    ...unbroken(history),
    ...answers.problems,
    ...onceAKey(history),
    ...effectsHold(history, seen),
    ...scratch(place, history),
  ];
  return {
    problems,
    events: history.lines.length,
    runs: history.runs.size,
    effects: [...seen.values()].reduce((sum, times) => sum + times, 0),
    answers: answers.compared,
    takeovers: history.lines.filter(({ type, data }) => type === 'RunResumed' && data.reason === 'owner-gone')
      .length,
    doubts: history.lines.filter(({ type }) => type === 'EffectUnknown').length,
    torn: list(join(place.home, 'logs/torn')).length,
  };
}

/** The program's own checks, and a write: a lock that the dead still hold would show here. */
async function programAgrees(place: Place): Promise<readonly string[]> {
  const commands = [
    ['feedback', 'submit', '--workflow-id', 'once', '--score', '4', '--feedback', 'nobody holds the lock'],
    ['log', 'verify'],
    // Before the doctor, who would mend what is found here.
    ['rebuild-projections', '--check'],
    // A crash between an effect's end and the removal of its files leaves these: doctor knows which are over.
    ['doctor', '--fix'],
    ['log', 'verify'],
  ];
  const problems: string[] = [];
  for (const args of commands) {
    const { code, stdout, stderr } = await place.wf(args);
    if (code !== 0) problems.push(`wf ${args.join(' ')}: exit ${code}: ${stdout.slice(0, 2000)}${stderr}`);
  }
  return problems;
}

function unbroken({ lines }: History): readonly string[] {
  const problems: string[] = [];
  const versions = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    if (line.seq !== i + 1) problems.push(`line ${i + 1} has seq ${line.seq}`);
    const version = (versions.get(line.stream) ?? 0) + 1;
    if (line.streamVersion !== version)
      problems.push(`seq ${line.seq}: ${line.stream} goes from ${version - 1} to ${line.streamVersion}`);
    versions.set(line.stream, line.streamVersion);
  }
  return problems;
}

/** At most one run of a key that nobody forced reaches its end. */
export function onceAKey({ runs }: History): readonly string[] {
  const finished = new Map<string, RunFacts[]>();
  for (const run of runs.values()) {
    const ended = run.lines.some(({ type }) => type === 'RunCompleted' || type === 'RunHandedOff');
    if (run.forced || !ended) continue;
    const name = `${run.workflowId} ${run.key}`;
    finished.set(name, [...(finished.get(name) ?? []), run]);
  }
  return [...finished].flatMap(([name, all]) => {
    // A hand-over that was cancelled afterwards is no finished run any more; its key is free again.
    const standing = all.filter(({ status }) => status !== 'cancelled' && status !== 'failed');
    if (standing.length <= 1) return [];
    return [
      `key ${name} was finished ${standing.length} times: ${standing.map(({ runId }) => runId).join(', ')}`,
    ];
  });
}

/** Scratch of an effect stays only while nobody knows how the effect ended. */
function scratch(place: Place, history: History): readonly string[] {
  const known = new Map([...history.effects.values()].map((effect) => [effect.effectId, effect]));
  return list(join(place.home, 'run')).flatMap((name) => {
    // By which others see that a server is alive, or when one was.
    if (name === 'server.lock') return [];
    const effect = known.get(name);
    if (effect === undefined) return [`run/${name} belongs to no effect`];
    const end = effect.after.findLast(({ type }) => type.startsWith('Effect'))?.type;
    const isKnown = end !== undefined && end !== 'EffectUnknown';
    return isKnown ? [`run/${name} is left although its effect has ended: ${end}`] : [];
  });
}

const list = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
};
