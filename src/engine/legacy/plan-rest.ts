/** Feedback, improvements, markers and log lines of the script engine as commits of ours. */
import { SYSTEM_STREAM, toolStream, workflowStream } from '../../events/streams.ts';
import type { LegacyHome, LegacyItem } from '../../home/legacy-files.ts';
import type { LegacyImprovement } from '../../home/legacy-record.ts';
import { CATALOGUE } from '../../workflow/improve/catalogue.ts';
import type { EnginePorts } from '../ports.ts';
import type { PlannedItem } from './plan.ts';

type Ports = Pick<EnginePorts, 'sha256' | 'redact' | 'randomWord' | 'newId'>;

/** Text of a file below `definitions/`; null where there is none. */
export type ReadDefinition = (name: string) => string | null;

/** The script engine did not record who it was. */
const BY = 'unknown (script engine)';

export function planRest(
  ports: Ports,
  legacy: LegacyHome,
  host: string,
  definition: ReadDefinition,
): readonly PlannedItem[] {
  return [
    ...legacy.markers.map(({ hash, value }) =>
      item('markers', hash, toolStream(host, value.tool), value.at, [
        { type: 'ToolImported', data: { tool: value.tool } },
      ]),
    ),
    ...legacy.feedback.map(({ hash, value }) =>
      item('feedback', hash, workflowStream(value.workflowId), value.ts, [
        {
          type: 'FeedbackSubmitted',
          data: {
            feedbackId: ports.newId(),
            workflowId: value.workflowId,
            ...(value.runId == null ? {} : { runId: value.runId }),
            score: value.score,
            text: ports.redact(value.feedback).text.toWellFormed(),
            by: BY,
            salt: ports.randomWord(16),
          },
        },
      ]),
    ),
    ...legacy.improvements.map((improvement, index) => {
      const next = legacy.improvements
        .slice(index + 1)
        .find((later) => later.value.workflowId === improvement.value.workflowId);
      return planImprovement(ports, improvement, next, definition);
    }),
    ...legacy.logLines.map((line) => noted(ports, 'log-line', line, line.value.ts)),
  ];
}

/**
 * With the definition as it was before and after, when both are there and really differ by the sentences that were
 * applied; else kept as a note, for what this program would say about it must not be guessed.
 */
function planImprovement(
  ports: Ports,
  improvement: LegacyItem<LegacyImprovement>,
  next: LegacyItem<LegacyImprovement> | undefined,
  definition: ReadDefinition,
): PlannedItem {
  const { hash, value } = improvement;
  const name = backupName(value);
  const nextName = next === undefined ? `${value.workflowId}.json` : backupName(next.value);
  const before = name === null ? null : definition(name);
  const after = nextName === null ? null : definition(nextName);
  if (name === null || before === null || after === null || !differsBy(before, after, value.applied))
    return noted(ports, 'improvement', improvement, value.ts);
  const improvementId = ports.newId();
  const afterHash = ports.sha256(after);
  const { workflowId } = value;
  return item('improvements', hash, workflowStream(workflowId), value.ts, [
    {
      type: 'ImprovementIntended',
      data: {
        improvementId,
        workflowId,
        beforeHash: ports.sha256(before),
        afterHash,
        changes: value.applied.map((sentence) => ({
          kind: 'add-assumption',
          catalogueId: catalogueIdOf(sentence),
          sentence,
        })),
        backup: `definitions/${name}`,
      },
    },
    { type: 'ImprovementApplied', data: { improvementId, workflowId, afterHash } },
  ]);
}

/** Of the path only the name counts: the home may have moved since. */
function backupName({ backupPath }: LegacyImprovement): string | null {
  const name = /([A-Za-z0-9][A-Za-z0-9._-]*\.json)$/.exec(backupPath ?? '')?.[1];
  return name === undefined ? null : `.backups/${name}`;
}

function differsBy(before: string, after: string, sentences: readonly string[]): boolean {
  const old = assumptionsIn(before);
  const now = assumptionsIn(after);
  return old !== null && now !== null && sentences.every((s) => now.includes(s) && !old.includes(s));
}

function assumptionsIn(text: string): readonly unknown[] | null {
  try {
    const { defaults } = JSON.parse(text) as { defaults?: { assumptions?: unknown } };
    const found = defaults?.assumptions ?? [];
    return Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

const catalogueIdOf = (sentence: string): string =>
  CATALOGUE.find((entry) => entry.sentence === sentence || entry.covers.includes(sentence))?.catalogueId ??
  'legacy';

const noted = (
  ports: Ports,
  kind: 'log-line' | 'improvement',
  { file, hash, text }: LegacyItem<unknown>,
  at: string,
): PlannedItem =>
  item(kind === 'improvement' ? 'notes' : 'logLines', hash, SYSTEM_STREAM, at, [
    {
      type: 'LegacyNoted',
      data: { kind, file, body: ports.redact(text).text.toWellFormed(), salt: ports.randomWord(16) },
    },
  ]);

const item = (
  kind: PlannedItem['kind'],
  hash: string,
  stream: string,
  occurredAt: string | undefined,
  events: PlannedItem['events'],
): PlannedItem => ({
  kind,
  cause: `legacy:${hash}`,
  stream,
  ...(occurredAt === undefined ? {} : { occurredAt }),
  events,
});
