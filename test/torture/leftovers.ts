/** Processes that a killed `wf` left behind: found by the home folder in their environment, nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Place } from './place.ts';

/** Pids of this torture's living processes; empty where there is no /proc. */
export function livingProcesses(place: Place): readonly number[] {
  const marker = `HOME=${place.dir}`;
  return pids().filter((pid) => {
    const [environment, stat] = [read(`/proc/${pid}/environ`), read(`/proc/${pid}/stat`)];
    return environment.split('\0').includes(marker) && !/\) Z /.test(stat);
  });
}

/** Kills the processes of one effect that is at work, as a crash of the whole session would; says how many. */
export function endChildren(place: Place): number {
  const acting = livingProcesses(place).flatMap((pid) => {
    const key = /(?:^|\0)WF_EFFECT_KEY=([^\0]*)/.exec(read(`/proc/${pid}/environ`))?.[1];
    return key === undefined ? [] : [{ pid, key }];
  });
  const same = acting.filter(({ key }) => key === acting[0]?.key);
  for (const { pid } of same) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return same.length;
}

const pids = (): readonly number[] => {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
