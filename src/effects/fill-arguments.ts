/**
 * Arguments of a program of config.json with what is sent put into them. A text that begins with "-" and stands by
 * itself would be read as an option, so it gets a space in front; everything else stays to the letter.
 */
export function fillArguments(
  args: readonly string[],
  values: ReadonlyMap<string, string>,
): readonly string[] {
  return args.map((arg, index) => {
    const filled = arg.replace(
      /\{\{\s*([A-Za-z]+)\s*\}\}/g,
      (whole, name: string) => values.get(name) ?? whole,
    );
    const begins = /^\{\{/.test(arg) && filled.startsWith('-');
    return begins && !args.slice(0, index).includes('--') ? ` ${filled}` : filled;
  });
}
