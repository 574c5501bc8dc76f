/** A filter over runs as one condition; every value is bound, never part of the text. */

export type RunFilter = {
  readonly status?: string;
  readonly workflow?: string;
  readonly route?: string;
  /** ISO 8601: started at or after. */
  readonly since?: string;
  readonly limit: number;
};

export function runQuery(filter: RunFilter): { readonly where: string; readonly params: string[] } {
  const conditions: string[] = [];
  const params: string[] = [];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add('status = ?', filter.status);
  add('workflowId = ?', filter.workflow);
  add('route = ?', filter.route);
  add('createdAt >= ?', filter.since);
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, params };
}
