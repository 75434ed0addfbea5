import { ApiError } from '../api.js';
import type { Desk } from '../desk.js';
import { el, field, setText } from '../dom.js';
import { render, type Store } from '../store.js';

export function createSignIn(store: Store, desk: Desk): HTMLElement {
  const name = el('input', { name: 'name', autocomplete: 'username', required: true, autocapitalize: 'none' });
  const password = el('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const problem = el('p', { class: 'problem', role: 'alert' });
  const button = el('button', { class: 'primary', type: 'submit', text: 'signIn' });

  const submit = async () => {
    button.disabled = true;
    setText(button, 'signingIn');
    problem.textContent = '';
    try {
      await desk.signIn(name.value.trim(), password.value);
      password.value = '';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.textContent = error.explain();
      password.select();
    } finally {
      button.disabled = false;
      setText(button, 'signIn');
    }
  };

  const form = el(
    'form',
    {
      class: 'card sign-in',
      on: {
        submit: (event) => {
          event.preventDefault();
          void submit();
        },
      },
    },
    el('div', { class: 'brand' }, el('strong', {}, '12345'), el('span', { text: 'brand' })),
    el('h2', { text: 'signInTitle' }),
    field('signInName', name),
    field('signInPassword', password),
    problem,
    button,
    el('p', { class: 'help', text: 'signInHelp' }),
  );
  const root = el('main', { class: 'sign-in-page' }, form);
  render(store, ['stage', 'notice'], ({ stage, notice }) => {
    const shows = stage === 'signedOut';
    const appears = shows && root.hidden;
    root.hidden = !shows;
    if (appears) {
      problem.textContent = notice ?? '';
      name.focus();
    }
  });
  return root;
}
