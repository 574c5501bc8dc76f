// Starts `wf` for the two scripts of the first engine, with a hidden verb in front of their own arguments.
// Invariant: an old Node parses this too (>= 12.22); dist/wf.cjs then finds the Node that is new enough.
import { existsSync } from 'fs';
import { createRequire } from 'module';
import { fileURLToPath } from 'url';

/** `which` is the script engine's command line to imitate: `engine` or `feedback`. */
export const startCompat = (which) => {
  const launcher = fileURLToPath(new URL('../dist/wf.cjs', import.meta.url));
  if (!existsSync(launcher)) {
    process.stderr.write(`${launcher} is missing: run \`npm run build\` in its folder first.\n`);
    process.exitCode = 1;
    return;
  }
  process.argv.splice(2, 0, '__compat', which);
  createRequire(import.meta.url)(launcher);
};
