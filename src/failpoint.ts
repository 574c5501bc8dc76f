/**
 * Named places where the torture kills or stops this very process: `WF_FAILPOINT=NAME:HIT[:stop],…`, whichever comes
 * first, `any` for every name.
 * The released bundle has no trace of it: the build drops the calls (scripts/build.mjs), and a test looks.
 */
export const FAILPOINTS = [
  'slot.recorded',
  'log.lock.taken',
  'log.lock.released',
  'log.append.before',
  'log.append.torn',
  'log.append.written',
  'log.sync.before',
  'log.sync.done',
  'log.names.synced',
  'log.torn.copied',
  'log.torn.cut',
  'log.newline.added',
  'log.rewrite.copied',
  'log.rewrite.renamed',
  'log.rewrite.done',
  'blob.written',
  'blob.synced',
  'blob.renamed',
  'blob.named',
  'index.file.made',
  'index.tables.made',
  'index.mark.written',
  'projection.begun',
  'projection.file.written',
  'projection.file.renamed',
  'projection.file.removed',
  'projection.folded',
  'projection.committed',
  'rebuild.checkpoint.gone',
  'rebuild.built',
  'rebuild.folder.away',
  'rebuild.folder.placed',
  'rebuild.foreign.moved',
  'rebuild.swapped',
  'rebuild.committed',
  'definition.written',
  'definition.placed',
  'definition.named',
  'improvement.backed-up',
  'improvement.intended',
  'improvement.applied',
  'improvement.recorded',
  'run.claimed',
  'run.leased',
  'run.ended',
  'run.projected',
  'fact.recorded',
  'tool.intended',
  'tool.ended',
  'tool.recorded',
  'effect.intent.durable',
  'effect.epoch.read',
  'effect.scratch.ready',
  'effect.spawn.before',
  'effect.spawn.after',
  'effect.child.recorded',
  'effect.child.ended',
  'effect.end.recorded',
  'effect.scratch.removed',
  'answer.told',
  'notice.intended',
  'notice.sent',
  'notice.recorded',
  'archive.closed.copied',
  'archive.closed.placed',
  'archive.rest.copied',
  'archive.swapped',
  'erase.marked',
  'erase.recorded',
  'erase.files.removed',
  'erase.blobs.removed',
  'erase.log.copied',
  'erase.log.swapped',
  'erase.data.replaced',
  'erase.index.compacted',
  'backup.blobs.copied',
  'backup.log.copied',
  'backup.log.checked',
  'backup.folders.copied',
  'retention.recorded',
  'retention.removed',
  'import.begun',
  'import.folder.moved',
  'import.moved',
  'import.definition.copied',
  'import.appended',
  'import.projected',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

type Armed = {
  readonly name: Failpoint | 'any';
  /** Counted from 1. */
  readonly hit: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  passed: number;
};

function parse(spec: string): Armed {
  const [name = '', hit = '1', action = 'kill'] = spec.split(':');
  const known = name === 'any' ? name : FAILPOINTS.find((one) => one === name);
  if (known === undefined || !/^[1-9]\d*$/.test(hit) || !['kill', 'stop'].includes(action))
    throw new Error(`WF_FAILPOINT: ${spec} is not NAME[:HIT[:stop]] of a known name`);
  return { name: known, hit: Number(hit), signal: action === 'stop' ? 'SIGSTOP' : 'SIGKILL', passed: 0 };
}

// Found out at the first call: a module that does something when it is loaded would stay in the released bundle.
let armed: readonly Armed[] | undefined;

/**
 * `WF_FAILPOINT_TRACE` names a file that gets every name passed, a line each.
 * @param lastAct done right before the end, where the place is in the middle of something
 */
export function failpoint(name: Failpoint, lastAct?: () => void): void {
  const fs = process.getBuiltinModule('node:fs');
  const trace = process.env.WF_FAILPOINT_TRACE;
  if (trace !== undefined) fs.appendFileSync(trace, `${name}\n`);
  armed ??= (process.env.WF_FAILPOINT ?? '').split(',').filter(Boolean).map(parse);
  for (const one of armed) {
    if (one.name !== 'any' && one.name !== name) continue;
    one.passed += 1;
    if (one.passed !== one.hit) continue;
    // Half an act is only done by who does not live to do the whole of it.
    if (one.signal === 'SIGKILL') lastAct?.();
    fs.writeSync(2, `failpoint ${name}\n`);
    process.kill(process.pid, one.signal);
  }
}
