/**
 * The loop: what is due for a run? perform it, decide on the answer, until the run is at an end or waits for
 * somebody. Every act on the world comes after a durable intent and after the epoch was read again.
 */
import { type Stopper, type StopSignal, stopper } from '../effects/stop.ts';
import { ExitCode, WfError } from '../errors.ts';
import { isoTime } from '../events/iso-time.ts';
import { failpoint } from '../failpoint.ts';
import type { Verified } from '../workflow/command.ts';
import type { DispatchEffect } from '../workflow/effects.ts';
import { next, type WorldEffect } from '../workflow/next.ts';
import { judgeOutcome, type VerifyPlan } from '../workflow/stages/verify.ts';
import { configureTools } from './configure-tools.ts';
import { assertNotPaused, pauseOf } from './pause-gate.ts';
import type { Told } from './ports.ts';
import { askReceiver, recoverEffect } from './recover-effect.ts';
import type { RunSession } from './session.ts';
import { readText } from './texts.ts';

/** How often a running act looks whether its run was cancelled. */
const CANCEL_POLL_MS = 300;
const NONCE_CHARS = 12;

export async function drive(session: RunSession): Promise<void> {
  const { ports } = session;
  for (;;) {
    const due = next(session.context, session.state, isoTime(ports.clock.now()));
    if (due.type === 'done' || due.type === 'wait') {
      // The end, or a stop: from here on it may be told.
      await session.flush({ durable: true });
      failpoint('run.ended');
      await ports.projections.project();
      failpoint('run.projected');
      if (session.context.definition.notify.length > 0) session.told = await told(session);
      if (due.type === 'done') await tidyUp(session);
      return;
    }
    if (ports.interrupts.stop.aborted) await leaveResumable(session);
    if (due.type === 'sleep') await sleepUntil(session, due.until);
    else {
      if (BEGINS_AN_ACT.has(due.effect.kind)) await stopIfPaused(session);
      await perform(session, due.effect);
    }
  }
}

/** Asked before the intent: what is intended already is carried out, or nobody could say whether it was. */
const BEGINS_AN_ACT: ReadonlySet<string> = new Set(['configure-tools', 'begin-step', 'recover']);

/** The run stays as it is, leased by a process that ends: whoever goes on finds it like one that was killed. */
async function stopIfPaused(session: RunSession): Promise<void> {
  const { ports, state } = session;
  if ((await pauseOf(ports, state.workflowId)) === null) return;
  await session.flush({ durable: true });
  await ports.projections.project();
  await assertNotPaused(ports, state.workflowId, state.runId);
}

async function perform(session: RunSession, effect: WorldEffect): Promise<void> {
  const { ports } = session;
  switch (effect.kind) {
    case 'configure-tools': {
      const configured = await configureTools(session, effect.tools);
      if (configured !== null) await session.applyOrThrow(configured);
      return;
    }
    case 'begin-step':
      await session.applyOrThrow({
        type: 'BeginStep',
        step: effect.step,
        nonce: ports.randomWord(NONCE_CHARS),
        ...(effect.bind === undefined ? {} : { files: await ports.world.hashFiles(effect.bind) }),
      });
      return;
    case 'dispatch':
      await dispatch(session, effect.effect);
      return;
    case 'recover':
      await recoverEffect(session, effect.effect, effect.intended, () => dispatch(session, effect.effect));
      return;
    case 'look-at-files': {
      const { effectId, files } = effect;
      // The doubt is on record before anything is concluded from files; the record is one of them.
      await session.flush({ durable: true });
      await ports.projections.project();
      const checks = await ports.world.checkFiles(files, effectId);
      await session.applyOrThrow({ type: 'FilesLooked', effectId, checks });
      return;
    }
    case 'verify':
      await session.applyOrThrow({ type: 'Verified', ...(await verify(session, effect)) });
      return;
    case 'analyse':
      await session.flush({ durable: true });
      await session.applyOrThrow({ type: 'Analysed', output: await analyse(session) });
      return;
  }
}

async function verify(session: RunSession, { files, outcome }: VerifyPlan): Promise<Verified> {
  const checks = await lookAt(session, files);
  if (outcome === undefined) return { checks };
  const texts = await Promise.all(outcome.texts.map((text) => readText(session.ports.blobs, text)));
  return { checks, outcome: judgeOutcome(texts, outcome) };
}

const PROJECTED = /^(?:state|outbox|tasks)\//;
const EARLY = /^(?:state\/runs|tasks)\//;

/** Briefs and the run record may be among the files: where one is missing or is looked into, they are written first. */
async function lookAt(session: RunSession, files: VerifyPlan['files']): Promise<Verified['checks']> {
  const { world, projections } = session.ports;
  const missing = (checks: Verified['checks']) => checks.filter(({ exists }) => !exists);
  let isEarly = false;
  if (!files.some(({ file, rule }) => rule !== undefined && PROJECTED.test(file))) {
    const checks = await world.checkFiles(files);
    if (missing(checks).length === 0) return checks;
    isEarly = missing(checks).every(({ file }) => EARLY.test(file));
  }
  await session.flush({ durable: true });
  if (isEarly) {
    await projections.writeEarly(session.state.runId);
    const checks = await world.checkFiles(files);
    if (missing(checks).length === 0) return checks;
  }
  await projections.project();
  return world.checkFiles(files);
}

/** Improvement is a courtesy of the log stage: its own failure is recorded and fails nothing. */
async function analyse(session: RunSession) {
  try {
    return await session.ports.improve(session.state, session.context.definition);
  } catch (error) {
    return { suggestions: 0, applied: [], error: error instanceof Error ? error.message : String(error) };
  }
}

/** Telling somebody fails no run, and holds none up. */
async function told({ ports, context, state }: RunSession): Promise<readonly Told[]> {
  try {
    return (await ports.notify?.(state, context.definition)) ?? [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    ports.onNotice?.(`nobody could be told about run ${state.runId}: ${why}`);
    return [];
  }
}

/** Tidying up fails no run that is at its end already; the next one's end tries again. */
async function tidyUp({ ports, context, state }: RunSession): Promise<void> {
  const { retention, selfImprove } = context.definition;
  const { workflowId } = state;
  const say = (what: string) => (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    ports.onNotice?.(`${what} of ${workflowId} could not be carried out: ${why}`);
  };
  if (retention !== undefined) await ports.retain?.(workflowId).catch(say('the retention'));
  // Only here a run counts among the ended ones, and only here one that failed comes by.
  if (selfImprove.enabled && selfImprove.revert !== undefined)
    await ports.review?.(state).catch(say('the review of improvements'));
}

async function dispatch(session: RunSession, effect: DispatchEffect): Promise<void> {
  const { ports } = session;
  // Durable before the world is touched: after a crash from here on the log knows that it may have happened.
  await session.flush({ durable: true });
  failpoint('effect.intent.durable');
  // A process that slept through its own replacement finds out here, before it acts.
  await session.refresh();
  const due = next(session.context, session.state, isoTime(ports.clock.now()));
  const stillDue =
    due.type === 'perform' &&
    (due.effect.kind === 'dispatch' || due.effect.kind === 'recover') &&
    due.effect.effect.effectId === effect.effectId;
  if (!stillDue) return;
  failpoint('effect.epoch.read');

  const end = stopper();
  const acting = stopper();
  const watching = watchForCancel(session, end, acting.signal);
  const { force } = ports.interrupts;
  const onForce = (): void => end.abort();
  if (force.aborted) end.abort();
  force.addEventListener('abort', onForce, { once: true });
  const acted = ports.world.dispatch(effect, end.signal);
  // It runs; meanwhile the record of a run at work is written, which is time that would only be waited. What it cannot
  // write now, the end will try again and say.
  ports.projections.projectIfQuick().catch(() => undefined);
  const answer = await acted.finally(() => {
    force.removeEventListener('abort', onForce);
    acting.abort();
    return watching;
  });
  // Who ended the act waits for no further answer; it is asked for when the run goes on.
  const result =
    answer.result !== 'unknown' || end.signal.aborted ? answer : await askReceiver(ports, effect, answer);
  await session.applyOrThrow({ type: 'EffectEnded', effectId: effect.effectId, result });
  if (result.result === 'unknown') return;
  await session.flush({ durable: false });
  failpoint('effect.end.recorded');
  // Only an end that is on disk is worth more than the files the act leaves behind.
  session.whenDurable(() => ports.world.cleanUp(effect.effectId));
}

/** Ends the act when the run is cancelled or taken over while it lasts. */
async function watchForCancel(session: RunSession, end: Stopper, done: StopSignal): Promise<void> {
  const { clock } = session.ports;
  for (;;) {
    await clock.sleep(CANCEL_POLL_MS, done);
    if (done.aborted) return;
    const gone = await session.refresh().then(
      () => session.state.status === 'cancelled',
      () => true,
    );
    // A lost ownership is thrown by whatever the session is asked next; here the act must not go on.
    if (gone) {
      end.abort();
      return;
    }
  }
}

/** A retry wait, in slices, so that a cancellation or a report is seen. */
async function sleepUntil(session: RunSession, until: string): Promise<void> {
  const { clock, interrupts, projections } = session.ports;
  await session.flush({ durable: true });
  await projections.project();
  while (clock.now() < Date.parse(until) && !interrupts.stop.aborted) {
    await clock.sleep(Math.min(1000, Date.parse(until) - clock.now()), interrupts.stop);
    const version = session.state.version;
    await session.refresh();
    if (session.state.version !== version) return;
  }
}

async function leaveResumable(session: RunSession): Promise<never> {
  await session.flush({ durable: true });
  await session.ports.projections.project();
  const { runId } = session.state;
  throw new WfError('interrupted', `interrupted; run ${runId} can be continued`, {
    exitCode: ExitCode.interrupted,
    hint: `Look: wf show ${runId}. Go on with: wf resume ${runId}`,
  });
}
