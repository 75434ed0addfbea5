import type { Desk } from '../desk.js';
import { el, replace } from '../dom.js';
import { render, type Store } from '../store.js';
import { text } from '../texts.js';

/** The phones of the seat: the browser's, and the account for one on the desk. */
export function createPhoneCard(store: Store, desk: Desk): HTMLElement {
  const box = el('input', { type: 'checkbox', name: 'webPhone' });
  box.addEventListener('change', () => desk.useWebPhone(box.checked));
  const status = el('p', { class: 'phone-status', role: 'status' });
  const problem = el('p', { class: 'problem', role: 'alert' });
  const mute = el('button', { type: 'button', on: { click: () => desk.mute(!store.state.phone.muted) } });
  const needsSeat = el('p', { class: 'help', text: 'phoneNeedsSeat' });
  const account = el('div', { class: 'facts' });
  const deskPhone = el('details', {}, el('summary', { text: 'sipAccount' }), account);
  const body = el(
    'div',
    { class: 'stack' },
    el('label', { class: 'check' }, box, el('span', { text: 'webPhone' })),
    status,
    problem,
    mute,
    deskPhone,
  );
  render(store, ['seat', 'phone', 'webPhone'], ({ seat, phone, webPhone }) => {
    needsSeat.hidden = seat !== null;
    body.hidden = seat === null;
    box.checked = webPhone;
    status.hidden = !webPhone;
    status.dataset.line = phone.line;
    status.textContent = text(`phone.${phone.line}`);
    const unreachable = seat !== null && !webPhone && !seat.phoneReachable && seat.state !== 'offline';
    problem.textContent = phone.problem
      ? text(`problem.${phone.problem}`)
      : unreachable
        ? text('phoneUnreachable')
        : '';
    problem.hidden = problem.textContent === '';
    mute.hidden = phone.call !== 'talking';
    mute.setAttribute('aria-pressed', String(phone.muted));
    mute.textContent = text(phone.muted ? 'unmute' : 'mute');
    deskPhone.hidden = !seat?.sip;
    if (seat?.sip) replace(account, accountFacts(seat.sip));
  });
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'phone-title' },
    el('h2', { id: 'phone-title', text: 'phone' }),
    needsSeat,
    body,
  );
}

function accountFacts({ uri, user, password }: { uri: string; user: string; password: string }): Node[] {
  return [
    el('span', { text: 'sipServer' }),
    el('code', {}, uri),
    el('span', { text: 'sipUser' }),
    el('code', {}, user),
    el('span', { text: 'sipPassword' }),
    el('code', {}, password),
  ];
}
