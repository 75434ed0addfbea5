import { el, field, type setText, translate } from '../dom.js';
import { clock } from '../format.js';
import { render, type Store } from '../store.js';
import { text, textOr } from '../texts.js';
import { type DraftView, TicketDraft, type TicketField, ticketFields, ticketTypes } from '../ticket-draft.js';

export interface TicketForm {
  element: HTMLElement;
  onTicketChanged(ticketId: string, version: number): void;
  /** Saves what was typed last: the page is being left. */
  leave(): void;
}

/** The form of the present call's ticket. */
export function createTicketForm(store: Store): TicketForm {
  let draft: TicketDraft | null = null;
  let shown: DraftView | null = null;
  const edit = (name: TicketField) => (event: Event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
      draft?.edit(name, event.target.value);
  };
  const on = (name: TicketField) => ({ name, autocomplete: 'off', on: { input: edit(name) } });
  const radios = ticketTypes.map((value) => el('input', { type: 'radio', value, ...on('type') }));
  const types = el(
    'fieldset',
    { class: 'types' },
    el('legend', { text: 'ticketType' }),
    ...radios.map((radio, index) =>
      el('label', { class: 'chip' }, radio, el('span', { text: `type.${ticketTypes[index] ?? 'consultation'}` })),
    ),
  );
  const controls = {
    title: el('input', { maxlength: '200', ...on('title') }),
    place: el('input', { maxlength: '300', ...on('place') }),
    callerName: el('input', { maxlength: '100', ...on('callerName') }),
    text: el('textarea', { rows: '4', maxlength: '10000', ...on('text') }),
  };
  const heading = el('h3', { id: 'ticket-title' });
  const state = el('span', { class: 'tag' });
  const submit = el('button', { class: 'primary', type: 'submit', text: 'submitTicket' });
  const save = el('span', { class: 'save', role: 'status' });
  const conflict = el('div', { class: 'conflict', role: 'alert' });
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (draft?.view.values.type === '') radios[0]?.focus();
    void draft?.submit();
  };
  const element = el(
    'form',
    { class: 'ticket', 'aria-labelledby': 'ticket-title', on: { submit: onSubmit } },
    el('div', { class: 'ticket-head' }, heading, state, save),
    conflict,
    types,
    field('ticketTitle', controls.title),
    el('div', { class: 'pair' }, field('ticketPlace', controls.place), field('ticketCaller', controls.callerName)),
    field('ticketText', controls.text),
    el('div', { class: 'buttons end' }, submit),
  );

  const show = (view: DraftView | null) => {
    shown = view;
    if (!view) return;
    heading.textContent = view.number === null ? text('ticketNew') : text('ticketNumber', { number: view.number });
    state.hidden = view.state === null;
    state.textContent = textOr(`ticketState.${view.state}`, 'ticketStateOther');
    submit.hidden = view.state === 'open' || view.state === 'closed';
    save.textContent = saveText(view);
    save.dataset.save = view.save.type;
    for (const radio of radios) {
      radio.checked = radio.value === view.values.type;
      radio.disabled = view.state === 'closed';
    }
    for (const [name, control] of Object.entries(controls)) {
      const value = view.values[name as keyof typeof controls];
      if (control.value !== value) control.value = value;
      control.disabled = view.state === 'closed';
    }
    showConflict(view);
  };
  const showConflict = ({ conflict: theirs }: DraftView) => {
    conflict.hidden = theirs === null;
    if (!theirs) return conflict.replaceChildren();
    const rows = ticketFields.flatMap((name) => {
      const value = theirs[name];
      if (value === undefined) return [];
      const words = name === 'type' ? textOr(`type.${value}`, 'empty') : value || text('empty');
      return [el('div', {}, el('dt', { text: labels[name] }), el('dd', {}, words))];
    });
    const button = (take: 'theirs' | 'mine') =>
      el('button', {
        type: 'button',
        text: take === 'theirs' ? 'conflictTheirs' : 'conflictMine',
        on: { click: () => draft?.resolve(take) },
      });
    conflict.replaceChildren(
      el('p', { text: 'conflict' }),
      el('dl', {}, ...rows),
      el('div', { class: 'buttons' }, button('theirs'), button('mine')),
    );
  };

  render(store, ['call'], ({ call }) => {
    translate(element);
    if (call?.callId === draft?.callId) return show(shown);
    void draft?.close();
    draft = call && new TicketDraft(call.callId, show);
    show(draft?.view ?? null);
    void draft?.load();
  });
  return {
    element,
    onTicketChanged: (ticketId, version) => draft?.onChanged(ticketId, version),
    leave: () => void draft?.flush(true),
  };
}

const labels = {
  type: 'ticketType',
  title: 'ticketTitle',
  text: 'ticketText',
  place: 'ticketPlace',
  callerName: 'ticketCaller',
} as const satisfies Record<TicketField, Parameters<typeof setText>[1]>;

function saveText({ save }: DraftView): string {
  if (save.type === 'saved') return text('save.saved', { time: clock(save.at) });
  if (save.type === 'refused') return text('save.refused', { message: save.message });
  return text(`save.${save.type}`);
}
