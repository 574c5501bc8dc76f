/**
 * Every check of `wf doctor`, in the order they are made. A check needs what earlier ones have made sure of, and
 * says itself what later ones may rely on; one whose needs are not met is left out, for it would only repeat that.
 */
import { checkDisk } from './check-disk.ts';
import { checkErased } from './check-erased.ts';
import { checkHome } from './check-home.ts';
import { checkIndex } from './check-index.ts';
import { checkIndexLock } from './check-index-lock.ts';
import { checkConfig, checkDefinitions } from './check-inputs.ts';
import { checkLock } from './check-lock.ts';
import { checkEvents, checkLines } from './check-log.ts';
import { checkMoved } from './check-moved.ts';
import { checkPaused } from './check-paused.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkPlace } from './check-place.ts';
import { checkProjections } from './check-projections.ts';
import { checkRuns } from './check-runs.ts';
import { checkScratch } from './check-scratch.ts';
import { checkServer } from './check-server.ts';
import { checkSetAside } from './check-set-aside.ts';
import { checkSync } from './check-sync.ts';
import { checkTempFiles } from './check-temp-files.ts';
import type { Exam, Fact } from './exam.ts';
import type { FindingId } from './finding-kinds.ts';

type Check = {
  /** Under which its own failure is told. */
  readonly id: FindingId;
  readonly needs: readonly Fact[];
  readonly look: (exam: Exam) => Promise<void>;
};

/** What is needed to fold the log; and, with a good index, to look into runs. */
const FOLDABLE: readonly Fact[] = ['home', 'writable', 'synced', 'sound', 'known', 'config', 'free'];
const HISTORY: readonly Fact[] = [...FOLDABLE, 'indexed'];

export const CHECKS: readonly Check[] = [
  { id: 'home', needs: [], look: checkHome },
  { id: 'home-network', needs: ['home'], look: checkPlace },
  { id: 'permissions', needs: ['home'], look: checkPermissions },
  { id: 'disk-space', needs: ['home'], look: checkDisk },
  { id: 'lock-held', needs: ['home', 'writable'], look: checkLock },
  { id: 'sync-failed', needs: ['home'], look: checkSync },
  { id: 'log', needs: ['home'], look: checkLines },
  { id: 'log', needs: ['home', 'sound'], look: checkEvents },
  { id: 'torn-files', needs: ['home'], look: checkSetAside },
  { id: 'config', needs: [], look: checkConfig },
  { id: 'definitions', needs: [], look: checkDefinitions },
  { id: 'no-server', needs: ['home'], look: checkServer },
  // Before anything is brought up to date, which would hide what is wrong.
  { id: 'index-held', needs: ['home', 'writable'], look: checkIndexLock },
  { id: 'index-stale', needs: FOLDABLE, look: checkIndex },
  { id: 'projections', needs: HISTORY, look: checkProjections },
  { id: 'paused', needs: HISTORY, look: checkPaused },
  { id: 'runs', needs: HISTORY, look: checkRuns },
  { id: 'home-moved', needs: HISTORY, look: checkMoved },
  { id: 'erase-unfinished', needs: HISTORY, look: checkErased },
  { id: 'scratch', needs: HISTORY, look: checkScratch },
  { id: 'temp-files', needs: ['home'], look: checkTempFiles },
];
