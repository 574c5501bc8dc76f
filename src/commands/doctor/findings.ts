/** What doctor found, and, with `--fix`, what it did about it. A check that fails itself is one more finding. */
import { WfError } from '../../errors.ts';
import { FINDING_KINDS, type FindingId } from './finding-kinds.ts';

export type Severity = 'ok' | 'warning' | 'problem';

export type Finding = {
  /** What was looked at: stable, scripts may match on it. */
  readonly id: FindingId;
  readonly severity: Severity;
  /** What is wrong. */
  readonly message: string;
  readonly where?: string;
  /** Why it matters. */
  readonly why?: string;
  /** What to do about it. */
  readonly fix?: string;
  /** What `--fix` did about it; its severity is then what is left. */
  readonly fixed?: string;
};

/** Mends what was found and says what it did. Only for what is safe without asking, also when it is killed. */
export type Mend = () => Promise<string> | string;

export type Findings = {
  readonly all: readonly Finding[];
  /** Answers what is left of it: `ok` when there was nothing or it was mended. */
  add(finding: Omit<Finding, 'why' | 'fixed'>, mend?: Mend): Promise<Severity>;
  /** Runs a check; what it throws becomes a problem. */
  check(id: FindingId, look: () => Promise<void>): Promise<void>;
};

export function collectFindings(options: { readonly fix: boolean }): Findings {
  const all: Finding[] = [];
  return {
    all,
    async add(found, mend) {
      const finding = withReason(found);
      const after =
        mend === undefined || finding.severity === 'ok' ? finding : await mended(finding, mend, options.fix);
      all.push(after);
      return after.severity;
    },
    async check(id, look) {
      try {
        await look();
      } catch (error) {
        all.push(withReason(failed(id, error)));
      }
    },
  };
}

function withReason(finding: Finding): Finding {
  const why = FINDING_KINDS[finding.id];
  return finding.severity === 'ok' || why === '' ? finding : { ...finding, why };
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

function failed(id: FindingId, error: unknown): Finding {
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

/** `a, b, c and 4 more`. */
export function some(all: readonly string[], total: number = all.length, shown = 3): string {
  const first = all.slice(0, shown);
  const more = total - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export const plural = (n: number, word: string, many = `${word}s`): string => `${n} ${n === 1 ? word : many}`;
