/**
 * Whether the child of an effect is still at work after its engine died. Taking over while it lives could do the
 * work twice, so every doubt about a visible process counts as alive.
 */
import type { ChildRecord } from './child.ts';
import { thisOwner } from './owner.ts';
import { listPids, livingGroupMember, readProcess, toolOutput } from './process-table.ts';

export { endGroup } from './end-group.ts';

const fs = process.getBuiltinModule('node:fs');

/** The group is what is ended: its leader may be gone while a member works on. */
export type LivingChild = { readonly pid: number; readonly groupId: number };

function readRecord(scratchDir: string): ChildRecord | null {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(`${scratchDir}/child.json`, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return null;
    const { pid, pidStart, bootId, host } = parsed as Partial<Record<keyof ChildRecord, unknown>>;
    if (typeof pid !== 'number' || typeof pidStart !== 'string') return null;
    return typeof bootId === 'string' && typeof host === 'string' ? { pid, pidStart, bootId, host } : null;
  } catch {
    return null;
  }
}

function byRecord(record: ChildRecord): LivingChild | null {
  const here = thisOwner();
  if (record.host !== here.host || record.bootId !== here.bootId) return null;
  const leader = readProcess(record.pid);
  if (leader !== null && leader.start !== record.pidStart && record.pidStart !== 'unknown') {
    // The kernel gives a pid out again only when no group of that number is left: the whole group is gone.
    return null;
  }
  if (leader !== null && !leader.zombie) return { pid: record.pid, groupId: record.pid };
  const member = livingGroupMember(record.pid);
  return member === null ? null : { pid: member, groupId: record.pid };
}

/** Children lead a group of their own, and what they start stays in it unless it makes one itself. */
const inGroup = (pid: number): LivingChild => ({ pid, groupId: readProcess(pid)?.groupId ?? pid });

/** The engine died between the start and child.json: the marker in the environment is all there is. */
function byEnvironment(effectKey: string): LivingChild | null {
  const marker = `WF_EFFECT_KEY=${effectKey}`;
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    try {
      if (fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(marker)) return inGroup(pid);
    } catch {
      // Somebody else's process, or one that has just ended.
    }
  }
  if (process.platform === 'linux') return null;
  const lines = toolOutput('ps', ['-axwwE', '-o', 'pid=,command='])?.split('\n') ?? [];
  const line = lines.find((candidate) => candidate.split(' ').includes(marker));
  return line === undefined ? null : inGroup(Number.parseInt(line, 10));
}

/**
 * A living process of the effect's child, or null. `scratchDir` is `run/<effectId>`, `effectKey` the effect's key.
 * Answers for this host only: the caller has found the owner gone, not on another host.
 */
export function livingChild(scratchDir: string, effectKey: string): LivingChild | null {
  const record = readRecord(scratchDir);
  return record === null ? byEnvironment(effectKey) : byRecord(record);
}
