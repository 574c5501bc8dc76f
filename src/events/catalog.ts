/** Every kind of event this version can record, with its version, and the schema of its data. */
import type { z } from 'zod';
import { type KeyEvent, keyEventSchemas } from './key-events.ts';
import { type NotifyEvent, notifyEventSchemas } from './notify-events.ts';
import { type RunEvent, runEventSchemas } from './run-events.ts';
import { type SystemEvent, systemEventSchemas } from './system-events.ts';
import { type ToolEvent, toolEventSchemas } from './tool-events.ts';
import { type WorkflowEvent, workflowEventSchemas } from './workflow-events.ts';

export type AnyEvent = KeyEvent | RunEvent | ToolEvent | WorkflowEvent | SystemEvent | NotifyEvent;

export const eventSchemas: Readonly<Record<AnyEvent['type'], z.ZodType<object>>> = {
  ...keyEventSchemas,
  ...runEventSchemas,
  ...toolEventSchemas,
  ...workflowEventSchemas,
  ...systemEventSchemas,
  ...notifyEventSchemas,
};
