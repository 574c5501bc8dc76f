/** Paths of a definition. The summary is written, so its place is restricted; config decides about further roots. */
import { readPath } from './definition-paths.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { listOf, own, textOf, textsOf } from './raw-value.ts';
import { placeholders } from './template.ts';

/** What the engine alone writes, and what is the user's own input. */
const CLOSED = ['logs', 'state', 'blobs', 'definitions', 'config.json', 'tasks', 'run', 'feedback'];
const HOME = /^\{\{\s*home\s*\}\}/;
const BEGINNING = /^(?:\/|\{\{\s*(?:home|artifacts)\s*\}\}(?:\/|$))/;

const checkReading = (path: DefinitionPath, template: string): Finding[] => {
  const reading = readPath(template);
  switch (reading.because) {
    case 'as-is':
      return [];
    case 'legacy':
      return [
        warning(
          'legacy-path',
          path,
          `this absolute path means this home's file: ${reading.path}`,
          `Write ${JSON.stringify(reading.path)}.`,
        ),
      ];
    case 'relative':
      return template.startsWith('~')
        ? [
            error(
              'bad-path',
              path,
              '"~" is not expanded',
              'Write {{home}}/…, {{artifacts}}/… or an absolute path.',
            ),
          ]
        : [warning('relative-path', path, `a relative path begins at the home: ${reading.path}`)];
  }
};

const checkSummary = (path: DefinitionPath, template: string): Finding[] => {
  const file = readPath(template).path;
  const segments = file.split(/[/\\]+/).filter((segment) => segment !== '.' && segment !== '');
  const findings: Finding[] = [];
  if (!placeholders(file).includes('runId')) {
    const message = 'expected {{runId}} in the path: without it, runs would overwrite each other';
    findings.push(error('bad-path', path, message, 'Write for example {{home}}/outbox/{{runId}}.md.'));
  }
  if (segments.includes('..')) findings.push(error('bad-path', path, '".." is not allowed in this path'));
  if (!BEGINNING.test(file)) {
    findings.push(error('bad-path', path, 'expected a path beginning with {{home}}/, {{artifacts}}/ or /'));
  }
  if (/[/\\]$/.test(file))
    findings.push(error('bad-path', path, 'expected the path of a file, got a folder'));
  const inHome = HOME.test(file) ? segments[1]?.toLowerCase() : undefined;
  if (inHome !== undefined && CLOSED.includes(inHome)) {
    findings.push(
      error(
        'bad-path',
        path,
        `nothing may be written into "${inHome}" of the home`,
        'Use {{home}}/outbox/ or {{artifacts}}/.',
      ),
    );
  }
  return findings;
};

export const checkPaths = (raw: unknown): Finding[] => {
  const summaryPath = ['deliver', 'summaryFile'];
  const summary = textOf(own(own(raw, 'deliver'), 'summaryFile'));
  return [
    ...textsOf(own(own(raw, 'verify'), 'requiredFiles')).flatMap(({ text, index }) =>
      checkReading(['verify', 'requiredFiles', index], text),
    ),
    ...listOf(own(own(raw, 'verify'), 'files')).flatMap((rule, index) => {
      const path = textOf(own(rule, 'path'));
      return path === undefined ? [] : checkReading(['verify', 'files', index, 'path'], path);
    }),
    ...(summary === undefined
      ? []
      : [...checkReading(summaryPath, summary), ...checkSummary(summaryPath, summary)]),
  ];
};
