/** What a reading verb says where no run has ever been: where it looked, and how to begin. */
import { homeDir } from '../home-dir.ts';
import { programName } from '../program-name.ts';
import type { Invocation } from '../verb.ts';
import { tilde } from './paths.ts';

export const nothingYet = (invocation: Invocation): string =>
  `Nothing has run here yet (home ${tilde(homeDir(invocation), invocation.env)}).\n` +
  `Start with:  ${programName(invocation)} run autonomous-e2e --input "write a blog on BIM Automation in Autodesk"\n` +
  `Then look:   ${programName(invocation)} show last\n`;
