/** A home in a folder of its own, and effects to perform in it: for tests of src/effects with real processes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { PerformDeps } from '../../src/effects/perform.ts';
import type { DispatchEffect } from '../../src/workflow/effects.ts';

const fromHere = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const DISPATCH_SCRIPT = fromHere('../../scripts/workflow_ops/dispatch_task.sh');
export const FAKE_OPENCLAW = fromHere('./fake-openclaw.mjs');

/** A folder that is removed when the test ends. */
export function makeFolder(): string {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'wf-effects-')));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const effectOf = (over: Partial<DispatchEffect> = {}): DispatchEffect => ({
  effectId: 'effect-1',
  runId: 'run-1',
  step: 'main',
  attempt: 1,
  key: `wf:run-1:execute.main:${process.pid}.${Math.trunc(performance.now() * 1000)}`,
  dispatcher: 'command',
  argv: ['/bin/true'],
  route: 'content',
  task: 'write a post',
  message: 'the brief',
  idempotencyKey: 'the-key',
  env: [],
  timeoutMs: 20_000,
  notPerformedExitCodes: [],
  awaits: 'auto',
  ...over,
});

export const depsOf = (home: string, over: Partial<PerformDeps> = {}): PerformDeps => ({
  home,
  environment: process.env,
  redact: (text) => ({ text: text.replaceAll('s3cret', '[redacted]'), count: 0 }),
  agents: new Map(),
  messages: new Map(),
  dispatchScript: DISPATCH_SCRIPT,
  scriptDeclaresKey: true,
  killGraceMs: 300,
  ...over,
});

/** `sh -c` with the script as one fixed argument. */
export const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

/** Waits until something is true; the test's own timeout is the limit. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}
