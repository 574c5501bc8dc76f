/**
 * The torture can fail: engines that are broken on purpose are caught, each for what it does. And it can do no harm:
 * with every way to a file, a process or a socket shut it works just the same.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tortureText } from '../../src/commands/render/torture-text.ts';
import type { EnginePorts } from '../../src/engine/ports.ts';
import { ENGINE, type TorturedEngine } from '../../src/engine/torture/life.ts';
import { byPhase, tortureOf } from '../support/torture-of.ts';

const command = { dispatcher: 'command', command: '/usr/bin/post' };

/** The real engine over ports that somebody got wrong. */
const over = (wrong: (ports: EnginePorts) => EnginePorts): TorturedEngine => ({
  run: (ports, request) => ENGINE.run(wrong(ports), request),
  resume: (ports, runId) => ENGINE.resume(wrong(ports), runId),
  say: (ports, runId, fact) => ENGINE.say(wrong(ports), runId, fact),
});

const kinds = async (definition: object, engine: TorturedEngine): Promise<readonly string[]> => {
  const report = await tortureOf({ definition, engine });
  expect(report.ok).toBe(report.findings.length === 0);
  return report.findings.map(({ kind }) => kind);
};

describe('an engine that', () => {
  it('takes a doubt for "it did not happen" performs twice', async () => {
    const engine = over((ports) => ({
      ...ports,
      world: { ...ports.world, lookup: async () => ({ found: 'absent' }) },
    }));
    const report = await tortureOf({
      definition: { execute: { ...command, retry: { maxAttempts: 2 } } },
      engine,
    });
    expect(report.findings.map(({ kind, step }) => [kind, step])).toContainEqual(['repeats', 'main']);
    expect(byPhase(report).acted).toEqual(['repeats']);
    const text = tortureText({
      ...report,
      workflowId: 'mine',
      definition: { source: 'home', hash: 'a'.repeat(64) },
      messages: [],
      leftOut: [],
    });
    expect(text).toContain('PERFORMED TWICE, and nobody is told');
    expect(text).toMatch(/✗ \d+ of these lives did not keep the promise/);
    expect(text).toMatch(/killed .* main was .*performed; then the same request again/);
  });

  it('takes a doubt for "it did happen" never performs', async () => {
    const receipt = { by: 'lookup' } as const;
    const engine = over((ports) => ({
      ...ports,
      world: { ...ports.world, lookup: async () => ({ found: 'performed', outcome: 'done', receipt }) },
    }));
    expect(await kinds({ execute: command }, engine)).toEqual(['vanishes']);
  });

  it('does not wait for the disk forgets what it did', async () => {
    const engine = over((ports) => ({
      ...ports,
      store: {
        ...ports.store,
        append: (stream, version, events, options) =>
          ports.store.append(stream, version, events, { ...options, durable: false }),
        appendInOrder: (commits, options) =>
          ports.store.appendInOrder(commits, { ...options, durable: false }),
        sync: async (upTo) => upTo,
      },
    }));
    expect(await kinds({ execute: command }, engine)).toContain('unrecorded');
  });

  it('starts anew for a request that has a run starts two', async () => {
    const engine: TorturedEngine = {
      ...ENGINE,
      run: (ports, request) => ENGINE.run(ports, { ...request, force: true }),
    };
    expect(await kinds({ execute: command }, engine)).toContain('second-run');
  });

  it('tells of an end without writing its summary', async () => {
    const engine = over((ports) => ({
      ...ports,
      projections: { ...ports.projections, keepUp: async () => undefined },
    }));
    expect(await kinds({ execute: command }, engine)).toEqual(['summary']);
  });

  it('never looks whether the owner is gone never ends', async () => {
    const engine = over((ports) => ({
      ...ports,
      ownership: { ...ports.ownership, stateOf: () => 'other-host' },
    }));
    const report = await tortureOf({ definition: { execute: command }, engine });
    expect(report.findings.map(({ kind }) => kind)).toEqual(['stuck']);
    expect(report.findings[0]?.text).toContain('another host');
  });
});

describe('nothing outside is touched', () => {
  afterEach(() => vi.restoreAllMocks());

  it('with every way out shut', async () => {
    const used: string[] = [];
    const shut = (module: string, names: readonly string[]): void => {
      const builtin = process.getBuiltinModule(module) as unknown as Record<string, () => never>;
      for (const name of names) {
        vi.spyOn(builtin, name).mockImplementation(() => {
          used.push(`${module}.${name}`);
          throw new Error(`${module}.${name} is shut`);
        });
      }
    };
    const functionsOf = (module: string): readonly string[] =>
      Object.entries(process.getBuiltinModule(module) as object).flatMap(([name, value]) =>
        typeof value === 'function' && !/^[A-Z_]/.test(name) ? [name] : [],
      );
    shut('node:child_process', functionsOf('node:child_process'));
    shut('node:net', ['connect', 'createConnection', 'createServer']);
    shut('node:http', ['request', 'get', 'createServer']);
    shut('node:https', ['request', 'get']);
    shut('node:dgram', ['createSocket']);
    shut('node:fs', functionsOf('node:fs'));
    const report = await tortureOf({
      definition: {
        autoConfigure: {
          enabled: true,
          allowlist: ['t'],
          toolCommands: { t: { command: '/usr/bin/t', required: true } },
        },
        execute: command,
        verify: { requiredFiles: ['{{artifacts}}/x'] },
        selfImprove: { enabled: true, autoApplyLowRisk: true },
      },
    });
    vi.restoreAllMocks();
    expect(used).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.counts.acts).toBeGreaterThan(50);
  });
});
