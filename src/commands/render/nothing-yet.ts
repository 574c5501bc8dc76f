/** What a reading verb says where no run has ever been: where it looked, and how to begin. */
import { homeDir } from '../home-of.ts';
import type { Invocation } from '../verb.ts';
import { tilde } from './paths.ts';

export const nothingYet = (invocation: Invocation): string =>
  `Nothing has run here yet (home ${tilde(homeDir(invocation), invocation.env)}).\n` +
  `Start with:  wf run autonomous-e2e --input "write a blog on BIM Automation in Autodesk"\n` +
  `Then look:   wf show last\n`;
