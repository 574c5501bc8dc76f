/** Which template names each place of a definition may use; an unknown name is an error before anything runs. */
import { nearest } from './did-you-mean.ts';
import { type DefinitionPath, error, type Finding, warning } from './finding.ts';
import { actsOf, entriesOf, listOf, own, textOf, textsOf } from './raw-value.ts';
import { fieldOf, isKnownName, placeholders, TEMPLATE_NAMES, type TemplateName } from './template.ts';

type Place = {
  readonly what: string;
  readonly names: readonly TemplateName[];
  /** Whether fields of a structured input may be used. */
  readonly fields: boolean;
};

const without = (...left: TemplateName[]): TemplateName[] =>
  TEMPLATE_NAMES.filter((name) => !left.includes(name));

const ACTION: Place = { what: 'an action', names: TEMPLATE_NAMES, fields: true };
/** Lines of the brief: they cannot contain it, and what belongs to one effect does not exist yet. */
const BRIEF_LINE: Place = {
  what: 'the brief',
  names: without('brief', 'taskFile', 'effectKey'),
  fields: true,
};
const REQUIRED_FILE: Place = {
  what: 'a required file',
  names: without('brief', 'taskFile', 'effectKey'),
  fields: true,
};
/** A path that is written: nothing of it may come from a user. */
const SUMMARY: Place = {
  what: 'the path of the summary',
  names: ['workflowId', 'runId', 'route', 'risk', 'home', 'artifacts', 'date'],
  fields: false,
};
/** Nothing that a user typed may say which file leaves the machine. */
const SENT_FILE: Place = { ...SUMMARY, what: 'the path of a file that is sent' };
/** Each value is encoded for its place; a whole brief has none in a URL or a header. */
const SENT_WORD: Place = { what: 'a URL or header', names: without('brief', 'taskFile'), fields: true };
/** Rendered before there is a run. */
const KEY: Place = { what: 'the key', names: ['workflowId', 'task', 'input', 'date'], fields: true };
/** Filled in when the slot comes: the run's own names do not exist yet. */
const SLOT_INPUT: Place = { what: 'the input of a schedule', names: ['workflowId', 'date'], fields: false };
/** A tool is set up once, for all runs. */
const TOOL: Place = { what: 'a tool command', names: ['home'], fields: false };

const checkText = (place: Place, path: DefinitionPath, template: string): Finding[] => {
  const findings = placeholders(template).flatMap((name): Finding[] => {
    if (!isKnownName(name)) {
      const near = nearest(name, [...TEMPLATE_NAMES, `input.${name}`]);
      const hint =
        near === undefined
          ? `Known: ${TEMPLATE_NAMES.join(', ')}, input.<field>.`
          : `Did you mean {{${near}}}?`;
      return [error('unknown-template', path, `unknown template name {{${name}}}`, hint)];
    }
    const allowed =
      fieldOf(name) === undefined ? (place.names as readonly string[]).includes(name) : place.fields;
    if (allowed) return [];
    const hint = `Allowed here: ${place.names.map((known) => `{{${known}}}`).join(' ')}.`;
    return [error('template-not-here', path, `{{${name}}} is not allowed in ${place.what}`, hint)];
  });
  const opened = template.split('{{').length - 1;
  if (opened > placeholders(template).length) {
    findings.push(
      warning('unknown-template', path, 'a "{{" that no template name and "}}" follow is kept as it stands'),
    );
  }
  return findings;
};

const checkList = (place: Place, path: DefinitionPath, list: unknown): Finding[] =>
  textsOf(list).flatMap(({ text, index }) => checkText(place, [...path, index], text));

const checkOne = (place: Place, path: DefinitionPath, value: unknown): Finding[] => {
  const text = textOf(value);
  return text === undefined ? [] : checkText(place, path, text);
};

/** Every text of a JSON value. */
const checkTexts = (place: Place, path: DefinitionPath, value: unknown): Finding[] => [
  ...checkOne(place, path, value),
  ...listOf(value).flatMap((one, index) => checkTexts(place, [...path, index], one)),
  ...entriesOf(value).flatMap(([key, one]) => checkTexts(place, [...path, key], one)),
];

const checkCommand = (place: Place, path: DefinitionPath, holder: unknown): Finding[] => [
  ...checkOne(place, [...path, 'command'], own(holder, 'command')),
  ...checkList(place, [...path, 'args'], own(holder, 'args')),
];

export const checkTemplates = (raw: unknown): Finding[] => [
  ...checkOne(KEY, ['idempotency', 'key'], own(own(raw, 'idempotency'), 'key')),
  ...checkList(BRIEF_LINE, ['defaults', 'assumptions'], own(own(raw, 'defaults'), 'assumptions')),
  ...entriesOf(own(raw, 'plan')).flatMap(([route, lines]) => checkList(BRIEF_LINE, ['plan', route], lines)),
  ...entriesOf(own(own(raw, 'autoConfigure'), 'toolCommands')).flatMap(([name, tool]) =>
    checkCommand(TOOL, ['autoConfigure', 'toolCommands', name], tool),
  ),
  ...actsOf(raw).flatMap(({ action, path }) => [
    ...checkCommand(ACTION, path, action),
    ...checkOne(ACTION, [...path, 'message'], own(action, 'message')),
    ...checkList(REQUIRED_FILE, [...path, 'attach'], own(action, 'attach')),
    ...checkOne(SENT_WORD, [...path, 'url'], own(action, 'url')),
    ...entriesOf(own(action, 'headers')).flatMap(([name, value]) =>
      checkOne(SENT_WORD, [...path, 'headers', name], value),
    ),
    ...checkTexts(ACTION, [...path, 'body'], own(action, 'body')),
    ...checkOne(ACTION, [...path, 'text'], own(action, 'text')),
    ...['bodyFile', 'textFile'].flatMap((key) => checkOne(SENT_FILE, [...path, key], own(action, key))),
  ]),
  ...listOf(own(raw, 'schedules')).flatMap((schedule, index) =>
    checkTexts(SLOT_INPUT, ['schedules', index, 'input'], own(schedule, 'input')),
  ),
  ...listOf(own(raw, 'approval')).flatMap((rule, index) =>
    checkList(REQUIRED_FILE, ['approval', index, 'show'], own(rule, 'show')),
  ),
  ...listOf(own(own(raw, 'verify'), 'files')).flatMap((rule, index) =>
    checkOne(REQUIRED_FILE, ['verify', 'files', index, 'path'], own(rule, 'path')),
  ),
  ...checkList(REQUIRED_FILE, ['verify', 'requiredFiles'], own(own(raw, 'verify'), 'requiredFiles')),
  ...checkOne(SUMMARY, ['deliver', 'summaryFile'], own(own(raw, 'deliver'), 'summaryFile')),
];
