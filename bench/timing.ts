/** What the benches share: one process timed from spawn to exit, and the middle of many such times. */
import { spawnSync } from 'node:child_process';

export type Timed = { readonly ms: number; readonly stdout: string };

/** A process that fails stops the bench: its time would mean nothing. */
export const timeNode = (args: readonly string[], env: NodeJS.ProcessEnv): Timed => {
  const started = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return { ms, stdout };
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
