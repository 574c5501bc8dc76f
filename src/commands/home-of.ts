/** Opens the home a command line names, and finds the run an id or `last` means. */

import { type OpenHome, type OpenHomeOptions, openWorkflowHome } from '../engine/open-home.ts';
import type { Interrupts } from '../engine/ports.ts';
import { notFoundError, usageError } from '../errors.ts';
import { runStream } from '../events/streams.ts';
import { isMissing } from '../home/file-errors.ts';
import { openHome } from '../home/home.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { lastRunId, runsByIdPrefix } from '../home/read-model.ts';
import { homeDir } from './home-dir.ts';
import { safe } from './render/text.ts';
import type { Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

/** Made when asked for: most commands never look. */
const NEVER: Interrupts = {
  get stop() {
    return new AbortController().signal;
  },
  get force() {
    return new AbortController().signal;
  },
};

export function openFor(
  invocation: Invocation,
  extra: {
    readonly interrupts?: Interrupts;
    readonly onProgress?: NonNullable<OpenHomeOptions['onProgress']>;
  } = {},
): Promise<OpenHome> {
  return openWorkflowHome(openOptions(invocation, extra));
}

export function openOptions(
  invocation: Invocation,
  extra: Parameters<typeof openFor>[1] = {},
): OpenHomeOptions {
  return {
    home: homeDir(invocation),
    env: invocation.env,
    packageDir: invocation.packageDir,
    onNotice: (text) => invocation.io.err(`note: ${safe(text)}\n`),
    interrupts: extra.interrupts ?? NEVER,
    ...(extra.onProgress === undefined ? {} : { onProgress: extra.onProgress }),
  };
}

/**
 * For looking: null where nothing was ever recorded, which is no error: there is just nothing in it. Such a folder is
 * left as it is, and one that may not be written is read without its index.
 */
export async function openToRead(invocation: Invocation): Promise<OpenHome | null> {
  const { exists, paths } = openHome(homeDir(invocation), { create: false });
  if (!exists) return null;
  await assertNotLegacy(paths);
  if (!fs.existsSync(paths.log)) return null;
  const options = { ...openOptions(invocation), reading: true };
  if (![paths.home, paths.state, paths.indexDb].every(isWritable)) {
    // Rare, and no part of what a short command has to load.
    const { openUnwritable } = await import('../engine/open-unwritable.ts');
    return openUnwritable(options);
  }
  const home = await openWorkflowHome(options);
  // Lists come from the index: brought up to the log's end first.
  await home.ports.projections.project();
  return home;
}

/** `access` and not the mode bits: a read-only mount has fine bits. What is not there yet counts with its folder. */
function isWritable(place: string): boolean {
  try {
    fs.accessSync(place, fs.constants.W_OK);
    return true;
  } catch (error) {
    return isMissing(error);
  }
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
    throw text.startsWith('A-')
      ? notFoundError('approval-unknown', `there is no approval ${text}`, { hint: 'What waits: wf inbox' })
      : notFoundError('run-unknown', `there is no ${text.startsWith('T-') ? 'task' : 'run'} ${text}`, {
          where: home.paths.home,
          hint: 'Look: wf runs',
        });
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
