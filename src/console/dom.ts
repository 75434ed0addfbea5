import { type TextKey, text } from './texts.js';

export type Child = Node | string | null | false;

interface Props {
  class?: string;
  /** The element's text, in the page's language; follows a switch of the language. */
  text?: TextKey;
  /** Its name for assistive technology, likewise. */
  label?: TextKey;
  on?: Record<string, (event: Event) => void>;
  /** Any other attribute; `true` sets it empty, `false` and `null` leave it out. */
  [attribute: string]: unknown;
}

/** Makes an element; texts given as keys are in the page's language and stay so. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: className, text: textKey, label, on, ...attributes }: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (textKey) element.dataset.text = textKey;
  if (label) element.dataset.label = label;
  for (const [type, listener] of Object.entries(on ?? {})) element.addEventListener(type, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  translateOne(element);
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/** Puts the texts of everything below `root` into the page's language. */
export function translate(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-text], [data-label]')) translateOne(element);
}

function translateOne(element: HTMLElement): void {
  const { text: textKey, label } = element.dataset;
  if (textKey) element.textContent = text(textKey as TextKey);
  if (label) element.setAttribute('aria-label', text(label as TextKey));
}

/** Gives an element another fixed text. */
export function setText(element: HTMLElement, key: TextKey): void {
  element.dataset.text = key;
  translateOne(element);
}

/** Replaces the children; the one that had the focus (known by its `data-key`) has it again if it is still there. */
export function replace(parent: Element, children: Child[]): void {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && parent.contains(active) ? active.dataset.key : undefined;
  parent.replaceChildren(...children.filter((child) => child !== null && child !== false));
  if (key) parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** A labelled field; the label stands above its control. */
export function field(label: TextKey, control: HTMLElement, className = ''): HTMLElement {
  return el('label', { class: `field ${className}` }, el('span', { text: label }), control);
}
