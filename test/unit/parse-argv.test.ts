/** The quick parser reads what commander would read, or leaves the line to it. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { explainArgv } from '../../src/commands/explain-argv.ts';
import { parseArgv } from '../../src/commands/parse-argv.ts';
import { GLOBAL_OPTIONS, type Io, type OptionSpec, type VerbSpec } from '../../src/commands/verb.ts';
import { VERB_WORDS } from '../../src/commands/verb-words.ts';
import { VERBS } from '../../src/commands/verbs.ts';

const silent: Io = {
  out: () => undefined,
  err: () => undefined,
  stdoutIsTerminal: false,
  stderrIsTerminal: false,
  readStdin: async () => '',
};
const quick = (argv: readonly string[]) => {
  const line = parseArgv(argv, VERBS);
  return line === null
    ? null
    : { verb: line.verb.name, args: [...line.args], options: Object.fromEntries(line.options) };
};
const careful = async (argv: readonly string[]) => {
  const line = await explainArgv(argv, VERBS, silent);
  return typeof line === 'number'
    ? line
    : { verb: line.verb.name, args: [...line.args], options: Object.fromEntries(line.options) };
};

describe('the quick parser', () => {
  test.each([
    [[], 'status', [], {}],
    [['--json'], 'status', [], { json: true }],
    [['run', 'x', '--input', 'a b'], 'run', ['x'], { input: 'a b' }],
    [['run', '--input=--force', 'x', '--force'], 'run', ['x'], { input: '--force', force: true }],
    [['run', 'x', '--input', '--'], 'run', ['x'], { input: '--' }],
    [['run', '--input', 'a', '--', '--x'], 'run', ['--x'], { input: 'a' }],
    [['--home', '/h', 'feedback', 'list', '--json'], 'feedback list', [], { home: '/h', json: true }],
    [['run', 'x', '--input', '-'], 'run', ['x'], { input: '-' }],
    [['run', 'x', '--input='], 'run', ['x'], { input: '' }],
    [['run', '__proto__', '--input', 'constructor'], 'run', ['__proto__'], { input: 'constructor' }],
  ])('reads %j', (argv, verb, args, options) => {
    expect(quick(argv)).toEqual({ verb, args, options });
  });

  test.each([
    [['run']],
    [['run', 'x', 'y', '--input', 'a']],
    [['run', 'x', '--nope']],
    [['run', 'x', '--input']],
    [['run', 'x', '--force=1']],
    [['run', 'x', '-h']],
    [['runs', '--status', 'sleeping']],
    [['constructor']],
    [['__proto__', 'x']],
    [['feedback']],
    [['--help']],
    [['runn', 'x']],
  ])('leaves %j to commander', (argv) => {
    expect(quick(argv)).toBeNull();
  });

  test('hands everything after the seed’s scripts on untouched', () => {
    expect(quick(['__compat', 'engine', 'run', 'x', '--input', 'a', '--', '-z'])).toEqual({
      verb: '__compat engine',
      args: ['run', 'x', '--input', 'a', '--', '-z'],
      options: {},
    });
  });
});

describe('commander', () => {
  test.each([
    [['run'], /wf run: WORKFLOW is missing/],
    [['run', 'x', '--nope'], /unknown option '--nope'/],
    [['run', 'x', '--input'], /argument missing/],
    [['run', 'x', 'y', '--input', 'a'], /too many arguments/],
    [['runs', '--status', 'sleeping'], /Allowed choices/],
    [['runn', 'x'], /unknown verb 'runn'/],
  ])('says of %j what was expected', async (argv, says) => {
    await expect(careful(argv)).rejects.toMatchObject({
      exitCode: 2,
      code: 'usage',
      message: expect.stringMatching(says),
      hint: expect.any(String),
    });
  });

  test('a misspelt verb is answered with the nearest one', async () => {
    await expect(careful(['aprove', 'x'])).rejects.toMatchObject({
      hint: expect.stringContaining('wf approve'),
    });
  });
});

/** Values as users write them: blanks, dashes, equals signs, names that JavaScript knows. */
const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '--force',
    '--',
    '-',
    '-x',
    'a=b',
    '--input=x',
    'run',
    'help',
    '__proto__',
    'constructor',
    'ü 東京',
    '',
  ),
);
const optionWords = (spec: OptionSpec): fc.Arbitrary<string[]> => {
  if (spec.value === undefined) return fc.constant([`--${spec.name}`]);
  const value = spec.choices === undefined ? word : fc.constantFrom(...spec.choices);
  return fc
    .tuple(value, fc.boolean())
    .map(([text, joined]) => (joined ? [`--${spec.name}=${text}`] : [`--${spec.name}`, text]));
};
/** A plain argument; one that begins with a dash only stands after `--`. */
const plain = word.filter((text) => !text.startsWith('-'));

const lineOf = (verb: VerbSpec): fc.Arbitrary<string[]> => {
  const options = fc
    .subarray([...verb.options, ...GLOBAL_OPTIONS])
    .chain((chosen) => fc.tuple(...chosen.map(optionWords)).map((words) => words.map((one) => [...one])));
  const required = verb.args.filter((arg) => arg.required).length;
  const args = fc.integer({ min: required, max: verb.args.length });
  return fc
    .tuple(
      options,
      args.chain((n) => fc.array(plain, { minLength: n, maxLength: n })),
      fc.boolean(),
      fc.subarray([...GLOBAL_OPTIONS]).chain((chosen) => fc.tuple(...chosen.map(optionWords))),
    )
    .chain(([given, names, dashes, before]) =>
      fc
        .shuffledSubarray([...given, ...(dashes ? [] : names.map((name) => [name]))], {
          minLength: given.length + (dashes ? 0 : names.length),
        })
        .map((mixed) => [
          ...before.flat(),
          ...verb.name.split(' '),
          ...mixed.flat(),
          ...(dashes ? ['--', ...names] : []),
        ]),
    );
};
const visible = VERBS.filter((verb) => verb.passThrough !== true);

property.prop([fc.constantFrom(...visible).chain(lineOf)])(
  'both read every well-formed line the same way, so that it does not matter which one did',
  async (argv) => {
    const read = quick(argv);
    expect(read).not.toBeNull();
    expect(await careful(argv)).toEqual(read);
  },
);

property.prop([
  fc.array(
    fc.oneof(
      word,
      fc.constantFrom(...VERBS.flatMap((verb) => verb.name.split(' ')), '--json', '--home', '--input'),
    ),
    { maxLength: 6 },
  ),
])('whatever the quick parser reads at all, commander reads the same', async (argv) => {
  const read = quick(argv);
  if (read === null || read.verb.startsWith('__')) return;
  expect(await careful(argv)).toEqual(read);
});

test('the next commands on a screen are known by the first words of all verbs', () => {
  expect([...VERB_WORDS]).toEqual([...new Set(VERBS.map(({ name }) => name.split(' ')[0]))].sort());
});
