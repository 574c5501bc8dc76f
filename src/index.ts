/** The library: `import { openEngine } from 'workflow-engine'`. What is exported here is public; see docs/LIBRARY.md. */
export { ExitCode, WfError } from './errors.ts';
export { defineWorkflow } from './library/define-workflow.ts';
export { openEngine } from './library/open-engine.ts';
export type {
  EventData,
  InboxItem,
  Run,
  RunDetails,
  RunItem,
  WorkflowFile,
} from './library/shapes.ts';
export type {
  Answer,
  Decision,
  Engine,
  EngineEvent,
  EngineOptions,
  EventOptions,
  Question,
  ReportOptions,
  ResumeOptions,
  RunRequest,
  RunsFilter,
  Subscription,
  Workflow,
  WorkflowInput,
} from './library/types.ts';
