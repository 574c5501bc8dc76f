/**
 * What this very process is at work on. A process that lives on after a run of its own was interrupted still looks
 * alive, and that run would be waited for until it ends; here it is known to be free. Liveness only: safety is the
 * epoch.
 */
import type { Owner } from '../events/shared.ts';
import type { EnginePorts } from './ports.ts';

type Ports = Pick<EnginePorts, 'home' | 'ownership'>;

/** By home, stream and pid: several engines of one process may have the same home open. */
const atWork = new Map<string, number>();

const nameOf = ({ home, ownership }: Ports, stream: string): string =>
  `${home}\n${stream}\n${ownership.self.pid}`;

/** Marks a stream (`run/…`) as being worked on until the act is over, however it ends. */
export async function whileAtWork<T>(ports: Ports, stream: string, act: () => Promise<T>): Promise<T> {
  const name = nameOf(ports, stream);
  atWork.set(name, (atWork.get(name) ?? 0) + 1);
  try {
    return await act();
  } finally {
    const left = (atWork.get(name) ?? 1) - 1;
    if (left === 0) atWork.delete(name);
    else atWork.set(name, left);
  }
}

/** As `ownership.stateOf`, but this process itself counts as gone from what it is not at work on any more. */
export function holderState(ports: Ports, stream: string, owner: Owner): 'alive' | 'gone' | 'other-host' {
  if (isSelf(ports, owner)) return atWork.has(nameOf(ports, stream)) ? 'alive' : 'gone';
  return ports.ownership.stateOf(owner);
}

export const isSelf = ({ ownership: { self } }: Pick<Ports, 'ownership'>, owner: Owner): boolean =>
  owner.host === self.host &&
  owner.bootId === self.bootId &&
  owner.pid === self.pid &&
  owner.pidStart === self.pidStart;
