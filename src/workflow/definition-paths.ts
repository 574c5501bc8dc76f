/**
 * How the paths of a definition are read: the script engine's absolute paths mean this home's files, and a
 * relative path begins at the home.
 */

const LEGACY_RECORD = /^\/(?:.*\/)?workflows\/state\/runs\/\{\{\s*runId\s*\}\}\.json$/;
const LEGACY_SUMMARY = /^\/(?:.*\/)?workflows\/outbox\/\{\{\s*runId\s*\}\}\.md$/;
const ROOTED = /^(?:\/|\{\{)/;

export type PathReading = { readonly path: string; readonly because: 'as-is' | 'legacy' | 'relative' };

/** The path template as this engine uses it, and why it differs from what the file says. */
export const readPath = (template: string): PathReading => {
  if (LEGACY_RECORD.test(template)) {
    return { path: '{{home}}/state/runs/{{runId}}.json', because: 'legacy' };
  }
  if (LEGACY_SUMMARY.test(template)) return { path: '{{home}}/outbox/{{runId}}.md', because: 'legacy' };
  if (!ROOTED.test(template)) return { path: `{{home}}/${template}`, because: 'relative' };
  return { path: template, because: 'as-is' };
};
