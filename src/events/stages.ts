/** The eight stages in their order. Apart from the schemas, so that a cold run knows them without loading zod. */
export const STAGES = [
  'intake',
  'classify',
  'plan',
  'configure_tools',
  'execute',
  'verify',
  'deliver',
  'log',
] as const;
