/** What the checks of one examination share: where to look, what is known by now, and where findings go. */
import type { OpenHome } from '../../engine/open-home.ts';
import type { DefinitionPlaces } from '../../home/definitions.ts';
import type { HomePaths } from '../../home/paths.ts';
import type { VerifyResult } from '../../log/verify.ts';
import type { Progress } from '../progress-on.ts';
import type { Findings } from './findings.ts';
import type { IndexLook } from './index-look.ts';
import type { LogSurvey } from './log-survey.ts';

/**
 * What a check has made sure of. `home`: a folder of ours. `writable`: and we may write to it. `synced`: no failed
 * sync. `sound`: the log has no damage. `known`: and no events of a newer version. `config`: the settings are valid.
 * `free`: nobody keeps the right to write projections. `indexed`: there is a log, and the index was made from it.
 */
export type Fact = 'home' | 'writable' | 'synced' | 'sound' | 'known' | 'config' | 'free' | 'indexed';

export type Exam = {
  readonly places: DefinitionPlaces;
  readonly paths: HomePaths;
  readonly findings: Findings;
  readonly facts: Set<Fact>;
  /** What definitions need of this machine may be secrets in its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything is compared, however long it takes. */
  readonly deep: boolean;
  readonly now: () => number;
  readonly progress: Progress;
  /** Opens the home with everything; the same one each time. */
  readonly open: () => Promise<OpenHome>;
  /** From the one pass over the log; null before it. */
  log: LogLook | null;
};

export type LogLook = {
  readonly result: VerifyResult;
  readonly survey: LogSurvey;
  /** The index as it was before the pass: it only ever moves on. */
  readonly index: IndexLook;
};
