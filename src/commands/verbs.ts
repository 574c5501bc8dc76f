/** The table of verbs. A verb stands in it from the day it works; its code is loaded when it is called. */
import type { VerbSpec } from './verb.ts';
import { DECIDE_VERBS } from './verbs/decide-verbs.ts';
import { EXPLAIN_VERBS } from './verbs/explain-verbs.ts';
import { OPERATE_VERBS } from './verbs/operate-verbs.ts';
import { RUN_VERBS } from './verbs/run-verbs.ts';

/** In the order that help has them in. */
export const VERBS: readonly VerbSpec[] = [...RUN_VERBS, ...EXPLAIN_VERBS, ...DECIDE_VERBS, ...OPERATE_VERBS];
