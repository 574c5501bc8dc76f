/** What a schema expected, in the words of people: the same for definitions and for config.json. Repeats no value. */
import type { z } from 'zod';

const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['record', 'an object'],
]);

const bounded = (issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string => {
  const big = issue.code === 'too_big';
  const limit = String(big ? issue.maximum : issue.minimum);
  switch (issue.origin) {
    case 'string':
      return limit === '1' && !big
        ? 'expected a text that is not empty'
        : `expected at most ${limit} characters`;
    case 'array':
      return big ? `expected at most ${limit} entries` : `expected at least ${limit} entry`;
    default:
      return `expected a number that is at ${big ? 'most' : 'least'} ${limit}`;
  }
};

export const expectedWords = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${EXPECTED.get(issue.expected) ?? issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
    case 'too_small':
      return bounded(issue);
    default:
      return issue.message;
  }
};
