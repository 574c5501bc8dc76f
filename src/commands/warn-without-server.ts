/** Says of work that nobody waits for that nobody looks after it either, where no server is alive. */
import { homePaths } from '../home/paths.ts';
import { isServerAlive } from '../home/server-mark.ts';
import { homeDir } from './home-dir.ts';
import { programName } from './program-name.ts';
import type { Invocation } from './verb.ts';

export async function warnWithoutServer(invocation: Invocation): Promise<void> {
  if (await isServerAlive(homePaths(homeDir(invocation)))) return;
  invocation.io.err(
    `note: no server is alive: if its process is ended, nobody goes on with this run by itself (${programName(invocation)} serve --no-web)\n`,
  );
}
