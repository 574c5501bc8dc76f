/** Names of streams. A stream is the unit of ordering and of the optimistic check at append. */

export const runStream = (runId: string): string => `run/${runId}`;
/** `hash` is sha256 hex of `<workflowId>\n<key>`. */
export const keyStream = (hash: string): string => `key/${hash}`;
export const toolStream = (host: string, tool: string): string => `tool/${host}/${tool}`;
export const workflowStream = (workflowId: string): string => `workflow/${workflowId}`;
export const SYSTEM_STREAM = 'system';
/** `subject` is a run's id, or names a slot of a schedule. */
export const notifyStream = (subject: string): string => `notify/${subject}`;

/** The part before the first slash: `run`, `key`, `tool`, `workflow`, `notify` or `system`. */
export const familyOf = (stream: string): string => {
  const slash = stream.indexOf('/');
  return slash === -1 ? stream : stream.slice(0, slash);
};

/** Run id of a `run/…` stream. */
export const runIdOf = (stream: string): string | undefined =>
  stream.startsWith('run/') ? stream.slice(4) : undefined;
