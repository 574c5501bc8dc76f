/** What a torture found, in plain sentences: step by step, then the run as a whole, then the verdict. Pure. */

import type { Message } from '../../engine/torture/messages.ts';
import type { CrashLine, Finding, StepReport, TortureReport } from '../../engine/torture/report.ts';
import { TROUBLE_TEXT } from '../../engine/torture/scenario.ts';
import { oneLine, safe, table } from './text.ts';
import { crashText, PHASE_TEXT, troubleText } from './torture-words.ts';

export type TortureView = TortureReport & {
  readonly workflowId: string;
  readonly definition: { readonly source: string; readonly hash: string };
  readonly messages: readonly Message[];
  readonly leftOut: readonly string[];
};

const SHOWN_TASK_CHARS = 60;

export function tortureText(view: TortureView): string {
  const { workflowId, definition, steps } = view;
  return (
    `torture of ${workflowId} (${definition.source}): nothing was started, sent or written.\n\n` +
    `Tried with\n${requests(view)}\n` +
    `${steps.map(stepText).join('\n')}\n` +
    wholeRun(view) +
    verdict(view)
  );
}

function requests({ messages, leftOut }: TortureView): string {
  const rows = messages.map(({ input, route, risk, requested }) => [
    `  ${route}, ${risk} risk`,
    `${oneLine(input, SHOWN_TASK_CHARS)}${requested === undefined ? '' : `   (--route ${route})`}`,
  ]);
  const more = leftOut.length === 0 ? '' : `  not tried: ${leftOut.join(', ')} (--route NAME tries one)\n`;
  return `${table(rows)}${more}`;
}

function stepText(report: StepReport): string {
  const { step, dispatcher, idempotent, troubles } = report;
  const rows = [
    ...crashRows(report.crashes),
    ...troubles.map(({ trouble, outcome }) => [
      `  first attempt ${TROUBLE_TEXT[trouble]}`,
      troubleText(outcome),
    ]),
  ];
  const advice = report.advice.map(({ setting, text }) => `  ${setting}  ${text}\n`).join('');
  return `step ${step}   ${dispatcher}${idempotent ? ', idempotent' : ''}\n${table(rows)}${advice}`;
}

/** Neighbouring phases that come to the same, in the same words, are one line. */
function crashRows(lines: readonly CrashLine[]): string[][] {
  const rows: { readonly phases: string[]; readonly text: string }[] = [];
  for (const { phase, outcome } of lines) {
    const text = crashText(phase, outcome);
    const last = rows.at(-1);
    if (last?.text === text) last.phases.push(PHASE_TEXT[phase]);
    else rows.push({ phases: [PHASE_TEXT[phase]], text });
  }
  const lives = lines.some(({ stillWorking }) => stillWorking > 0);
  return [
    ...rows.map(({ phases, text }) => [`  killed ${phases.join(', ')}`, text]),
    ...(lives
      ? [['  killed, and its process lives on', 'nothing is touched until that has ended (exit 6)']]
      : []),
  ];
}

function wholeRun({ tools, askedAgain, beganAnew }: TortureView): string {
  const rows = tools.map(({ tool, setUps }) => [
    `tool ${tool}`,
    setUps > 1 ? 'killed while it is set up: its command is run again, which it must bear' : 'set up once',
  ]);
  if (askedAgain > 0)
    rows.push(['approval', 'a yes that is on record is kept; one that was cut off has to be given again']);
  if (beganAnew.lives > 0) {
    const again = beganAnew.steps.length === 0 ? '' : `, which does ${beganAnew.steps.join(' and ')} again`;
    rows.push([
      'failed, then killed',
      `as after every failure, the same request is a new run${again}; wf resume goes on with the failed one`,
    ]);
  }
  return rows.length === 0
    ? ''
    : `the run as a whole\n${table(rows.map(([name, text]) => [`  ${name}`, text ?? '']))}\n`;
}

function verdict(view: TortureView): string {
  const { ok, steps, counts, cutShort, findings, findingsInAll } = view;
  const { kills, powerCuts, points, lives } = counts;
  const tried = `Tried: ${kills} kills and ${powerCuts} power cuts at ${points} points, ${lives} lives in all${cutShort ? '; stopped at that bound, so not everything was tried' : ''}.\n`;
  if (!ok) {
    const head = `✗ ${findingsInAll} of these lives did not keep the promise; the first of each kind:\n`;
    return `${head}${findings.map(findingText).join('')}\n${tried}`;
  }
  const withOutcome = (outcome: CrashLine['outcome']): string[] =>
    steps.filter(({ crashes }) => crashes.some((line) => line.outcome === outcome)).map(({ step }) => step);
  const waits = withOutcome('waits');
  const again = withOutcome('same-key');
  const facts = [
    ...(waits.length === 0 ? [] : [`${waits.join(', ')} may wait for you after a crash`]),
    ...(again.length === 0 ? [] : [`${again.join(', ')} may be performed again with the same key`]),
  ];
  const rest = facts.length === 0 ? '' : ` ${facts.join('; ')}.`;
  return `● nothing is repeated or lost in silence.${rest}\n\n${tried}`;
}

function findingText({ kind, text, scenario, at, next }: Finding): string {
  const crashes = at.map(({ place, crash }) => `${crash === 'kill' ? 'killed' : 'power cut'} ${place}`);
  const where = [scenario, ...crashes, ...(at.length === 0 ? [] : [`then ${NEXT_TEXT[next]}`])].join('; ');
  return safe(`  ${kind.padEnd(11)} ${text}\n              ${where}\n`);
}

const NEXT_TEXT: Readonly<Record<Finding['next'], string>> = {
  'same-request': 'the same request again',
  resume: 'wf resume',
};
