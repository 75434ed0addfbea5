import { Desk, wantsWebPhone } from './desk.js';
import { el, replace, translate } from './dom.js';
import { tick } from './format.js';
import { createStore, nothing, render } from './store.js';
import { language, text } from './texts.js';
import { createCall } from './views/call-view.js';
import { createCalls } from './views/calls-view.js';
import { createHeader } from './views/header-view.js';
import { createPhoneCard } from './views/phone-view.js';
import { createSeat } from './views/seat-view.js';
import { createEvents, createQueues } from './views/side-view.js';
import { createSignIn } from './views/sign-in-view.js';
import { createTicketForm } from './views/ticket-view.js';

const store = createStore({
  ...nothing,
  language: language(),
  stage: 'loading',
  link: 'off',
  phone: { line: 'off', call: 'none', muted: false, problem: null },
  webPhone: wantsWebPhone(),
});
const audio = el('audio', { autoplay: true, hidden: true });
const ticket = createTicketForm(store);
const desk = new Desk(store, audio, ticket.onTicketChanged);

const notice = el('div', { class: 'notice', role: 'alert' });
render(store, ['notice', 'stage'], ({ notice: words, stage }) => {
  notice.hidden = words === null || stage === 'signedOut';
  const dismiss = el('button', {
    class: 'plain',
    type: 'button',
    text: 'dismiss',
    on: { click: () => desk.dismiss() },
  });
  replace(notice, notice.hidden ? [] : [el('span', {}, words), dismiss]);
});
const loading = el('main', { class: 'loading' }, el('p', { text: 'loading', role: 'status' }));
const work = el(
  'main',
  { class: 'work' },
  el('div', { class: 'side left' }, createSeat(store, desk), createPhoneCard(store, desk), createQueues(store)),
  el('div', { class: 'middle' }, createCall(store, desk, ticket.element), createCalls(store, desk)),
  el('div', { class: 'side right' }, createEvents(store)),
);
render(store, ['stage', 'call'], ({ stage, call }) => {
  document.documentElement.lang = language() === 'zh' ? 'zh-CN' : 'en';
  if (!call) document.title = text('title');
  loading.hidden = stage !== 'loading';
  work.hidden = stage !== 'signedIn';
  work.classList.toggle('has-call', call !== null);
});
document
  .querySelector('#app')
  ?.append(createHeader(store, desk), notice, loading, createSignIn(store, desk), work, audio);
// Views show their data in the new language by themselves; this is for the fixed texts.
store.watch((state, before) => {
  if (state.language !== before.language) translate(document);
});

setInterval(() => tick(document), 1000);
window.addEventListener('pagehide', ticket.leave);
document.addEventListener('visibilitychange', () => document.hidden && ticket.leave());
window.addEventListener('beforeunload', (event) => {
  if (store.state.phone.call === 'talking') event.preventDefault();
});
void desk.open();
