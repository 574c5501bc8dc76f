/** A server's ports over a real home. */

import { workflowStream } from '../../events/streams.ts';
import * as cron from '../../home/cron.ts';
import { openRunRows } from '../../home/open-runs.ts';
import { watchScheduled } from '../../home/scheduled-definitions.ts';
import { scheduledWorkflows, scheduleRow } from '../../home/standing-rows.ts';
import { headOf } from '../../home/stream-index.ts';
import { noSchedules } from '../../workflow/schedule/schedule-state.ts';
import { Notifier } from '../notifier.ts';
import type { OpenHome } from '../open-home.ts';
import type { ServeEvent, ServePorts } from './serve-ports.ts';

export function realServe(home: OpenHome, tell: (told: ServeEvent) => void): ServePorts {
  const { index, store, paths, bundledDir, ports: engine } = home;
  const scheduled = watchScheduled({ home: paths.home, bundledDir }, engine.definitions.load, (id, error) => {
    const message = error instanceof Error ? error.message : String(error);
    tell({ kind: 'held', what: `workflow ${id}`, message, next: `wf definitions validate ${id}` });
  });
  return {
    engine,
    openRuns: (seq) => openRunRows(index, seq),
    scheduled,
    scheduledBefore: () => scheduledWorkflows(index),
    schedulesAt: (id) => {
      // Of another log: the stream says it all, only slower.
      if (store.indexMismatch) return { version: 0, schedules: noSchedules };
      return { version: headOf(index, workflowStream(id)), schedules: scheduleRow(index, id) };
    },
    cron,
    notifier: new Notifier(home),
    tell,
  };
}
