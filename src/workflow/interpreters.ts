/**
 * Programs whose arguments are code or another command line, as data for command-safety.ts. The lists are the usual
 * programs, not all there are: a definition's author is trusted, this keeps a task's text from becoming code by mistake.
 */

/** How a program that runs code finds it on its command line. */
export type Interpreter = {
  /** Letters that, alone or in a cluster such as `-lc`, announce code. */
  readonly codeLetters: string;
  /** Letters whose value is the rest of the cluster, or the next element when nothing is left. */
  readonly valueLetters: string;
  /** Letters whose value is the rest of the cluster only. */
  readonly suffixLetters: string;
  /** Whole options that announce code, in the next element or after `=`. */
  readonly codeOptions: readonly string[];
  /** Whole options whose next element is their value. */
  readonly valueOptions: readonly string[];
  /** Options whose value is data and may hold a user value behind fixed text (`awk -v task={{task}}`). */
  readonly dataOptions: readonly string[];
  /** Shells take as code the first operand, after all options; others the element after the option. */
  readonly codeIs: 'first-operand' | 'next-element';
  /** Whether elements after the code can still be options of the interpreter itself. */
  readonly optionsAfterCode: boolean;
  /** Whether options may also follow operands. */
  readonly permutes: boolean;
  /** What the first operand is when no option announced code. */
  readonly operand: 'script-file' | 'code' | 'plain';
  /** Options whose value is the program's file or module: no operand is code then. */
  readonly fileOptions: readonly string[];
  /** First words that announce code as the next element (`deno eval`). */
  readonly codeWords: readonly string[];
};

const interpreter = (own: Partial<Interpreter>): Interpreter => ({
  codeLetters: '',
  valueLetters: '',
  suffixLetters: '',
  codeOptions: [],
  valueOptions: [],
  dataOptions: [],
  codeIs: 'next-element',
  optionsAfterCode: true,
  permutes: false,
  operand: 'script-file',
  fileOptions: [],
  codeWords: [],
  ...own,
});

const SHELL = interpreter({
  codeLetters: 'cC',
  valueLetters: 'oO',
  codeOptions: ['--command', '--init-command'],
  valueOptions: ['--rcfile', '--init-file'],
  codeIs: 'first-operand',
  optionsAfterCode: false,
});
const JAVASCRIPT = interpreter({
  codeLetters: 'ep',
  valueLetters: 'rC',
  codeOptions: ['--eval', '--print'],
  valueOptions: ['--require', '--import', '--loader', '--conditions', '--env-file'],
  codeWords: ['eval'],
});
const PYTHON = interpreter({
  codeLetters: 'c',
  valueLetters: 'WXm',
  fileOptions: ['-m'],
  optionsAfterCode: false,
});
const PERL = interpreter({ codeLetters: 'eE', valueLetters: 'I', suffixLetters: 'MmiFxVCDl0' });
const RUBY = interpreter({ codeLetters: 'e', valueLetters: 'IrCE', suffixLetters: 'iFKTWxl0' });
const PHP = interpreter({
  codeLetters: 'rBRE',
  valueLetters: 'dcfz',
  fileOptions: ['-f'],
  codeOptions: ['--run', '--process-begin', '--process-code', '--process-end'],
});
const ONE_LINER = interpreter({ codeLetters: 'e', valueLetters: 'l', codeOptions: ['--eval'] });
const AWK = interpreter({
  codeLetters: 'e',
  valueLetters: 'Fvf',
  codeOptions: ['--source'],
  valueOptions: ['--file', '--assign', '--field-separator'],
  dataOptions: ['-v', '--assign'],
  fileOptions: ['-f', '--file'],
  operand: 'code',
});
const SED = interpreter({
  codeLetters: 'e',
  valueLetters: 'fl',
  suffixLetters: 'i',
  codeOptions: ['--expression'],
  valueOptions: ['--file'],
  fileOptions: ['-f', '--file'],
  permutes: true,
  operand: 'code',
});
/** The operands are a user, a database, a log file: only the option announces code. */
const SU = interpreter({
  codeLetters: 'c',
  valueLetters: 'sgG',
  codeOptions: ['--command', '--session-command'],
  permutes: true,
  operand: 'plain',
});
const PSQL = interpreter({
  codeLetters: 'c',
  valueLetters: 'dfhopUv',
  codeOptions: ['--command'],
  permutes: true,
  operand: 'plain',
});
const MYSQL = interpreter({
  codeLetters: 'e',
  valueLetters: 'uhPDS',
  suffixLetters: 'p',
  codeOptions: ['--execute'],
  permutes: true,
  operand: 'plain',
});

const INTERPRETERS: ReadonlyMap<string, Interpreter> = new Map<string, Interpreter>([
  ...['sh', 'bash', 'zsh', 'dash', 'ksh', 'mksh', 'ash', 'rbash', 'fish', 'csh', 'tcsh', 'yash'].map(
    (name): [string, Interpreter] => [name, SHELL],
  ),
  ['node', JAVASCRIPT],
  ['nodejs', JAVASCRIPT],
  ['bun', JAVASCRIPT],
  ['deno', JAVASCRIPT],
  ['tsx', JAVASCRIPT],
  ['python', PYTHON],
  ['pypy', PYTHON],
  ['perl', PERL],
  ['ruby', RUBY],
  ['php', PHP],
  ['lua', ONE_LINER],
  ['osascript', ONE_LINER],
  ['rscript', ONE_LINER],
  ['awk', AWK],
  ['gawk', AWK],
  ['mawk', AWK],
  ['nawk', AWK],
  ['sed', SED],
  ['gsed', SED],
  ['su', SU],
  ['script', SU],
  ['psql', PSQL],
  ['mysql', MYSQL],
  ['mariadb', MYSQL],
]);

/** Programs that hand all their operands to a shell, or are one whose code may stand anywhere. */
export const SHELL_WRAPPED: readonly string[] = [
  'eval',
  'ssh',
  'watch',
  'parallel',
  'cmd',
  'pwsh',
  'powershell',
];

/** Programs that start another program: their own options, then so many operands, then that program. */
export type Wrapper = {
  readonly valueOptions: readonly string[];
  readonly operands: number;
  /** `NAME=value` words may stand before the program. */
  readonly assignments: boolean;
  /** Options whose value is itself a command line or code. */
  readonly codeOptions: readonly string[];
};

const wrapper = (valueOptions: string, more: Partial<Wrapper> = {}): Wrapper => ({
  valueOptions: valueOptions === '' ? [] : valueOptions.split(' '),
  operands: 0,
  assignments: false,
  codeOptions: [],
  ...more,
});

export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map([
  ['env', wrapper('-u --unset -C --chdir', { assignments: true, codeOptions: ['-S', '--split-string'] })],
  ['nice', wrapper('-n --adjustment')],
  ['ionice', wrapper('-c -n --class --classdata')],
  ['nohup', wrapper('')],
  ['setsid', wrapper('')],
  ['time', wrapper('-f -o --format --output')],
  ['timeout', wrapper('-k -s --kill-after --signal', { operands: 1 })],
  ['gtimeout', wrapper('-k -s --kill-after --signal', { operands: 1 })],
  ['stdbuf', wrapper('-i -o -e --input --output --error')],
  ['sudo', wrapper('-u -g -h -p -C -D -R -r -t -T -U --user --group', { assignments: true })],
  ['doas', wrapper('-u -C', { assignments: true })],
  ['chroot', wrapper('', { operands: 1 })],
  ['flock', wrapper('-w -E --timeout', { operands: 1, codeOptions: ['-c', '--command'] })],
  ['xargs', wrapper('-I -n -P -L -d -a -E -s --max-args --max-procs --max-lines --delimiter --arg-file')],
  ['exec', wrapper('-a')],
  ['command', wrapper('')],
  ['busybox', wrapper('')],
  ['toybox', wrapper('')],
  ['caffeinate', wrapper('-t -w')],
  ['npx', wrapper('-p --package', { codeOptions: ['-c', '--call'] })],
]);

/** `/usr/bin/python3.12` is `python`. */
export const programName = (element: string): string => {
  const base = element.slice(Math.max(element.lastIndexOf('/'), element.lastIndexOf('\\')) + 1).toLowerCase();
  const bare = base.endsWith('.exe') ? base.slice(0, -4) : base;
  return INTERPRETERS.has(bare) ? bare : bare.replace(/[-.\d]+$/, '');
};

export const interpreterOf = (element: string): Interpreter | undefined =>
  INTERPRETERS.get(programName(element));

/** Environment names whose value a program loads or runs. */
export const LOADING_NAME =
  /^(?:LD_|DYLD_|PATH=|BASH_ENV|ENV=|IFS|SHELLOPTS|PS4|PROMPT_COMMAND|NODE_|PYTHON|PERL|RUBY|GIT_|EDITOR|VISUAL|PAGER)/;
