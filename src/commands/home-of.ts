/** Opens the home a command line names, and finds the run an id or `last` means. */

import { type OpenHome, type OpenHomeOptions, openWorkflowHome } from '../engine/open-home.ts';
import type { Interrupts } from '../engine/ports.ts';
import { notFoundError, usageError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { resolveHome } from '../home/paths.ts';
import { lastRunId, runsByIdPrefix } from '../home/read-model.ts';
import { type Invocation, option } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

const NEVER: Interrupts = { stop: new AbortController().signal, force: new AbortController().signal };

export const homeDir = (invocation: Invocation): string =>
  resolveHome({ flag: option(invocation, 'home'), env: invocation.env });

export function openFor(
  invocation: Invocation,
  extra: {
    readonly interrupts?: Interrupts;
    readonly onProgress?: NonNullable<OpenHomeOptions['onProgress']>;
  } = {},
): Promise<OpenHome> {
  return openWorkflowHome({
    home: homeDir(invocation),
    env: invocation.env,
    packageDir: invocation.packageDir,
    onNotice: (text) => invocation.io.err(`note: ${text}\n`),
    interrupts: extra.interrupts ?? NEVER,
    ...(extra.onProgress === undefined ? {} : { onProgress: extra.onProgress }),
  });
}

/** For reading: null where there is no home yet, which is no error: there is just nothing in it. */
export async function openToRead(invocation: Invocation): Promise<OpenHome | null> {
  if (!fs.existsSync(homeDir(invocation))) return null;
  const home = await openFor(invocation);
  // Lists come from the index: brought up to the log's end first.
  await home.ports.projections.project();
  return home;
}

const MIN_PREFIX = 4;
const FULL_ID = /^[0-9A-Z]{26}$/;

/** A run id from what a person types: the id, a unique prefix of it, a task or approval id, or `last`. */
export async function resolveRun(home: OpenHome, text: string): Promise<string> {
  const wanted = /^[TA]-/.test(text) ? (text.slice(2).split('.')[0] ?? '') : text;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(wanted)) {
    throw usageError('run-id-invalid', `${JSON.stringify(text)} is not a run id`, {
      hint: 'Ids are shown by: wf runs',
    });
  }
  if (FULL_ID.test(wanted) && (await home.store.headOf(runStream(wanted))) > 0) return wanted;
  // A run that was killed before its first projection is in the log and not yet in the index.
  await home.ports.projections.project();
  if (text === 'last') {
    const last = lastRunId(home.index);
    if (last === null)
      throw notFoundError('run-unknown', 'there is no run yet', {
        hint: 'Start one: wf run autonomous-e2e --input "…"',
      });
    return last;
  }
  const found = runsByIdPrefix(home.index, wanted).map((row) => row.runId);
  const exact = found.find((id) => id === wanted);
  if (exact !== undefined) return exact;
  const [first, second] = found;
  if (first === undefined)
    throw notFoundError('run-unknown', `there is no run ${text}`, { hint: 'Look: wf runs' });
  if (second !== undefined || wanted.length < MIN_PREFIX) {
    throw usageError(
      'run-id-ambiguous',
      `${text} could be ${found.slice(0, 3).join(', ')}${found.length > 3 ? ' …' : ''}`,
      {
        hint: 'Give more characters of the id.',
      },
    );
  }
  return first;
}
