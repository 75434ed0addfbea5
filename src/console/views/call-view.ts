import type { Pop } from '../../call/pop.js';
import type { Desk } from '../desk.js';
import { el, replace, setText } from '../dom.js';
import { dayAndClock, duration, regionName, tick } from '../format.js';
import { numberName, queueName } from '../names.js';
import { Ring } from '../ring.js';
import { type CurrentCall, render, type Store } from '../store.js';
import { text, textOr } from '../texts.js';

/** A key pressed for something else must not answer a call that has just popped up under it. */
const keyGuardMs = 500;

/** The pop and the call's buttons; `ticket` stands below. */
export function createCall(store: Store, desk: Desk, ticket: HTMLElement): HTMLElement {
  const ring = new Ring();
  const heading = el('h2', { id: 'call-title', tabindex: '-1' });
  const number = el('p', { class: 'number' });
  const place = el('p', { class: 'place' });
  const timing = el('time', { class: 'call-time' });
  const hint = el('p', { class: 'hint', text: 'answerOnDeskPhone' });
  const facts = el('dl', { class: 'pop-facts' });
  const history = el('div', { class: 'history' });
  let shownAt = 0;
  const answer = el('button', { class: 'answer', type: 'button', text: 'answer' });
  answer.addEventListener('click', ({ detail }) => {
    const byKey = detail === 0;
    if (!byKey || performance.now() - shownAt > keyGuardMs) desk.answer();
  });
  const hangUp = el('button', { class: 'hang-up', type: 'button', on: { click: () => desk.hangUp() } });
  const close = el('button', {
    class: 'plain',
    type: 'button',
    text: 'closeCall',
    on: { click: () => desk.closeCall() },
  });
  const buttons = el('div', { class: 'buttons' }, answer, hangUp, close);
  const who = el('div', { class: 'who' }, number, place);
  const headline = el('div', { class: 'headline' }, el('div', { class: 'phase' }, heading, timing), who, hint, buttons);
  const card = el('section', { class: 'card call', 'aria-labelledby': 'call-title' }, headline, facts, history, ticket);
  const waiting = el('p');
  const idle = el(
    'section',
    { class: 'card idle', 'aria-labelledby': 'idle-title' },
    el('h2', { id: 'idle-title', text: 'noCall' }),
    waiting,
  );

  render(store, ['call', 'phone', 'seat', 'webPhone'], ({ call, phone, seat, webPhone }) => {
    card.hidden = call === null;
    idle.hidden = call !== null;
    setText(waiting, seat === null ? 'noCallOffline' : seat.state === 'ready' ? 'noCallReady' : 'noCallPaused');
    document.title = call?.phase === 'offered' ? `● ${text('phase.offered')} ${caller(call)}` : text('title');
    if (call?.phase === 'offered') ring.start();
    else ring.stop();
    if (!call) return;
    card.dataset.phase = call.phase;
    setText(heading, `phase.${call.phase}`);
    number.textContent = caller(call);
    place.textContent = call.pop ? regionName(call.pop.region) : '';
    showTime(timing, call);
    const ringing = call.phase === 'offered' || phone.call === 'ringing' || phone.call === 'answering';
    answer.hidden = !(ringing && webPhone) || phone.call === 'talking';
    answer.disabled = phone.call === 'answering';
    setText(answer, phone.call === 'answering' ? 'answering' : 'answer');
    hint.hidden = !(call.phase === 'offered' && !webPhone);
    hangUp.hidden = phone.call === 'none';
    setText(hangUp, phone.call === 'ringing' ? 'reject' : 'hangUp');
    close.hidden = call.phase === 'offered' || call.phase === 'talking';
  });
  render(store, ['call'], ({ call }) => {
    replace(facts, call ? factsOf(call) : []);
    replace(history, call?.pop ? historyOf(call.pop) : []);
  });
  store.watch(({ call }, before) => {
    if (call?.phase !== 'offered' || (before.call?.callId === call.callId && before.call.phase === 'offered')) return;
    shownAt = performance.now();
    // Focused in the same turn, so that nothing typed goes astray; scrolled once the page has its new order.
    (answer.hidden ? heading : answer).focus({ preventScroll: true, focusVisible: true } as FocusOptions);
    requestAnimationFrame(() => card.scrollIntoView({ block: 'start' }));
  });
  return el('div', {}, card, idle);
}

const caller = (call: CurrentCall) => call.pop?.callerDisplay || numberName(call.pop?.callerNumber ?? call.caller);

function showTime(timing: HTMLElement, call: CurrentCall): void {
  const since = call.phase === 'talking' ? call.answeredAt : null;
  if (since) timing.dataset.since = since;
  else {
    delete timing.dataset.since;
    timing.textContent = '';
  }
  const parent = timing.parentElement;
  if (parent) tick(parent);
}

function factsOf({ pop, queue }: CurrentCall): Node[] {
  const facts: [Parameters<typeof text>[0], string][] = [['queue', queueName(queue)]];
  if (pop) {
    facts.push(['waited', duration(pop.waitMs)], ['menuPath', menuPath(pop)], ['dialled', pop.dialled]);
  }
  return facts.map(([name, value]) => el('div', {}, el('dt', { text: name }), el('dd', {}, value)));
}

function menuPath({ menuPath: path }: Pop): string {
  const digits = path
    .filter(({ digit }) => digit !== null)
    .map(({ node, digit }) => `${textOr(`node.${node}`, 'nodeOther', { node })} [${digit}]`);
  return digits.length > 0 ? digits.join(' → ') : text('menuPathNone');
}

function historyOf({ history }: Pop): Node[] {
  const { calls, tickets, complete } = history;
  const warning = complete ? [] : [el('p', { class: 'problem', text: 'historyIncomplete' })];
  if (calls.length === 0 && tickets.length === 0)
    return complete ? [el('p', { class: 'help', text: 'historyNone' })] : warning;
  const badge = calls.length > 0 ? [el('span', { class: 'badge' }, text('repeatCaller', { count: calls.length }))] : [];
  const ticketRows = tickets.map(({ number, type, state, title, at }) =>
    el(
      'li',
      {},
      el('time', {}, dayAndClock(at)),
      el('span', { class: 'tag' }, textOr(`type.${type}`, 'ticket')),
      el('span', { class: 'grow' }, title || number),
      el('span', { class: 'muted' }, textOr(`ticketState.${state}`, 'ticketStateOther')),
    ),
  );
  const callRows = calls.map(({ at, queue, answered }) =>
    el(
      'li',
      {},
      el('time', {}, dayAndClock(at)),
      el('span', { class: 'grow' }, queueName(queue)),
      el('span', { class: 'muted', text: answered ? 'callAnswered' : 'callNotAnswered' }),
    ),
  );
  const group = (title: 'earlierTickets' | 'earlierCalls', rows: Node[], open: boolean) =>
    rows.length > 0
      ? [el('details', { open }, el('summary', {}, `${text(title)} (${rows.length})`), el('ul', {}, ...rows))]
      : [];
  return [
    el('h3', {}, el('span', { text: 'history' }), ...badge),
    ...warning,
    ...group('earlierTickets', ticketRows, true),
    ...group('earlierCalls', callRows, false),
  ];
}
