/**
 * Who this process is, and whether the process that holds a lease still lives. Liveness only: safety is the epoch in
 * the log. Never says `gone` of a process it cannot see.
 */
import type { Owner } from '../events/shared.ts';
import { pidExists, readProcess, toolOutput } from './process-table.ts';

const fs = process.getBuiltinModule('node:fs');

export type OwnerState = 'alive' | 'gone' | 'other-host';

function firstLine(path: string): string | null {
  try {
    const text = fs.readFileSync(path, 'utf8').trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

function machineId(): string {
  const file = firstLine('/etc/machine-id') ?? firstLine('/var/lib/dbus/machine-id');
  if (file !== null) return file;
  if (process.platform === 'darwin') {
    // A laptop's host name changes with the network it is in; its platform id does not.
    const tree = toolOutput('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']) ?? '';
    const found = /"IOPlatformUUID" = "([^"]+)"/.exec(tree)?.[1];
    if (found !== undefined) return found;
  }
  return process.getBuiltinModule('node:os').hostname();
}

function pidNamespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function bootId(): string {
  const linux = firstLine('/proc/sys/kernel/random/boot_id');
  if (linux !== null) return linux;
  // Never computed from clocks: those jump, and a jump would declare every owner gone.
  return toolOutput('sysctl', ['-n', 'kern.bootsessionuuid'])?.trim() || 'unknown';
}

/** 64 bits as 16 hex characters, by FNV-1a. Only tells hosts apart, hence no cryptographic hash at start-up. */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}

let self: Owner | undefined;

/** This process, as it stands in RunLeased and ToolBootstrapStarted. Found out once. */
export function thisOwner(): Owner {
  self ??= {
    host: shortHash(`${machineId()}\n${pidNamespace()}`),
    bootId: bootId(),
    pid: process.pid,
    pidStart: readProcess(process.pid)?.start ?? 'unknown',
  };
  return self;
}

/** Whether exactly that process lives: a zombie, or another process with its pid, is not it. */
export function ownerState(owner: Owner): OwnerState {
  const here = thisOwner();
  if (owner.host !== here.host) return 'other-host';
  if (owner.bootId !== here.bootId) return 'gone';
  const found = readProcess(owner.pid);
  if (found !== null) return found.start === owner.pidStart && !found.zombie ? 'alive' : 'gone';
  // Hidden from us (hidepid) is not gone; a lease is only taken over when its holder certainly is.
  return pidExists(owner.pid) ? 'alive' : 'gone';
}
