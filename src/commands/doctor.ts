/**
 * `wf doctor`: looks at everything that can be wrong with a home, and with `--fix` mends what is safe. It works when
 * the log is damaged or a sync has failed, for that is when it is needed.
 */
import { ExitCode } from '../errors.ts';
import { assertNotLegacy } from '../home/legacy.ts';
import { type HomePaths, homePaths } from '../home/paths.ts';
import { placesOf } from './definition-places.ts';
import { checkInputs } from './doctor/check-inputs.ts';
import { checkLog } from './doctor/check-log.ts';
import { checkPermissions } from './doctor/check-permissions.ts';
import { checkProjections } from './doctor/check-projections.ts';
import { checkRuns, checkScratch } from './doctor/check-runs.ts';
import { collectFindings, type Finding, type Findings } from './doctor/findings.ts';
import { homeDir } from './home-dir.ts';
import { openFor } from './home-of.ts';
import { nameHome, programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { tilde } from './render/paths.ts';
import { safe } from './render/text.ts';
import { flag, type Invocation } from './verb.ts';

const fs = process.getBuiltinModule('node:fs');

export async function run(invocation: Invocation): Promise<ExitCode> {
  const findings = collectFindings({ fix: flag(invocation, 'fix') });
  await findings.add({ id: 'node', severity: 'ok', message: `Node ${process.version}` });
  await examine(invocation, findings);
  const wf = programName(invocation);
  const named = findings.all.map((finding) =>
    finding.fix === undefined ? finding : { ...finding, fix: nameHome(finding.fix, wf) },
  );
  const ok = findings.all.every(({ severity }) => severity !== 'problem');
  if (invocation.json) {
    const home = homeDir(invocation);
    printJson(invocation, { schema: 'wf.doctor/1', ok, home, findings: named });
  } else {
    invocation.io.out(doctorText(invocation, named));
  }
  return ok ? ExitCode.ok : ExitCode.bug;
}

async function examine(invocation: Invocation, findings: Findings): Promise<void> {
  const places = placesOf(invocation);
  const paths = homePaths(places.home);
  if (!fs.existsSync(places.home)) {
    const message = 'there is no home yet; the first wf run makes it';
    await findings.add({ id: 'home', severity: 'ok', message, where: places.home });
    await checkInputs(findings, places);
    return;
  }
  if (!(await checkPlace(findings, paths))) return;
  await findings.check('permissions', () => checkPermissions(findings, paths));
  const isSound = await checkLog(findings, paths);
  const isUsable = await checkInputs(findings, places);
  // Only a log that can be read and written has a history to look at.
  if (isSound && isUsable && fs.existsSync(paths.log)) await checkHistory(invocation, findings);
}

/** Another program's home, or what is no home at all, is looked at no further. */
async function checkPlace(findings: Findings, paths: HomePaths): Promise<boolean> {
  let isOurs = false;
  await findings.check('home', async () => {
    fs.readdirSync(paths.home);
    assertNotLegacy(paths);
    isOurs = true;
  });
  return isOurs;
}

async function checkHistory(invocation: Invocation, findings: Findings): Promise<void> {
  await findings.check('history', async () => {
    const home = await openFor(invocation);
    // Before anything is brought up to date, which would hide what is wrong.
    await findings.check('projections', () => checkProjections(findings, home));
    await home.ports.projections.project();
    await findings.check('runs', () => checkRuns(findings, home));
    await findings.check('scratch', () => checkScratch(findings, home));
  });
}

const MARKS: Readonly<Record<Finding['severity'], string>> = { ok: '✓', warning: '!', problem: '✗' };
const ID_COLUMNS = 16;

function doctorText(invocation: Invocation, findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const { id, severity, message, where, fix, fixed } = finding;
    const under = (word: string, text: string | undefined): string =>
      text === undefined ? '' : `      ${word.padEnd(6)} ${safe(text)}\n`;
    const at = severity === 'ok' || where === undefined ? undefined : tilde(where, invocation.env);
    return `  ${MARKS[severity]} ${id.padEnd(ID_COLUMNS)} ${safe(message)}\n${under('at', at)}${under('next', severity === 'ok' ? undefined : fix)}${under('fixed', fixed)}`;
  });
  const count = (severity: Finding['severity'], word: string): string[] => {
    const n = findings.filter((finding) => finding.severity === severity).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  const counts = [...count('problem', 'problem'), ...count('warning', 'warning')];
  const home = tilde(homeDir(invocation), invocation.env);
  return `home ${home}\n${lines.join('')}\n${counts.length === 0 ? 'Everything is in order.' : `${counts.join(', ')}.`}\n`;
}
