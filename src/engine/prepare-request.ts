/** A request for work, checked and made comparable before anything is recorded: what `--dry-run` shows and `run` acts on. */
import { isRefusal, refusalToError, usageError } from '../errors.ts';
import { isoTime } from '../events/iso-time.ts';
import type { Slot } from '../events/run-events.ts';
import type { RunContext } from '../workflow/context.ts';
import { requestKey } from '../workflow/request-key.ts';
import { classify } from '../workflow/stages/classify.ts';
import type { RunInput } from '../workflow/stages/intake.ts';
import { usedFields } from '../workflow/used-fields.ts';
import { inputOf } from './input-of.ts';
import { streamOfKey } from './key-claims.ts';
import type { EnginePorts, LoadedDefinition } from './ports.ts';

export type RunRequest = {
  readonly workflowId: string;
  /** Raw, as it came from the user. */
  readonly input: string;
  readonly key?: string;
  readonly force: boolean;
  readonly route?: string;
  /** Who asks, as their login says. */
  readonly by?: string;
  /** For the slot of a schedule: the run it was promised. Such a key is started once, whatever became of that run. */
  readonly slot?: { readonly runId: string; readonly slot: Slot };
  /** Called once the run is recorded, before its work begins. */
  readonly onStarted?: () => void;
  /** Return once the run exists (or is found to live) instead of at its end. */
  readonly detach: boolean;
};

/** A request made ready: what `--dry-run` shows and `run` acts on. */
export type PreparedRequest = {
  readonly request: RunRequest;
  readonly loaded: LoadedDefinition;
  readonly context: RunContext;
  readonly redactions: number;
  readonly key: string;
  /** Of the raw trimmed input. */
  readonly inputHash: string;
  readonly keyStream: string;
};

const MAX_KEY_CHARS = 512;

/** @throws {WfError} exit 2 or 3: bad input, unknown workflow or route, broken definition */
export async function prepareRequest(ports: EnginePorts, request: RunRequest): Promise<PreparedRequest> {
  const loaded = await ports.definitions.load(request.workflowId);
  const raw = orThrow(await inputOf(loaded.definition, request.input));
  if (
    request.key !== undefined &&
    (request.key.trim() === '' || request.key.length > MAX_KEY_CHARS || !/^[^\p{Cc}]+$/u.test(request.key))
  ) {
    throw usageError('key-invalid', `--idempotency-key must be 1 to ${MAX_KEY_CHARS} printable characters`, {
      hint: 'Give a short name without line breaks, or leave it out: workflow and input are the key then.',
    });
  }
  if (request.key !== undefined && ports.redact(request.key).count > 0) {
    throw usageError('key-secret', '--idempotency-key looks like a secret: keys are recorded and shown', {
      where: '--idempotency-key',
      hint: 'Give a name that is no secret, or a hash of it; or leave it out: workflow and input are the key then.',
    });
  }
  const redacted = ports.redact(raw.text);
  const input = redacted.count === 0 ? raw : orThrow(await inputOf(loaded.definition, redacted.text));
  const { home, connected, sha256 } = ports;
  const context: RunContext = {
    definition: loaded.definition,
    definitionHash: loaded.hash,
    input,
    home,
    connected,
    sha256,
  };
  assertFields(loaded, input);
  if (request.route !== undefined) orThrow(classify(loaded.definition, input, request.route));
  const today = request.slot?.slot.date ?? isoTime(ports.clock.now()).slice(0, 10);
  const key = request.key ?? sha256(requestKey(loaded.definition, raw, today));
  return {
    request,
    loaded,
    context,
    redactions: redacted.count,
    key,
    inputHash: sha256(raw.text),
    keyStream: streamOfKey(ports, loaded.id, key),
  };
}

/** @throws {WfError} exit 2 when a template uses a field that the input does not have */
export function assertFields(loaded: LoadedDefinition, input: RunInput): void {
  const missing = usedFields(loaded.definition).filter((field) => !input.fields.has(field));
  if (missing.length === 0) return;
  const example = JSON.stringify({
    task: 'what is to be done',
    ...Object.fromEntries(missing.map((field) => [field, '…'])),
  });
  throw usageError(
    'input-field-missing',
    `workflow ${loaded.id} uses input fields that are not given: ${missing.join(', ')}`,
    {
      hint: `Give the input as JSON, for example: --input '${example}'`,
    },
  );
}

function orThrow<T extends RunInput | object>(value: T): Exclude<T, { refused: true }> {
  if (isRefusal(value)) throw refusalToError(value);
  return value as Exclude<T, { refused: true }>;
}
