/**
 * The three assistants that `wf connect` knows, connected and given a turn. Their programs are stood in for by scripts of
 * this test, which write down how they were called; that they take these options is what their manuals say.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type WfRunner, wfRunner } from '../support/wf.ts';

/** How the script reads its brief and answers. */
const TURNS = {
  claude: { brief: 'cat', answer: `echo '{"result":"Written.","total_cost_usd":0.25,"is_error":false}'` },
  codex: { brief: 'cat', answer: 'echo Written.' },
  openclaw: { brief: 'for last; do :; done; cat "$last"', answer: 'echo Written.' },
};
type Name = keyof typeof TURNS;

const ARGV: Readonly<Record<Name, RegExp>> = {
  claude: /^-p --output-format json --permission-mode acceptEdits$/,
  codex: /^exec --sandbox workspace-write --skip-git-repo-check -$/,
  openclaw: /^agent --agent personal-assistant --timeout 1200 --message-file \/\S+$/,
};

function standIn(runner: WfRunner, name: Name): void {
  const { brief, answer } = TURNS[name];
  const file = runner.path(name);
  const body = `case "$1" in --version) echo "1.0 (stand-in)"; exit 0;; esac
echo "$*" >> "$HOME/argv"; { ${brief}; } > "$HOME/brief"; echo words > digest.md; ${answer}`;
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

test.each(Object.keys(TURNS) as Name[])(
  '%s: connected, called as its manual says, and its turn is the outcome',
  async (name) => {
    const runner = wfRunner();
    standIn(runner, name);
    const env = { PATH: `${runner.dir}:/usr/bin:/bin` };
    const connected = await runner.wf(['connect', 'agent', name, '--yes'], { env });
    expect({ code: connected.code, stderr: connected.stderr }).toMatchObject({ code: 0 });
    runner.define({
      id: 'digest',
      execute: { dispatcher: 'agent', agent: name, timeout: '20m' },
      verify: { files: [{ path: '{{artifacts}}/digest.md', fresh: true }], outcome: { notEmpty: true } },
    });
    const { code, run } = await runner.json(['run', 'digest', '--input', 'a digest on bridges']);
    expect({ code, status: run.status, outcome: run.outcome }).toEqual({
      code: 0,
      status: 'completed',
      outcome: 'done',
    });
    expect(runner.lines('argv')).toHaveLength(1);
    expect(runner.lines('argv')[0]).toMatch(ARGV[name]);
    expect(readFileSync(runner.path('brief'), 'utf8')).toMatch(/a digest on bridges[\s\S]*wf report/);
    const shown = (await runner.wf(['show', 'last'])).stdout;
    expect(shown).toContain('said     Written.');
    expect(shown).toContain(
      name === 'claude' ? 'cost     0.25 USD, as its program says' : 'not known (1 turn)',
    );
  },
);
