/**
 * `wf doctor`: looks at everything that can be wrong with a home, and with `--fix` mends what is safe. It works when
 * the log is damaged or a sync has failed, for that is when it is needed.
 */
import type { OpenHome } from '../engine/open-home.ts';
import { ExitCode } from '../errors.ts';
import { homePaths } from '../home/paths.ts';
import { placesOf } from './definition-places.ts';
import { CHECKS } from './doctor/checks.ts';
import { doctorText } from './doctor/doctor-text.ts';
import type { Exam } from './doctor/exam.ts';
import { collectFindings } from './doctor/findings.ts';
import { quarantine } from './doctor/quarantine.ts';
import { openFor } from './home-of.ts';
import { nameHome, programName } from './program-name.ts';
import { type Progress, progressOn } from './progress-on.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { flag, type Invocation } from './verb.ts';

export async function run(invocation: Invocation): Promise<ExitCode> {
  const exam = examOf(invocation);
  const { findings, progress, places } = exam;
  if (flag(invocation, 'quarantine')) await quarantine(exam);
  await findings.add({ id: 'node', severity: 'ok', message: `Node ${process.version}` });
  for (const { id, needs, look } of CHECKS) {
    if (needs.every((fact) => exam.facts.has(fact))) await findings.check(id, () => look(exam));
  }
  progress.end();
  const wf = programName(invocation);
  const named = findings.all.map((finding) =>
    finding.fix === undefined ? finding : { ...finding, fix: nameHome(finding.fix, wf) },
  );
  const ok = named.every(({ severity }) => severity !== 'problem');
  if (invocation.json)
    printJson(invocation, { schema: 'wf.doctor/1', ok, home: places.home, findings: named });
  else invocation.io.out(doctorText(places.home, named, (path) => tilde(path, invocation.env)));
  return ok ? ExitCode.ok : ExitCode.bug;
}

function examOf(invocation: Invocation): Exam {
  const places = placesOf(invocation);
  let opened: Promise<OpenHome> | undefined;
  return {
    places,
    paths: homePaths(places.home),
    findings: collectFindings({ fix: flag(invocation, 'fix') }),
    facts: new Set(),
    env: invocation.env,
    deep: flag(invocation, 'deep'),
    now: Date.now,
    progress: lookingAt(progressOn(invocation.io)),
    open: () => {
      opened ??= openFor(invocation);
      return opened;
    },
    log: null,
  };
}

const lookingAt = (progress: Progress): Progress => ({
  ...progress,
  step: (what, done) => progress.step(`looking at ${what}`, done),
});
