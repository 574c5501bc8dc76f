/** What a stage's end says about why: which words made the route, which tool was left out, what was checked. */
import type { RunEvent, StageOutputs } from '../../events/run-events.ts';
import { counted, listed, quoted, type Said, say, short } from './sentence.ts';

type Completed = Extract<RunEvent, { type: 'StageCompleted' }>['data'];

export function stageCompleted(data: Completed): readonly Said[] {
  switch (data.stage) {
    case 'intake':
      return data.output.redactions === 0
        ? []
        : [
            say(
              'stage',
              `${counted(data.output.redactions, 'secret')} replaced before anything was recorded.`,
            ),
          ];
    case 'classify':
      return classified(data.output);
    case 'plan':
      return [];
    case 'configure_tools':
      return tools(data.output);
    case 'execute':
      return data.output.steps.flatMap(({ step, outcome }) => passedOver(`step ${step}`, outcome));
    case 'verify':
      return verified(data.output);
    case 'deliver':
      return (data.output.actions ?? []).flatMap(({ action, outcome }) =>
        passedOver(`action ${action}`, outcome),
      );
    case 'log':
      return improved(data.output);
  }
}

function classified({
  route,
  risk,
  words,
  highRiskWords,
  because,
}: StageOutputs['classify']): readonly Said[] {
  const why = {
    words: `the task says ${quoted(words)}`,
    fallback: 'no word of any route stands in the task',
    requested: 'the request named it',
  }[because];
  const routed = say('route', `Routed to ${route}, because ${why}.`);
  if (risk === 'low') return [routed];
  const risky =
    highRiskWords.length > 0
      ? `the request says ${quoted(highRiskWords)}`
      : `that is the risk of route ${route}`;
  return [routed, say('route', `Its risk is high, because ${risky}.`)];
}

function tools({ configured, skipped }: StageOutputs['configure_tools']): readonly Said[] {
  const made = configured.length === 0 ? [] : [say('tool', `Made ready: ${listed(configured)}.`)];
  const why = {
    already_configured: 'it was ready on this machine already',
    no_command: 'the definition has no command for it',
    command_failed: 'its command failed',
    disabled: 'the definition does not let tools be made ready',
  };
  const left = skipped.map(({ tool, reason, detail }) =>
    say('tool', `Skipped tool ${tool}: ${why[reason]}${detail === undefined ? '' : ` (${short(detail)})`}.`),
  );
  return [...made, ...left];
}

const passedOver = (
  name: string,
  outcome: StageOutputs['execute']['steps'][number]['outcome'],
): readonly Said[] => {
  if (outcome === 'failed')
    return [say('act', `Went on without ${name}, which failed: its onError says so.`)];
  return outcome === 'skipped' ? [say('act', `Went on without ${name}: it was skipped.`)] : [];
};

function verified({ mode, checks, outcome }: StageOutputs['verify']): readonly Said[] {
  if (mode === 'hand-over')
    return [say('check', 'Only the hand-over was checked, for the work itself is not known to be done.')];
  const files = checks.length === 0 ? [] : [`${counted(checks.length, 'file')} as asked`];
  const answer = outcome === undefined ? [] : ['an answer as asked'];
  const found = [...files, ...answer];
  return [
    say(
      'check',
      found.length === 0
        ? 'Nothing was checked, for the definition asks for nothing.'
        : `Verified: ${listed(found)}.`,
    ),
  ];
}

function improved({ selfImprove }: StageOutputs['log']): readonly Said[] {
  if (selfImprove === undefined) return [];
  if (selfImprove.error !== undefined)
    return [say('other', `Nothing was improved: ${short(selfImprove.error)}.`)];
  if (selfImprove.applied.length === 0) return [];
  return [say('other', `Improved the definition by itself: ${listed(selfImprove.applied)}.`)];
}
