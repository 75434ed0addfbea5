import type { MenuState } from '../ivr/interpreter.js';

/**
 * One citizen's contact by phone, from arrival to the end of the last leg.
 *
 * ```
 *  (arrives) ──▶ menu ──queue──▶ waiting ──offer──▶ offered ──answered──▶ talking ──▶ (ended)
 *      │           │                ▲                  │                     either side hangs up
 *      │ limits    │ hang up node   └──── missed ──────┘
 *      └────────▶ leaving ──prompt played──▶ (ended)         a citizen who hangs up ends the call in every state
 * ```
 *
 * Who tells whom at an end: the citizen's channel leaves → the agent's leg is hung up, the bridge destroyed, the seat goes to
 * wrap-up (talking) or back to ready (offered). The agent's leg leaves → the citizen is hung up and the rest is the same.
 * Asterisk itself is lost → nothing is left to hang up: calls are closed in the record and seats go to wrap-up.
 */
export const callStates = ['menu', 'waiting', 'offered', 'talking', 'leaving'] as const;
export type CallState = (typeof callStates)[number];

/** Who ended a call: one of the two people, our own decision, or the loss of Asterisk. `unknown`: it ended while no server ran. */
export type EndedBy = 'citizen' | 'agent' | 'hotline' | 'asterisk' | 'unknown';

export type EndCause =
  | 'hungUp'
  | 'menuEnded'
  | 'tooManyCalls'
  | 'draining'
  | 'asteriskLost'
  | 'endedWhileAway'
  | 'movedToEmergency'
  | 'phoneLost';

export interface Call {
  readonly callId: string;
  /** The citizen's channel in Asterisk. */
  readonly channelId: string;
  readonly state: CallState;
  readonly arrivedAt: number;
  /** E.164, or null when withheld or unreadable. Personal data. */
  readonly callerNumber: string | null;
  readonly dialled: string;
  readonly language: 'zh' | 'en';
  /** Where in the menu; kept after it for the pop and for a fresh process. */
  readonly menu: { readonly version: string; readonly state: MenuState } | null;
  /** The playback that is under way on the citizen's channel. */
  readonly playing: string | null;
  /** Playbacks so far: makes their ids unique. */
  readonly playCount: number;
  readonly queue: { readonly name: string; readonly priority: number; readonly since: number } | null;
  readonly offerCount: number;
  readonly offer: Offer | null;
  readonly talk: Talk | null;
  /** What ends the call once the last prompt was played (`leaving`). */
  readonly leavingFor: EndCause | null;
  /** When the call wants to be looked at again, whatever happens: menu time-out, next announcement, offer time-out. */
  readonly wakeAt: number | null;
}

/** One try to give the call to one seat. */
export interface Offer {
  readonly number: number;
  readonly seat: string;
  readonly agentId: string;
  /** The leg's channel. */
  readonly legId: string;
  readonly at: number;
}

/** The conversation. */
export interface Talk {
  readonly seat: string;
  readonly agentId: string;
  readonly legId: string;
  readonly answeredAt: number;
}

/** A call that just came in. */
export function newCall(
  facts: Pick<Call, 'callId' | 'channelId' | 'arrivedAt' | 'callerNumber' | 'dialled'>,
  state: CallState,
): Call {
  return {
    ...facts,
    state,
    language: 'zh',
    menu: null,
    playing: null,
    playCount: 0,
    queue: null,
    offerCount: 0,
    offer: null,
    talk: null,
    leavingFor: null,
    wakeAt: null,
  };
}
