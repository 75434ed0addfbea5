import type { CallRecord, CallView } from '../api-types.js';
import type { Desk } from '../desk.js';
import { el, replace, setText } from '../dom.js';
import { clock, dayAndClock, durationOr } from '../format.js';
import { causeName, numberName, queueName } from '../names.js';
import { render, type State, type Store } from '../store.js';
import { text, textOr } from '../texts.js';

interface Row {
  element: HTMLElement;
  show(call: CallView, state: State): void;
}

/** The list of calls; each unfolds to its timeline and recording. Rows are kept, not rebuilt: a recording plays on. */
export function createCalls(store: Store, desk: Desk): HTMLElement {
  const rows = new Map<string, Row>();
  const list = el('ul', { class: 'calls' });
  const none = el('p', { class: 'help', text: 'callsNone' });
  const refresh = el('button', {
    class: 'plain',
    type: 'button',
    text: 'refresh',
    on: { click: () => desk.loadCalls() },
  });
  const more = el('button', {
    class: 'plain',
    type: 'button',
    text: 'more',
    on: { click: () => desk.loadCalls(store.state.callsNext) },
  });
  render(store, ['calls', 'unfolded', 'callsNext', 'callsLoaded'], (state) => {
    none.hidden = !state.callsLoaded || state.calls.length > 0;
    more.hidden = state.callsNext === null;
    for (const [index, call] of state.calls.entries()) {
      const row = rows.get(call.id) ?? createRow(desk, call.id);
      rows.set(call.id, row);
      row.show(call, state);
      if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
    }
    while (list.children.length > state.calls.length) list.lastElementChild?.remove();
  });
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'calls-title' },
    el('div', { class: 'card-head' }, el('h2', { id: 'calls-title', text: 'calls' }), refresh),
    none,
    list,
    more,
  );
}

function createRow(desk: Desk, callId: string): Row {
  const time = el('time', {});
  const caller = el('span', { class: 'caller' });
  const queue = el('span', { class: 'call-queue' });
  const result = el('span', { class: 'result' });
  const lengths = el('span', { class: 'lengths' });
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
  const button = el(
    'button',
    { class: 'call-row', type: 'button', 'data-key': callId },
    time,
    caller,
    queue,
    result,
    lengths,
    mark,
  );
  const details = el('div', { class: 'call-details', id: `call-${callId}` });
  button.setAttribute('aria-controls', details.id);
  let built: { record: CallRecord; language: string } | null = null;
  let unfolded = false;
  let latest: CallView | null = null;
  button.addEventListener('click', () => desk.unfold(unfolded ? null : callId));
  const player = createPlayer();
  const write = el('button', { type: 'button', text: 'openTicket' });
  write.addEventListener('click', () => latest && desk.openCall(latest));
  const timeline = el('ol', { class: 'timeline' });
  details.append(player, write, el('h3', { text: 'timeline' }), timeline);

  const show = (call: CallView, state: State) => {
    latest = call;
    time.textContent = dayAndClock(call.arrivedAt);
    caller.textContent = numberName(call.callerNumber);
    queue.textContent = call.queue === null ? '–' : queueName(call.queue);
    result.textContent = resultOf(call);
    result.dataset.result = call.state !== 'ended' ? 'open' : call.answeredAt ? 'answered' : 'abandoned';
    lengths.textContent = `${text('waited')} ${durationOr(call.waitMs)} · ${text('talked')} ${durationOr(call.talkMs)}`;
    unfolded = state.unfolded?.callId === callId;
    button.setAttribute('aria-expanded', String(unfolded));
    details.hidden = !unfolded;
    const record = unfolded ? state.unfolded?.record : null;
    setText(write, 'openTicket');
    if (!unfolded) player.pause();
    if (!record || (built?.record === record && built.language === state.language)) return;
    built = { record, language: state.language };
    player.load(record);
    replace(
      timeline,
      record.timeline.map((entry) =>
        el('li', {}, el('time', {}, clock(entry.at)), el('span', {}, step(entry, record))),
      ),
    );
  };
  return { element: el('li', {}, button, details), show };
}

type Player = HTMLElement & { load(record: CallRecord): void; pause(): void };

/** The recording; while the call goes on there is none to hear yet. */
function createPlayer(): Player {
  const audio = el('audio', { controls: true, preload: 'none', label: 'recording' });
  const none = el('p', { class: 'help', text: 'recordingNone' });
  audio.addEventListener('error', () => {
    audio.hidden = true;
    none.hidden = false;
  });
  const element = el('div', { class: 'player' }, el('span', { class: 'help', text: 'recording' }), audio, none);
  none.hidden = true;
  return Object.assign(element, {
    load: ({ state, answeredAt, recording }: CallRecord) => {
      element.hidden = state !== 'ended' || answeredAt === null;
      audio.hidden = recording === null;
      none.hidden = recording !== null;
      if (element.hidden || audio.src || !recording) return;
      audio.preload = 'metadata';
      audio.src = recording.url;
    },
    pause: () => audio.pause(),
  });
}

function resultOf({ state, answeredAt, endedBy, endCause }: CallView): string {
  if (state !== 'ended') return textOr(`callState.${state}`, 'callState.ended');
  return `${text(answeredAt ? 'result.answered' : 'result.abandoned')} · ${causeName(endedBy, endCause)}`;
}

function step({ type, data }: CallRecord['timeline'][number], record: CallRecord): string {
  const values = {
    node: textOr(`node.${data.node}`, 'nodeOther', { node: String(data.node ?? '') }),
    digit: String(data.digit ?? ''),
    queue: queueName(typeof data.queue === 'string' ? data.queue : record.queue),
    ahead: Number(data.ahead ?? 0),
    seat: String(data.seat ?? ''),
    reason: textOr(`miss.${data.reason}`, 'cause.other'),
    cause: causeName(data.by, data.cause),
  };
  const key = type === 'call.menuStepped' && data.digit ? 'step.call.menuPressed' : `step.${type}`;
  return textOr(key, 'step.other', values);
}
