/** `wf import-legacy DIR`: what the script engine had recorded becomes events; `--dry-run` only says which. */
import { type ImportResult, importLegacy } from '../engine/legacy/import-legacy.ts';
import { ITEM_KINDS, type ItemKind } from '../engine/legacy/plan.ts';
import { ExitCode } from '../errors.ts';
import { checkFile, type FindingView } from './check-definition.ts';
import { homeDir } from './home-dir.ts';
import { openOptions } from './home-of.ts';
import { programName } from './program-name.ts';
import { printJson } from './render/list.ts';
import { safe } from './render/text.ts';
import { argument, flag, type Invocation } from './verb.ts';

const path = process.getBuiltinModule('node:path');

const WORDS: Readonly<Record<ItemKind, string>> = {
  runs: 'runs',
  keys: 'keys',
  markers: 'tool markers',
  feedback: 'feedback entries',
  improvements: 'improvements',
  notes: 'improvements kept as notes (their definition files are not there, or say something else)',
  logLines: 'log lines',
};

type CheckedCopy = ImportResult['definitions'][number] & { readonly findings: readonly FindingView[] };

export async function run(invocation: Invocation): Promise<ExitCode> {
  const dir = path.resolve(argument(invocation, 0));
  const dryRun = flag(invocation, 'dry-run');
  const result = await importLegacy({ ...openOptions(invocation), home: homeDir(invocation) }, dir, {
    dryRun,
  });
  const definitions = await checked(result);
  const { plan, home, inPlace, moved, hints } = result;
  const { counts, contradictions, skipped } = plan;
  if (invocation.json) {
    printJson(invocation, {
      schema: 'wf.import/1',
      home,
      dir,
      inPlace,
      dryRun,
      moved: moved.map((name) => ({ from: name, to: `legacy/${name}` })),
      counts,
      contradictions,
      skipped,
      definitions,
      hints,
    });
  } else {
    invocation.io.out(text(result, definitions, programName(invocation)));
  }
  return ExitCode.ok;
}

/** As a run would check them. */
async function checked({ dir, definitions }: ImportResult): Promise<readonly CheckedCopy[]> {
  return Promise.all(
    definitions.map(async (copy) => {
      const isRead = copy.action !== 'unreadable' && !copy.name.startsWith('.backups/');
      if (!isRead) return { ...copy, findings: [] };
      const id = copy.name.replace(/\.jsonc?$/, '');
      const { findings } = await checkFile({ id, file: `${dir}/definitions/${copy.name}`, source: 'home' });
      return { ...copy, findings };
    }),
  );
}

const SHOWN = 20;

const shown = (lines: readonly string[]): readonly string[] =>
  lines.length <= SHOWN
    ? lines
    : [...lines.slice(0, SHOWN), `  and ${lines.length - SHOWN} more like these: --json has them all`];

function text(result: ImportResult, definitions: readonly CheckedCopy[], wf: string): string {
  const { plan, dryRun, moved, hints, home, inPlace } = result;
  const lines: string[] = [];
  const would = dryRun ? 'would be ' : '';
  for (const name of moved) lines.push(`${would}moved: ${name} -> legacy/${name}`);
  for (const kind of ITEM_KINDS) {
    const { found, imported, already } = plan.counts[kind];
    if (found === 0) continue;
    lines.push(
      `${imported} ${WORDS[kind]} ${would}imported${already === 0 ? '' : `, ${already} were here already`}`,
    );
  }
  if (plan.counts.markers.found > 0)
    lines.push('  a marker does not say which command it was: the next run bootstraps its tool again');
  for (const { name, action, findings } of definitions) {
    if (!inPlace) lines.push(`definitions/${safe(name)}: ${action === 'copied' ? `${would}copied` : action}`);
    for (const { severity, path: at, message } of findings)
      lines.push(`  ${severity} in definitions/${safe(name)}, ${safe(at)}: ${safe(message)}`);
  }
  const contradicting = plan.contradictions.map(
    ({ runId, what, rule }) =>
      `! ${runId === undefined ? '' : `run ${safe(runId)}: `}${safe(what)}; ${safe(rule)}`,
  );
  const skipped = plan.skipped.map(
    ({ file, line, reason }) =>
      `✗ skipped ${safe(file)}${line === undefined ? '' : `, line ${line}`}: ${safe(reason)}`,
  );
  lines.push(...shown(contradicting), ...shown(skipped));
  for (const hint of hints) lines.push(`note: ${safe(hint)}`);
  lines.push(
    dryRun
      ? 'Nothing was changed. Do it: the same without --dry-run.'
      : `Imported into ${safe(home)}. Look: ${wf} runs`,
  );
  return `${lines.join('\n')}\n`;
}
