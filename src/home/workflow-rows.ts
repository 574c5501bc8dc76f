/** Rows of tools and of workflows' own streams: definitions, feedback, proposals and improvements. */
import type { ToolEvent } from '../events/tool-events.ts';
import type { WorkflowEvent } from '../events/workflow-events.ts';
import {
  decided,
  evolveImprovement,
  feedbackRow,
  type Improvement,
  improvementIdsOf,
  type Proposal,
  proposed,
} from '../projections/feedback.ts';
import type { ResolveText } from '../projections/run-record.ts';
import { toolMarker } from '../projections/tool-marker.ts';
import { evolveTool, noTool, type ToolState } from '../projections/tool-state.ts';
import type { IndexDb } from './index-db.ts';

type Stored<E> = E & {
  readonly seq: number;
  readonly ts: string;
  readonly stream: string;
  readonly streamVersion: number;
  readonly meta?: { readonly occurredAt?: string };
};

export function writeToolEvent(index: IndexDb, event: Stored<ToolEvent>): void {
  const row = index.get<{ state: string }>('SELECT state FROM tools WHERE stream = ?', event.stream);
  const before = row === undefined ? noTool : (JSON.parse(row.state) as ToolState);
  index.run(
    `INSERT INTO tools (stream, tool, state) VALUES (?, ?, ?) ON CONFLICT (stream) DO UPDATE SET state = excluded.state`,
    event.stream,
    event.data.tool,
    JSON.stringify(evolveTool(before, event)),
  );
}

/** The tool's marker as its rows say; null = it must not be there. */
export function markerBytes(index: IndexDb, tool: string): string | null {
  const rows = index.all<{ state: string }>('SELECT state FROM tools WHERE tool = ? ORDER BY stream', tool);
  return toolMarker(rows.map((row) => JSON.parse(row.state) as ToolState));
}

export function writeWorkflowEvent(
  index: IndexDb,
  event: Stored<WorkflowEvent>,
  lineOffset: number,
  resolve: ResolveText,
): void {
  switch (event.type) {
    case 'DefinitionRegistered':
      index.run(
        'INSERT OR IGNORE INTO definitions (workflowId, hash, seq, version, offset) VALUES (?, ?, ?, ?, ?)',
        event.data.workflowId,
        event.data.definitionHash,
        event.seq,
        event.streamVersion,
        lineOffset,
      );
      return;
    case 'FeedbackSubmitted': {
      const row = feedbackRow(event, resolve);
      index.run(
        'INSERT INTO feedback (seq, feedbackId, workflowId, runId, score, text, "by", at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        event.seq,
        row.feedbackId,
        row.workflowId,
        row.runId ?? null,
        row.score,
        row.text,
        row.by,
        row.at,
      );
      return;
    }
    case 'ImprovementProposed':
      index.run('UPDATE proposals SET newest = 0 WHERE workflowId = ? AND newest = 1', event.data.workflowId);
      writeProposal(index, proposed(event), event.seq);
      writeImprovements(index, event);
      return;
    case 'ImprovementIntended': {
      const open = newestProposal(index, event.data.workflowId);
      if (open !== null) writeProposal(index, decided(open.proposal, event), open.seq);
      writeImprovements(index, event);
      return;
    }
    case 'ImprovementApplied':
    case 'ImprovementAbandoned':
    case 'ImprovementReverted':
      writeImprovements(index, event);
      return;
    // Who may start is decided from the runs themselves.
    case 'RunAdmitted':
    case 'AdmissionLapsed':
      return;
  }
}

function newestProposal(index: IndexDb, workflowId: string): { proposal: Proposal; seq: number } | null {
  const row = index.get<{ json: string; seq: number }>(
    'SELECT json, seq FROM proposals WHERE workflowId = ? AND newest = 1',
    workflowId,
  );
  return row === undefined ? null : { proposal: JSON.parse(row.json) as Proposal, seq: row.seq };
}

const writeProposal = (index: IndexDb, proposal: Proposal, seq: number): void =>
  index.run(
    `INSERT INTO proposals (proposalId, seq, workflowId, newest, undecided, json) VALUES (?, ?, ?, 1, ?, ?)
     ON CONFLICT (proposalId) DO UPDATE SET undecided = excluded.undecided, json = excluded.json`,
    proposal.proposalId,
    seq,
    proposal.workflowId,
    proposal.open.length,
    JSON.stringify(proposal),
  );

function writeImprovements(index: IndexDb, event: Stored<WorkflowEvent>): void {
  for (const id of improvementIdsOf(event)) {
    const row = index.get<{ json: string }>('SELECT json FROM improvements WHERE improvementId = ?', id);
    const after = evolveImprovement(
      row === undefined ? null : (JSON.parse(row.json) as Improvement),
      id,
      event,
    );
    if (after === null) continue;
    index.run(
      `INSERT INTO improvements (improvementId, seq, workflowId, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (improvementId) DO UPDATE SET json = excluded.json`,
      id,
      event.seq,
      after.workflowId,
      JSON.stringify(after),
    );
  }
}
