/** What a check of a definition has to say: where, what is wrong, what was expected. Order is the file's, roughly. */

export type DefinitionPath = readonly (string | number)[];

export type FindingCode =
  | 'shape'
  | 'unknown-key'
  | 'not-carried-out-yet'
  | 'id-mismatch'
  | 'contradiction'
  | 'missing'
  | 'duplicate'
  | 'no-effect'
  | 'bad-name'
  | 'unknown-template'
  | 'template-not-here'
  | 'user-value-in-command'
  | 'user-value-in-code'
  | 'user-value-as-option'
  | 'user-value-as-operand'
  | 'user-value-in-json'
  | 'bad-path'
  | 'bad-url'
  | 'bad-header'
  | 'agent-unknown'
  | 'message-target-unknown'
  | 'credential-missing'
  | 'schedule'
  | 'legacy-path'
  | 'relative-path';

export type Finding = {
  /** An error keeps the definition from running; a warning is shown and the definition runs. */
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly path: DefinitionPath;
  readonly message: string;
  readonly hint?: string;
};

type Make = (code: FindingCode, path: DefinitionPath, message: string, hint?: string) => Finding;

const make =
  (severity: Finding['severity']): Make =>
  (code, path, message, hint) => ({
    severity,
    code,
    path,
    message,
    ...(hint === undefined ? {} : { hint }),
  });

export const error: Make = make('error');
export const warning: Make = make('warning');

export const hasErrors = (findings: readonly Finding[]): boolean =>
  findings.some((finding) => finding.severity === 'error');

/** `execute.steps[1].args[0]`; names that are no plain words are quoted. */
export const formatPath = (path: DefinitionPath): string => {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w$-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text === '' ? '(the whole file)' : text;
};
