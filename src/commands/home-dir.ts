/** Which home a command line means. Touches nothing. */
import { resolveHome } from '../home/paths.ts';
import { type Invocation, option } from './verb.ts';

export const homeDir = (invocation: Pick<Invocation, 'options' | 'env'>): string =>
  resolveHome({ flag: option(invocation, 'home'), env: invocation.env });
