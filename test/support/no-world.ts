/** Runs something with every function that reaches files, processes or the network made to throw. Synchronous only. */
import { syncBuiltinESMExports } from 'node:module';

const MODULES = [
  'node:fs',
  'node:fs/promises',
  'node:child_process',
  'node:net',
  'node:http',
  'node:https',
  'node:http2',
  'node:tls',
  'node:dgram',
  'node:dns',
];

export function withoutWorld<T>(act: () => T): T {
  const undo: (() => void)[] = [];
  for (const name of MODULES) {
    const module = process.getBuiltinModule(name) as unknown as Record<string, unknown>;
    for (const key of Object.keys(module)) {
      const own = Object.getOwnPropertyDescriptor(module, key);
      if (typeof own?.value !== 'function' || own.writable !== true) continue;
      // A plain function and no arrow: some of them are classes that others extend.
      module[key] = function noWorld(): never {
        throw new Error(`${name}.${key} was called where there is no world`);
      };
      undo.push(() => {
        module[key] = own.value;
      });
    }
  }
  // Their code reaches sockets by ways that are not exported.
  for (const name of ['fetch', 'WebSocket', 'EventSource'] as const) {
    const own = Object.getOwnPropertyDescriptor(globalThis, name);
    if (own === undefined) continue;
    Object.defineProperty(globalThis, name, {
      configurable: true,
      writable: true,
      value: function noWorld(): never {
        throw new Error(`${name} was called where there is no world`);
      },
    });
    undo.push(() => Object.defineProperty(globalThis, name, own));
  }
  syncBuiltinESMExports();
  try {
    return act();
  } finally {
    for (const put of undo) put();
    syncBuiltinESMExports();
  }
}
