/**
 * How known assistants are called for one turn without a person, as their own manuals say. They may edit files in the
 * folder they are started in (`artifacts/<runId>`) and nothing more is allowed to them here; widen it in config.json.
 */

export type AgentEntry = {
  readonly command: string;
  readonly args?: readonly string[];
  readonly brief?: 'stdin' | 'file' | 'argument';
  readonly env?: readonly string[];
  readonly outputFormat?: 'text' | 'json';
  readonly resultPath?: string;
  readonly costPath?: string;
  readonly errorPath?: string;
  readonly auto?: boolean;
};

export const PRESETS: ReadonlyMap<string, AgentEntry> = new Map([
  [
    'claude',
    {
      command: 'claude',
      args: ['-p', '--output-format', 'json', '--permission-mode', 'acceptEdits'],
      brief: 'stdin',
      env: ['ANTHROPIC_API_KEY', 'CLAUDE_CONFIG_DIR'],
      outputFormat: 'json',
      resultPath: 'result',
      costPath: 'total_cost_usd',
      errorPath: 'is_error',
    },
  ],
  [
    'codex',
    {
      command: 'codex',
      args: ['exec', '--sandbox', 'workspace-write', '--skip-git-repo-check', '-'],
      brief: 'stdin',
      env: ['OPENAI_API_KEY', 'CODEX_HOME'],
      outputFormat: 'text',
    },
  ],
  [
    'openclaw',
    {
      command: 'openclaw',
      // Its own limit would be 10 minutes, whatever the step allows.
      args: [
        'agent',
        '--agent',
        'personal-assistant',
        '--timeout',
        '{{timeoutSeconds}}',
        '--message-file',
        '{{briefFile}}',
      ],
      brief: 'file',
      env: ['OPENCLAW_CONFIG_PATH', 'OPENCLAW_STATE_DIR', 'OPENCLAW_GATEWAY_PORT', 'OPENCLAW_GATEWAY_TOKEN'],
      outputFormat: 'text',
    },
  ],
]);
