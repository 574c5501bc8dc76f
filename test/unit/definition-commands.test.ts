import { describe, expect, test } from 'vitest';
import { checkCommands } from '../../src/workflow/check-commands.ts';
import { commandProblems } from '../../src/workflow/command-safety.ts';

/** `kind@index` of each problem on a command line given as a list. */
const kinds = (line: readonly string[]): string[] =>
  commandProblems(line[0] ?? '', line.slice(1)).map(({ kind, index }) => `${kind}@${index}`);

const rows = (...lines: string[]): [string, string[]][] => lines.map((line) => [line, line.split(' ')]);

describe('a task is never run as code', () => {
  test.each(
    rows(
      'sh -c {{task}}',
      '/bin/bash -c x{{task}}',
      'bash -lc {{task}}',
      'bash -ec {{input}}',
      'bash -euo pipefail -c {{task}}',
      'bash -ceo pipefail {{task}}',
      'bash --norc -c -- {{task}}',
      'bash -O extglob -c {{brief}}',
      'zsh -c {{input.script}}',
      'fish --command={{task}}',
      'bash {{task}}',
      'node -e {{task}}',
      'node --eval {{task}}',
      'node --eval={{task}}',
      'node -p {{task}}',
      'node -pe {{task}}',
      'node --no-warnings --print {{task}}',
      'node {{task}}',
      'deno eval {{task}}',
      'python -c {{task}}',
      'python3.12 -Ic {{task}}',
      'python3 -cprint({{task}})',
      '/usr/bin/python3 {{task}}',
      'perl -e {{task}}',
      'perl -lane {{task}}',
      'perl -MData::Dumper -e {{task}}',
      'perl -e 1 -e {{task}}',
      'ruby -e {{task}}',
      'php -r {{task}}',
      'php -d x=1 -r {{task}}',
      'osascript -e {{task}}',
      'awk {{task}} file',
      'awk -F : {{task}}',
      'sed s/{{task}}/x/ file',
      'sed file -e {{task}}',
      'su root -c {{task}}',
      'psql -d db -c {{task}}',
      'mysql -uroot -e {{task}}',
      'ssh host run {{task}}',
      'eval {{task}}',
      'watch {{task}}',
      'env -S {{task}}',
      'env -iS {{task}}',
      'env -Ssh{{task}}',
      'env --split-string={{task}}',
      'env NODE_OPTIONS={{task}} node x.js',
      'env -i A=b sh -c {{task}}',
      'nice -n 5 bash -c {{task}}',
      'timeout -k 5 30s sh -c {{task}}',
      'sudo -u me env X=1 sh -c {{task}}',
      'xargs -n 1 sh -c {{task}}',
      'flock /tmp/l -c {{task}}',
      'busybox sh -c {{task}}',
      'find . -exec sh -c {{task}} ;',
      'find . -name x -exec true ; -exec bash -c {{task}} +',
      'docker run --rm image sh -c {{task}}',
      'kubectl exec pod -- bash -c {{task}}',
      'npx -c {{task}}',
      'docker run image env -S {{task}}',
    ),
  )('%s', (_line, argv) => {
    const found = kinds(argv);
    expect(found.some((kind) => kind.startsWith('code@'))).toBe(true);
  });

  test('fixed code that evaluates its arguments runs the task as well', () => {
    expect(kinds(['sh', '-c', 'eval "$1"', 'x', '{{task}}'])).toEqual(['code@4']);
  });
});

describe('a task never names the program', () => {
  test.each(
    rows(
      '{{task}}',
      '/opt/{{input.tool}} x',
      'env {{task}}',
      'env A=b {{task}}',
      'timeout 5 {{task}}',
      'nice -n 5 {{task}}',
      'sudo -u me {{task}}',
      'xargs -n 1 {{task}}',
      'find . -exec {{task}} ;',
    ),
  )('%s', (_line, argv) => {
    expect(kinds(argv)[0]).toMatch(/^program@/);
  });
});

describe('a task beginning with a dash never becomes an option unseen', () => {
  test.each(
    rows(
      '/bin/echo {{task}}',
      '/bin/echo --plain=1 {{task}}',
      'tool -{{task}}',
      'tool --{{task}}',
      'bash -{{task}}',
      'timeout -k {{task}} 5 x',
      'perl -e 1 {{task}}',
      'node -e 1 {{task}}',
      'awk -f prog.awk {{task}}',
      'psql -U {{task}}',
      'find {{task}} -name x',
    ),
  )('%s is refused', (_line, argv) => {
    expect(kinds(argv)[0]).toMatch(/^option@/);
  });

  test.each(
    rows(
      '/opt/dispatch_task.sh {{route}} {{task}}',
      'git commit -m {{task}}',
      'collect --days {{input.days}} --out x',
      'sh -c fixed dispatch {{route}} {{task}}',
      'bash script.sh {{task}}',
      'python3 -c fixed {{task}}',
      'python3 script.py {{task}}',
      'node -e 1 -- {{task}}',
      'env A=b sh -c fixed x {{task}}',
      'awk -f prog.awk -- {{task}}',
      'python3 -m module {{task}}',
    ),
  )('%s is allowed with a warning', (_line, argv) => {
    const found = kinds(argv);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((kind) => kind.startsWith('operand@'))).toBe(true);
  });

  test.each(
    rows(
      '/bin/echo -- {{task}}',
      '/bin/echo --text={{task}}',
      '/bin/echo text:{{task}}',
      'env TASK={{task}} tool run',
      'awk -v task={{task}} fixed file',
      'tool {{route}} {{taskFile}} {{runId}}',
      'sh -c fixed x {{route}} {{taskFile}}',
    ),
  )('%s is fine', (_line, argv) => {
    expect(kinds(argv)).toEqual([]);
  });
});

describe('findings', () => {
  const findings = (execute: object) => checkCommands({ id: 'x', execute });

  test('name the argument, the value, the program and the way out', () => {
    expect(
      findings({ steps: [{ command: 'ls' }, { command: 'sh', args: ['-c', 'echo {{task}}'] }] }),
    ).toEqual([
      {
        severity: 'error',
        code: 'user-value-in-code',
        path: ['execute', 'steps', 1, 'args', 1],
        message: '{{task}} is text a user typed: here sh would run it as code',
        hint: 'Keep the code fixed and read the task from the environment (WF_TASK) or the file WF_TASK_FILE.',
      },
    ]);
  });

  test('a user value as the command is said at the command', () => {
    expect(findings({ command: '{{ input.tool }}' })).toMatchObject([
      { severity: 'error', code: 'user-value-in-command', path: ['execute', 'command'] },
    ]);
  });

  test('an option is refused with both ways to write it', () => {
    expect(findings({ command: 'grep', args: ['{{task}}'] })).toMatchObject([
      {
        severity: 'error',
        code: 'user-value-as-option',
        hint: 'Put "--" before it, or write it as --name={{task}}.',
      },
    ]);
  });

  test("a fixed script's positional argument is a warning", () => {
    expect(findings({ command: 'sh', args: ['-c', 'echo "$1"', 'x', '{{task}}'] })).toMatchObject([
      { severity: 'warning', code: 'user-value-as-operand', path: ['execute', 'args', 3] },
    ]);
  });
});
