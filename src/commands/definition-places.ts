/** Where a command line's definitions are: the home's, which need not exist, before the package's own. */
import type { DefinitionPlaces } from '../home/definitions.ts';
import { homeDir } from './home-dir.ts';
import type { Invocation } from './verb.ts';

export const placesOf = (invocation: Invocation): DefinitionPlaces => ({
  home: homeDir(invocation),
  bundledDir: `${invocation.packageDir}/definitions`,
});
