import type { Desk } from '../desk.js';
import { el, setText } from '../dom.js';
import { render, type Store } from '../store.js';
import { setLanguage } from '../texts.js';

const linkTexts = { off: 'linkConnecting', connecting: 'linkConnecting', open: 'linkOpen', lost: 'linkLost' } as const;

export function createHeader(store: Store, desk: Desk): HTMLElement {
  const link = el('span', { class: 'link', role: 'status' });
  const name = el('span', { class: 'account' });
  const signOut = el('button', {
    class: 'plain',
    type: 'button',
    text: 'signOut',
    on: { click: () => desk.signOut() },
  });
  const languages = el('button', {
    class: 'plain',
    type: 'button',
    text: 'language',
    label: 'languageLabel',
    on: {
      click: () => {
        const language = store.state.language === 'zh' ? 'en' : 'zh';
        setLanguage(language);
        store.set({ language });
      },
    },
  });
  render(store, ['link', 'account', 'stage'], ({ link: state, account, stage }) => {
    setText(link, linkTexts[state]);
    link.dataset.link = state;
    link.hidden = stage !== 'signedIn';
    name.textContent = account?.name ?? '';
    signOut.hidden = stage !== 'signedIn';
  });
  const logo = el('span', { class: 'logo', 'aria-hidden': 'true' }, '12345');
  const title = el('h1', {}, logo, el('span', { text: 'desk' }));
  return el('header', { class: 'top' }, title, link, el('span', { class: 'space' }), name, languages, signOut);
}
