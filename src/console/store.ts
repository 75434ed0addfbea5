import type { Pop } from '../call/pop.js';
import type { Account, CallRecord, CallView, LiveMessage, QueueView, SeatChoice, SeatView } from './api-types.js';
import type { Link } from './live.js';
import type { PhoneState } from './phone.js';
import type { Language } from './texts.js';

/** The call that the page is about: offered, being talked on, or whose ticket is being written. */
export interface CurrentCall {
  readonly callId: string;
  readonly phase: 'offered' | 'talking' | 'ended' | 'missed';
  /** Null until it comes, and for calls opened from the list. */
  readonly pop: Pop | null;
  /** What is known without the pop. */
  readonly caller: string | null;
  readonly queue: string | null;
  readonly answeredAt: string | null;
}

export interface State {
  readonly language: Language;
  readonly stage: 'loading' | 'signedOut' | 'signedIn';
  readonly account: Account | null;
  /** What went wrong last, in words. */
  readonly notice: string | null;
  readonly link: Link;
  readonly seat: SeatView | null;
  readonly seats: readonly SeatChoice[];
  readonly queues: readonly QueueView[];
  readonly phone: PhoneState;
  readonly webPhone: boolean;
  readonly call: CurrentCall | null;
  readonly events: readonly LiveMessage[];
  readonly calls: readonly CallView[];
  readonly callsNext: string | null;
  readonly callsLoaded: boolean;
  /** The call of the list that is unfolded; its record once it is there. */
  readonly unfolded: { callId: string; record: CallRecord | null } | null;
}

export interface Store {
  readonly state: State;
  set(change: Partial<State>): void;
  /** Called with the new and the former state, once for all changes of one turn. */
  watch(watcher: (state: State, before: State) => void): void;
}

export function createStore(initial: State): Store {
  const watchers: ((state: State, before: State) => void)[] = [];
  let state = initial;
  let shown = initial;
  let due = false;
  const show = () => {
    due = false;
    const before = shown;
    shown = state;
    for (const watcher of watchers) watcher(state, before);
  };
  return {
    get state() {
      return state;
    },
    set(change) {
      state = { ...state, ...change };
      if (!due) queueMicrotask(show);
      due = true;
    },
    watch: (watcher) => watchers.push(watcher),
  };
}

/** Shows now, and again whenever one of these parts or the language changes. */
export function render(store: Store, parts: readonly (keyof State)[], show: (state: State) => void): void {
  show(store.state);
  store.watch((state, before) => {
    if (['language' as const, ...parts].some((part) => state[part] !== before[part])) show(state);
  });
}

/** What a signed-in page starts from, and what signing out forgets. */
export const nothing = {
  account: null,
  notice: null,
  seat: null,
  seats: [],
  queues: [],
  call: null,
  events: [],
  calls: [],
  callsNext: null,
  callsLoaded: false,
  unfolded: null,
} satisfies Partial<State>;
