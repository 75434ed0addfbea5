import type { LiveMessage } from '../api-types.js';
import { el, replace } from '../dom.js';
import { clock, duration, tick } from '../format.js';
import { causeName, queueName } from '../names.js';
import { render, type Store } from '../store.js';
import { text, textOr } from '../texts.js';

/** Who waits where. */
export function createQueues(store: Store): HTMLElement {
  const body = el('div', {});
  render(store, ['queues'], ({ queues }) => {
    const head = el(
      'tr',
      {},
      ...(['queue', 'waiting', 'longest', 'free'] as const).map((name) => el('th', { scope: 'col', text: name })),
    );
    const rows = queues.map(({ queue, waiting, longestWaitingSince, freeSeats }) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, queueName(queue)),
        el('td', { class: waiting > 0 ? 'warn' : '' }, String(waiting)),
        el('td', {}, longestWaitingSince ? el('time', { 'data-since': isoOf(longestWaitingSince) }) : '–'),
        el('td', {}, String(freeSeats)),
      ),
    );
    replace(body, [
      rows.length > 0
        ? el('table', { class: 'queues' }, el('thead', {}, head), el('tbody', {}, ...rows))
        : el('p', { class: 'help', text: 'queuesNone' }),
    ]);
    tick(body);
  });
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'queues-title' },
    el('h2', { id: 'queues-title', text: 'queues' }),
    body,
  );
}

const isoOf = (time: string | number) => (typeof time === 'number' ? new Date(time).toISOString() : time);

/** What happens, newest first. */
export function createEvents(store: Store): HTMLElement {
  const list = el('ol', { class: 'events', tabindex: '0', 'aria-labelledby': 'live-title' });
  const none = el('p', { class: 'help', text: 'liveNone' });
  render(store, ['events'], ({ events }) => {
    none.hidden = events.length > 0;
    list.hidden = events.length === 0;
    replace(
      list,
      events.map((event) =>
        el('li', { 'data-type': event.type }, el('time', {}, clock(event.at)), el('span', {}, sentence(event))),
      ),
    );
  });
  return el(
    'section',
    { class: 'card live', 'aria-labelledby': 'live-title' },
    el('h2', { id: 'live-title', text: 'live' }),
    none,
    list,
  );
}

function sentence({ type, data }: LiveMessage): string {
  const seat = String(data.seat ?? '');
  switch (type) {
    case 'seat.changed':
      return data.state === null || data.state === undefined || data.agentId === null
        ? text('live.seatLeft', { seat })
        : text('live.seat', {
            seat,
            name: String(data.agentName ?? ''),
            state: textOr(`state.${data.state}`, 'live.other'),
          });
    case 'call.offered':
      return text('live.offered', { seat });
    case 'call.answered':
      return text('live.answered', { seat, wait: duration(Number(data.waitMs ?? 0)) });
    case 'call.ended': {
      const cause = causeName(data.by, data.cause);
      const talked = typeof data.talkMs === 'number';
      return talked
        ? text('live.endedTalk', { cause, talk: duration(Number(data.talkMs)) })
        : text('live.ended', { cause });
    }
    case 'ticket.changed':
      return text('live.ticket', { number: String(data.number ?? '') });
    default:
      return text('live.other');
  }
}
