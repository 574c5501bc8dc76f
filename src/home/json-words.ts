/** What is wrong with the JSON of a file people write, in their words instead of the parser's. */

const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'an unknown word; texts stand in double quotes',
  InvalidNumberFormat: 'a number that is written wrong',
  PropertyNameExpected: 'a key in double quotes is expected',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a ":" is expected after the key',
  CommaExpected: 'a "," is expected before the next entry, or the bracket that closes is missing',
  CloseBraceExpected: 'a "}" is expected: the file ends before it, or a "," is missing',
  CloseBracketExpected: 'a "]" is expected: the file ends before it, or a "," is missing',
  EndOfFileExpected: 'nothing is expected after the end of the value',
  UnexpectedEndOfComment: 'a comment is not closed',
  UnexpectedEndOfString: 'a text is not closed',
  UnexpectedEndOfNumber: 'a number is not complete',
  InvalidUnicode: 'a "\\u" needs four hexadecimal digits',
  InvalidEscapeCharacter: 'an unknown "\\" in a text',
  InvalidCharacter: 'a control character in a text',
  InvalidCommentToken: 'a comment does not belong here',
};

/** @param code the parser's name for it; undefined where it found nothing at all */
export const syntaxWords = (text: string, code: string | undefined): string =>
  text.trim() === '' || code === undefined
    ? 'the file is empty'
    : (SYNTAX[code] ?? 'it cannot be read from here on');
