/** What doctor found, and, with `--fix`, what it did about it. A check that fails itself is one more finding. */
import { WfError } from '../../errors.ts';

export type Finding = {
  /** What was looked at: stable, scripts may match on it. */
  readonly id: string;
  readonly severity: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly where?: string;
  /** What to do about it. */
  readonly fix?: string;
  /** What `--fix` did about it; its severity is then what is left. */
  readonly fixed?: string;
};

/** Mends what was found and says what it did. Only for what is safe without asking. */
export type Mend = () => Promise<string>;

export type Findings = {
  readonly all: readonly Finding[];
  /** Answers what is left of it: `ok` when there was nothing or it was mended. */
  add(finding: Finding, mend?: Mend): Promise<Finding['severity']>;
  /** Runs a check; what it throws becomes a problem. */
  check(id: string, look: () => Promise<void>): Promise<void>;
};

export function collectFindings(options: { readonly fix: boolean }): Findings {
  const all: Finding[] = [];
  return {
    all,
    async add(finding, mend) {
      const after =
        mend === undefined || finding.severity === 'ok' ? finding : await mended(finding, mend, options.fix);
      all.push(after);
      return after.severity;
    },
    async check(id, look) {
      try {
        await look();
      } catch (error) {
        all.push(failed(id, error));
      }
    },
  };
}

async function mended(finding: Finding, mend: Mend, fix: boolean): Promise<Finding> {
  if (!fix) return { ...finding, fix: `wf doctor --fix ${finding.fix ?? 'mends it'}` };
  try {
    const { fix: _fix, ...rest } = finding;
    return { ...rest, severity: 'ok', fixed: await mend() };
  } catch (error) {
    return { ...finding, severity: 'problem', fix: `it could not be mended: ${messageOf(error)}` };
  }
}

function failed(id: string, error: unknown): Finding {
  const { where, hint } = error instanceof WfError ? error : { where: undefined, hint: undefined };
  return {
    id,
    severity: 'problem',
    message: messageOf(error),
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { fix: hint }),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
