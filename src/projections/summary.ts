/**
 * The bytes of `outbox/<runId>.md`: the projection of the whole run, rewritten at every later status, so that it
 * never says `running` about a run that ended. Texts from outside stand in fences and cannot forge a section.
 */
import { stageOfAct } from '../workflow/acts.ts';
import { type Effect, type RunState, routeOf, taskOf } from '../workflow/state.ts';
import { fenced, inListItem, withoutControls } from './fence.ts';
import { latestEffects, type ResolveText } from './run-record.ts';

export function summary(state: RunState, resolveText: ResolveText): string {
  // Before the fences are made: what is taken out of a text could make a longer run of backticks of it.
  const resolve: ResolveText = (text) => withoutControls(resolveText(text));
  const lines = [
    `# Workflow Run ${state.runId}`,
    `- Workflow: ${state.workflowId}`,
    `- Route: ${routeOf(state) ?? '-'}`,
    `- Task: ${inListItem(resolve(taskOf(state)))}`,
    `- Status: ${state.status}`,
    `- Outcome: ${state.outcome ?? '-'}`,
    `- Updated: ${state.updatedAt}`,
    '',
    '',
  ];
  return (
    lines.join('\n') + execution(state, resolve) + waiting(state) + error(state) + reports(state, resolve)
  );
}

function execution(state: RunState, resolve: ResolveText): string {
  if (state.imported !== undefined)
    return `## Execution\n${fenced(resolve(state.imported.stdout ?? '') || 'No output.')}`;
  const all = latestEffects(state);
  const effects = all.filter((effect) => stageOfAct(effect.step) === 'execute');
  if (effects.length === 0) return `## Execution\n${fenced('Nothing was dispatched.')}`;
  const parts = effects.map((effect) => {
    // A single action has no name worth showing: that is how the script engine's summaries look.
    const heading = effects.length === 1 ? '' : `### ${effect.step}\n`;
    return heading + fenced(outputText(effect, resolve));
  });
  const further = all
    .filter((effect) => stageOfAct(effect.step) !== 'execute')
    .map((effect) => `\n## ${effect.step}\n${fenced(outputText(effect, resolve))}`);
  return `## Execution\n${parts.join('\n')}${further.join('')}`;
}

function outputText(effect: Effect, resolve: ResolveText): string {
  const stdout = effect.stdout === undefined ? '' : resolve(effect.stdout);
  if (stdout !== '') return stdout;
  const stderr = effect.stderr === undefined ? '' : resolve(effect.stderr);
  if (stderr !== '') return stderr;
  if (effect.dispatcher === 'manual' && effect.taskId !== undefined) {
    return effect.status === 'handed_off'
      ? `Queued as task ${effect.taskId}; nobody has reported it done yet.`
      : `Queued as task ${effect.taskId}: ${effect.status}.`;
  }
  return `No output (${effect.status}).`;
}

function waiting(state: RunState): string {
  const wait = state.waiting;
  if (wait === null) return '';
  return `\n## Waiting for\n${waitingText(state, wait)}\n`;
}

function waitingText(state: RunState, wait: NonNullable<RunState['waiting']>): string {
  switch (wait.for) {
    case 'approval': {
      const reasons = state.approvals.find((a) => a.approvalId === wait.id)?.reasons ?? [];
      return `Approval ${wait.id}, since ${wait.since}.${reasons.length === 0 ? '' : `\n${fenced(withoutControls(reasons.join('\n')))}`}`;
    }
    case 'outcome': {
      const task = state.effects.find((e) => e.effectId === wait.id)?.taskId;
      return `The outcome of ${task ?? wait.id}, since ${wait.since}.`;
    }
    case 'unknown-effect':
      return `Somebody to say whether ${wait.id} happened, since ${wait.since}: wf resolve ${state.runId} --sent | --not-sent`;
    case 'retry':
      return `The next attempt, due ${wait.until}.`;
  }
}

function error(state: RunState): string {
  if (state.error === null) return '';
  const { stage, step, code, message } = state.error;
  return `\n## Error\nIn ${stage}${step === undefined ? '' : `, step ${step}`} (${code}):\n${fenced(withoutControls(message))}`;
}

function reports(state: RunState, resolve: ResolveText): string {
  const reported = latestEffects(state).filter((effect) => effect.report !== undefined);
  return reported
    .map((effect) => {
      const report = effect.report;
      if (report === undefined) return '';
      const text = report.text === undefined ? 'No text.' : resolve(report.text);
      return `\n## Report\n${report.status}, by ${inListItem(withoutControls(report.by))}, ${report.at}:\n${fenced(text)}`;
    })
    .join('');
}
