/** `wf show`: one run, whole: read from its own events, so that it is never older than the log. */
import { systemClock } from '../effects/clock.ts';
import { requireRun } from '../engine/load-run.ts';
import type { OpenHome } from '../engine/open-home.ts';
import { loadNotices } from '../engine/tell.ts';
import { ExitCode } from '../errors.ts';
import { shortestUniquePrefix } from '../home/read-model.ts';
import type { RunState } from '../workflow/state.ts';
import { openToRead, resolveRun } from './home-of.ts';
import { programName } from './program-name.ts';
import { inboxViews, type NextCommand } from './render/inbox-item.ts';
import { printJson } from './render/list.ts';
import { showText } from './render/show-text.ts';
import { type DefinitionNow, showView } from './render/show-view.ts';
import { runUnknown } from './run-unknown.ts';
import { isFileKind, showFile } from './show-file.ts';
import { argument, type Invocation, option } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const named = argument(invocation, 0);
  const home = await openToRead(invocation);
  if (home === null) throw runUnknown(invocation, named);
  const state = await requireRun(home.ports, await resolveRun(home, named));
  const kind = option(invocation, 'file');
  if (kind !== undefined && isFileKind(kind)) return showFile(invocation, home, state, kind);
  const hasArtifacts = fs.existsSync(`${home.paths.artifacts}/${state.runId}`);
  const view = showView(state, home.paths.home, {
    definition: await definitionNow(home, state),
    notices: (await loadNotices(home.ports, state.runId)).notices,
    hasArtifacts,
    exists: fs.existsSync,
  });
  if (invocation.json) {
    printJson(invocation, view);
    return ExitCode.ok;
  }
  const short = shortestUniquePrefix(home.index, state.runId);
  const commands = commandsFor(home, state, short, programName(invocation));
  const show = `${programName(invocation)} show ${short}`;
  invocation.io.out(showText(state, view, { env: invocation.env, nowMs: systemClock.now(), commands, show }));
  return ExitCode.ok;
}

async function definitionNow(home: OpenHome, state: RunState): Promise<DefinitionNow> {
  const current = await home.ports.definitions.load(state.workflowId).catch(() => null);
  const currentHash = current?.hash ?? null;
  return { hash: state.definitionHash, currentHash, changed: currentHash !== state.definitionHash };
}

function commandsFor(home: OpenHome, state: RunState, short: string, wf: string): readonly NextCommand[] {
  const waits = inboxViews(home.index, home.paths.home, wf).find(
    (view) => view.kind !== 'improvement' && view.runId === state.runId,
  );
  if (waits !== undefined) return waits.commands.filter(({ label }) => label !== 'look');
  if (state.erased !== null) return [];
  switch (state.status) {
    case 'failed':
    case 'cancelled':
      if (state.imported !== undefined) return [];
      return [{ label: 'go on', command: `${wf} resume ${short}` }];
    case 'running':
    case 'waiting':
      return [
        // Whoever worked on it is gone, and by itself nothing goes on with it but a server.
        ...(state.lease !== null && home.ports.ownership.stateOf(state.lease.owner) === 'gone'
          ? [{ label: 'go on', command: `${wf} resume ${short}` }]
          : []),
        { label: 'follow', command: `${wf} events --run ${short} --follow` },
        { label: 'stop', command: `${wf} cancel ${short}` },
      ];
    case 'completed':
    case 'handed_off':
      return [
        {
          label: 'rate it',
          command: `${wf} feedback submit --run-id ${short} --score 1-5 --feedback "…"`,
        },
      ];
  }
}
