import type { Menu } from './menu.js';
import type { MenuAct, MenuEvent, NodeStep } from './nodes/node-kind.js';
import { kindOf, type MenuNode } from './nodes/nodes.js';

export type { MenuAct, MenuEvent } from './nodes/node-kind.js';

/**
 * Where a caller is in a menu: plain JSON, kept in the journal, so that a fresh process goes on from it.
 * It belongs to one version of the menu; keep that version's hash beside it.
 */
export interface MenuState {
  /** Name of the current node. */
  readonly node: string;
  /** Prompts are being played. */
  readonly playing: boolean;
  /** Keys pressed and not yet used. Personal data. */
  readonly digits: string;
  /** How often the current node asked again. */
  readonly tries: number;
  /** When to call again with `timeout`, ms since the epoch; null once the menu is left. */
  readonly wakeAt: number | null;
  /** Nodes entered (`digit` null) and keys pressed in them, oldest first; only ever appended to. */
  readonly path: readonly MenuVisit[];
}

export interface MenuVisit {
  readonly node: string;
  readonly digit: string | null;
}

export interface MenuStep {
  readonly state: MenuState;
  /** In order. `queue` and `hangUp` come last and end the walk: nothing is to be decided afterwards. */
  readonly acts: readonly MenuAct[];
}

/** Longest that prompts may take: when their end is never told, the walk goes on after it, ms. */
export const promptLimitMs = 120_000;

/** Nodes passed without waiting, in one step, before we hand over to a person. Checked menus never come near. */
const maxHops = 50;

/** The path is kept with every state in the journal: a child that plays with the keys must not make it grow for ever. */
const maxVisits = 200;

/** Begins the walk of a call that was just answered. */
export function startMenu(menu: Menu, now: number): MenuStep {
  const walk = new Walk(menu, { node: menu.start, playing: false, digits: '', tries: 0, wakeAt: null, path: [] }, now);
  walk.goTo(menu.start, '');
  return walk.finish();
}

/** What an event means for the caller. A key during a prompt stops the prompt and counts. */
export function menuDecide(menu: Menu, state: MenuState, event: MenuEvent, now: number): MenuStep {
  const walk = new Walk(menu, state, now);
  walk.take(event);
  return walk.finish();
}

/** Goes on in a fresh process: the current node is entered again, its prompts are played from the beginning. */
export function resumeMenu(menu: Menu, state: MenuState, now: number): MenuStep {
  const walk = new Walk(menu, { ...state, playing: false, wakeAt: null }, now);
  walk.reenter();
  return walk.finish();
}

/** One step under way: the state so far and what is to be done. */
class Walk {
  readonly #acts: MenuAct[] = [];
  #state: MenuState;

  constructor(
    readonly menu: Menu,
    state: MenuState,
    readonly now: number,
  ) {
    this.#state = state;
  }

  take(event: MenuEvent): void {
    const node = this.#nodeAt(this.#state.node);
    if (!node) return this.#toPerson();
    if (event.type === 'promptEnded') {
      if (!this.#state.playing) return;
      this.#state = { ...this.#state, playing: false };
    }
    // A prompt whose end was never told counts as ended.
    const lost = event.type === 'timeout' && this.#state.playing;
    if (lost) this.#stopPlaying();
    this.#follow(this.#ask(node, lost ? { type: 'promptEnded' } : event));
  }

  /** Enters a node; keys typed ahead are taken there at once, and prompts that they cut short are not begun. */
  goTo(name: string, typed: string): void {
    let step: NodeStep = { type: 'go', to: name };
    let ahead = typed;
    for (let hops = 0; step.type === 'go'; hops++) {
      const node = this.#nodeAt(step.to);
      if (!node || hops > maxHops) return this.#toPerson();
      this.#stopPlaying();
      this.#state = { ...this.#state, node: step.to, digits: '', tries: 0, wakeAt: null };
      this.#visit(null);
      step = kindOf(node).enter(node);
      while (step.type === 'stay' && ahead) {
        const digit = ahead.charAt(0);
        ahead = ahead.slice(1);
        this.#state = {
          ...this.#state,
          digits: step.digits ?? this.#state.digits,
          tries: step.tries ?? this.#state.tries,
        };
        const taken = this.#ask(node, { type: 'digit', digit });
        step = taken.type === 'stay' ? { ...step, ...taken } : taken;
      }
      if (step.type === 'go') ahead = (step.digits ?? '') + ahead;
    }
    this.#follow(step);
  }

  reenter(): void {
    const node = this.#nodeAt(this.#state.node);
    if (!node) return this.#toPerson();
    const step = kindOf(node).enter(node);
    this.#follow(step.type === 'stay' ? { ...step, tries: this.#state.tries, digits: this.#state.digits } : step);
  }

  finish(): MenuStep {
    return { state: this.#state, acts: this.#acts };
  }

  #follow(step: NodeStep): void {
    switch (step.type) {
      case 'go':
        return this.goTo(step.to, step.digits ?? '');
      case 'leave':
        return this.#leave(step.act);
      case 'stay': {
        if (step.play) {
          this.#stopPlaying();
          if (step.play.length) this.#acts.push({ type: 'play', prompts: step.play });
        }
        const playing = step.play ? step.play.length > 0 : this.#state.playing;
        this.#state = {
          ...this.#state,
          playing,
          digits: step.digits ?? this.#state.digits,
          tries: step.tries ?? this.#state.tries,
          wakeAt: this.now + (step.waitMs ?? promptLimitMs),
        };
      }
    }
  }

  /** What the node makes of an event. A key is written into the path where it is used, not where it is only kept or passed on. */
  #ask(node: MenuNode, event: MenuEvent): NodeStep {
    const step = kindOf(node).take(node, this.#state, event);
    if (event.type === 'digit' && (step.type === 'leave' || !step.digits?.endsWith(event.digit)))
      this.#visit(event.digit);
    return step;
  }

  #nodeAt(name: string): MenuNode | undefined {
    return Object.hasOwn(this.menu.nodes, name) ? this.menu.nodes[name] : undefined;
  }

  #leave(act: MenuAct): void {
    this.#stopPlaying();
    this.#acts.push(act);
    this.#state = { ...this.#state, digits: '', wakeAt: null };
  }

  /** The menu cannot go on: nobody is hung up for that, the caller gets a person. */
  #toPerson(): void {
    for (const node of Object.values(this.menu.nodes)) {
      if (node.kind === 'queue') return this.#leave({ type: 'queue', queue: node.queue, priority: node.priority ?? 0 });
    }
    this.#leave({ type: 'hangUp' });
  }

  #stopPlaying(): void {
    if (!this.#state.playing) return;
    this.#acts.push({ type: 'stopPlaying' });
    this.#state = { ...this.#state, playing: false };
  }

  #visit(digit: string | null): void {
    if (this.#state.path.length >= maxVisits) return;
    this.#state = { ...this.#state, path: [...this.#state.path, { node: this.#state.node, digit }] };
  }
}
