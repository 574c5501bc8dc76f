/** What a record of the script engine says that no event of ours could: its context, and what its stages had left. */

export type ImportedParts = {
  readonly context?: object;
  /** By stage; null where it left nothing. */
  readonly outputs: ReadonlyMap<string, unknown>;
};

// Total: what is no such record has no parts.
export function importedParts(body: string): ImportedParts {
  const record = parsed(body);
  const stages = Array.isArray(record.stages) ? (record.stages as unknown[]) : [];
  const outputs = new Map<string, unknown>();
  for (const stage of stages) {
    const { name, output } = asObject(stage);
    if (typeof name === 'string') outputs.set(name, output ?? null);
  }
  return {
    outputs,
    ...(typeof record.context === 'object' && record.context !== null ? { context: record.context } : {}),
  };
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(body));
  } catch {
    // Its blob is missing, or the line was written by something else: the rest of the run is still shown.
    return {};
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
