/**
 * The few lines that `wf install-scripts` writes: they start the package's own scripts by absolute path, and say in
 * one line when it is gone. Any Node >= 12.22 parses them; the package then finds the Node that is new enough.
 */

const MARK = 'Written by `wf install-scripts` of workflow-engine; run that again after moving the package.';

export const moduleShim = (script: string): string => `#!/usr/bin/env node
// ${MARK}
import { existsSync } from 'fs';
import { dirname } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

const script = ${JSON.stringify(script)};
// The home is beside the folder this file is in, unless the environment says otherwise.
if (!process.env.OPENCLAW_ROOT) process.env.OPENCLAW_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
if (existsSync(script)) import(pathToFileURL(script).href);
else {
  console.error(\`\${script} is gone: install workflow-engine again, then run \\\`wf install-scripts\\\`.\`);
  process.exitCode = 1;
}
`;

export const shellShim = (script: string): string => `#!/usr/bin/env bash
# ${MARK}
set -euo pipefail
script=${shellQuoted(script)}
if [ ! -f "$script" ]; then
  echo "$script is gone: install workflow-engine again, then run 'wf install-scripts'." >&2
  exit 78
fi
exec bash "$script" "$@"
`;

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
