import type { Desk } from '../desk.js';
import { el, field, replace } from '../dom.js';
import { tick } from '../format.js';
import { queueName } from '../names.js';
import { render, type State, type Store } from '../store.js';
import { text, textOr } from '../texts.js';

/** The seat: taking and leaving it, its state, ready and offline. */
export function createSeat(store: Store, desk: Desk): HTMLElement {
  const body = el('div', { class: 'seat' });
  render(store, ['seat', 'seats', 'queues'], (state) => {
    replace(body, state.seat ? taken(state, desk) : choice(state, desk));
    tick(body);
  });
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'seat-title' },
    el('h2', { id: 'seat-title', text: 'seat' }),
    body,
  );
}

function choice({ seats, account }: State, desk: Desk): Node[] {
  const free = seats.filter(({ takenBy }) => takenBy === null || takenBy === account?.name);
  const select = el('select', { name: 'seat', 'data-key': 'seat' });
  for (const { seat, takenBy } of seats) {
    const usable = free.some((one) => one.seat === seat);
    const name = usable ? seat : text('seatTaken', { seat, name: takenBy ?? '' });
    select.append(el('option', { value: seat, disabled: !usable }, name));
  }
  const first = free[0];
  if (first) select.value = first.seat;
  const take = el('button', {
    class: 'primary',
    type: 'submit',
    text: 'takeSeat',
    disabled: free.length === 0,
    'data-key': 'take',
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void desk.takeSeat(select.value);
  };
  return [
    el('p', { class: 'help', text: free.length > 0 ? 'seatHelp' : 'seatNone' }),
    el('form', { class: 'row', on: { submit } }, field('seatNumber', select, 'grow'), take),
  ];
}

function taken({ seat }: State, desk: Desk): Node[] {
  if (!seat) return [];
  const { state, reason, wakeAt, since } = seat;
  const canChange = state !== 'offered' && state !== 'talking';
  const problem =
    state === 'notResponding' ? el('p', { class: 'problem' }, textOr(`reason.${reason}`, 'state.notResponding')) : null;
  const timing = wakeAt
    ? el('span', { class: 'timing' }, el('span', { text: 'readyIn' }), ' ', el('time', { 'data-until': wakeAt }))
    : el('span', { class: 'timing' }, el('span', { text: 'stateFor' }), ' ', el('time', { 'data-since': since }));
  const button = (to: 'ready' | 'offline') =>
    el('button', {
      type: 'button',
      text: to === 'offline' ? 'goOffline' : state === 'wrapUp' ? 'finishWrapUp' : 'goReady',
      class: to,
      'aria-pressed': String(state === to),
      disabled: !canChange,
      'data-key': to,
      on: { click: () => desk.setState(to) },
    });
  const queues = el(
    'p',
    { class: 'help' },
    el('span', { text: 'queuesServed' }),
    `: ${seat.queues.map(queueName).join(', ')}`,
  );
  const leave = el('button', {
    class: 'plain',
    type: 'button',
    text: 'leaveSeat',
    disabled: !canChange,
    'data-key': 'leave',
    on: { click: () => desk.leaveSeat() },
  });
  return [
    el(
      'div',
      { class: 'state', 'data-state': state, role: 'status' },
      el('strong', {}, `${seat.seat} · ${textOr(`state.${state}`, 'state.offline')}`),
      timing,
    ),
    ...(problem ? [problem] : []),
    el('div', { class: 'switch', role: 'group', label: 'setState' }, button('ready'), button('offline')),
    ...(seat.queues.length > 0 ? [queues] : []),
    leave,
  ];
}
