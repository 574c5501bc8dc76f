/** Who was told what about a run, and what is known of it: its `notify/…` stream as plain sentences. */
import type { NotifyEvent, NotifyOn } from '../../events/notify-events.ts';
import { quoted, type Sentence, say, short } from './sentence.ts';

export type NumberedNotifyEvent = NotifyEvent & { readonly seq: number; readonly ts: string };

const WHAT: Readonly<Record<NotifyOn, string>> = {
  failed: 'that it failed',
  completed: 'that it is done',
  'handed-off': 'that it was handed over',
  cancelled: 'that it was cancelled',
  'waiting:approval': 'that it waits for an approval',
  'waiting:outcome': 'that it waits for an outcome',
  'in-doubt': 'that it is in doubt',
  expired: 'that nobody approved it in time',
  missed: 'that it was missed',
};

/** A sentence for each end; one that was begun and has none may have arrived. */
export function noticeSentences(events: readonly NumberedNotifyEvent[]): readonly Sentence[] {
  const begun = new Map<string, Extract<NumberedNotifyEvent, { type: 'NotificationIntended' }>>();
  const sentences: Sentence[] = [];
  const add = ({ seq, ts }: NumberedNotifyEvent, text: string): void => {
    sentences.push({ seq, ts, ...say('told', text) });
  };
  for (const event of events) {
    switch (event.type) {
      case 'NotificationIntended':
        begun.set(event.data.noticeId, event);
        break;
      case 'NotificationSkipped': {
        const { on, interval, targets } = event.data;
        add(event, `Nobody was told ${again(interval)}${WHAT[on]}: config.json names no ${quoted(targets)}.`);
        break;
      }
      case 'NotificationSent':
      case 'NotificationFailed': {
        const intent = begun.get(event.data.noticeId);
        begun.delete(event.data.noticeId);
        if (intent !== undefined) add(event, ended(intent.data, event));
        break;
      }
    }
  }
  for (const intent of begun.values())
    add(intent, `${who(intent.data)}: how that went is not recorded, so it may have arrived.`);
  return sentences;
}

type Intended = Extract<NotifyEvent, { type: 'NotificationIntended' }>['data'];

const again = (interval: number): string => (interval === 0 ? '' : 'again ');
const who = ({ target, on, interval }: Intended): string =>
  `"${target}" was to be told ${again(interval)}${WHAT[on]}`;

function ended(
  intent: Intended,
  event: Extract<NotifyEvent, { type: 'NotificationSent' | 'NotificationFailed' }>,
): string {
  const { target, on, interval } = intent;
  if (event.type === 'NotificationSent') return `"${target}" was told ${again(interval)}${WHAT[on]}.`;
  const { inDoubt, error } = event.data;
  const how = inDoubt === true ? 'it may have arrived' : 'it was not';
  return `${who(intent)}, and ${how}: ${short(error.message)}.`;
}
