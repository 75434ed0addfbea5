/**
 * A seat: where an agent answers, in one state at a time (V12). Pure: time is a parameter.
 *
 * ```
 *            takes it            ready             offered            answered
 *  (empty) ─────────▶ offline ─────────▶ ready ─────────────▶ offered ─────────▶ talking
 *                        ▲                 ▲  ▲    withdrawn      │                 │ callEnded
 *                        │ offline         │  └──────────────────┤                 ▼
 *                        ├─────────────────┤  ready               │ missed       wrapUp
 *                        │                 └───── notResponding ◀─┘                │
 *                        └── from ready, wrapUp, notResponding        ready, time over ──▶ ready
 * ```
 */
export const seatStates = ['offline', 'ready', 'offered', 'talking', 'wrapUp', 'notResponding'] as const;
export type SeatState = (typeof seatStates)[number];

/** Why a seat's phone did not take an offer. */
export const missReasons = ['noAnswer', 'busy', 'rejected', 'unreachable'] as const;
export type MissReason = (typeof missReasons)[number];

/** Why the state changed: what the agent did, what a call did, or why an offer was missed. */
export type SeatStateReason =
  | 'signedIn'
  | 'signedOut'
  | 'agent'
  | 'supervisor'
  | 'offer'
  | 'offerWithdrawn'
  | 'answered'
  | 'callEnded'
  | 'wrapUpOver'
  | MissReason;

export interface Seat {
  /** The seat's number; also the name of its phone's SIP account. */
  readonly seat: string;
  readonly agentId: string;
  readonly agentName: string;
  /** Queues whose calls this agent may get: those whose skill the agent has. */
  readonly queues: readonly string[];
  readonly state: SeatState;
  /** When this state began. */
  readonly since: number;
  /** Since when the agent waits for work: what "longest idle" compares. Kept when an offer is withdrawn. */
  readonly idleSince: number;
  /** The call of `offered`, `talking` and `wrapUp`. */
  readonly callId: string | null;
  /** Why the state is what it is: a seat that is `notResponding` is told. */
  readonly reason: SeatStateReason;
  /** When `wrapUp` ends by itself. */
  readonly wakeAt: number | null;
}

export type SeatMove =
  | { type: 'ready'; by: 'agent' | 'supervisor' }
  | { type: 'offline'; by: 'agent' | 'supervisor' }
  | { type: 'offer'; callId: string }
  | { type: 'withdraw' }
  | { type: 'miss'; reason: MissReason }
  | { type: 'answer' }
  | { type: 'callEnd'; wrapUpMs: number }
  | { type: 'wake' };

/** Which move leads where; a pair that is not here is refused. */
const moves: Record<SeatState, Partial<Record<SeatMove['type'], SeatState>>> = {
  offline: { ready: 'ready' },
  ready: { offline: 'offline', offer: 'offered' },
  offered: { withdraw: 'ready', miss: 'notResponding', answer: 'talking' },
  talking: { callEnd: 'wrapUp' },
  wrapUp: { ready: 'ready', offline: 'offline', wake: 'ready' },
  notResponding: { ready: 'ready', offline: 'offline' },
};

/** The states in which `move` is allowed: what a refused command names. */
export function statesAllowing(move: SeatMove['type']): SeatState[] {
  return seatStates.filter((state) => moves[state][move] !== undefined);
}

/** A seat that an agent just signed in to. */
export function takeSeat(
  seat: string,
  agent: { agentId: string; agentName: string; queues: readonly string[] },
  now: number,
): Seat {
  const base = { seat, ...agent, state: 'offline', since: now, idleSince: now } as const;
  return { ...base, callId: null, reason: 'signedIn', wakeAt: null };
}

/** Carries out one move, or returns null when the seat's state does not allow it. */
export function moveSeat(seat: Seat, move: SeatMove, now: number): Seat | null {
  const to = moves[seat.state][move.type];
  if (to === undefined) return null;
  const next = { ...seat, state: to, since: now, callId: null, wakeAt: null };
  switch (move.type) {
    case 'ready':
      return { ...next, idleSince: now, reason: move.by };
    case 'offline':
      return { ...next, reason: move.by };
    case 'offer':
      return { ...next, callId: move.callId, reason: 'offer' };
    case 'withdraw':
      return { ...next, reason: 'offerWithdrawn' };
    case 'miss':
      return { ...next, reason: move.reason };
    case 'answer':
      return { ...next, callId: seat.callId, reason: 'answered' };
    case 'callEnd':
      if (move.wrapUpMs <= 0) return { ...next, state: 'ready', idleSince: now, reason: 'callEnded' };
      return { ...next, callId: seat.callId, reason: 'callEnded', wakeAt: now + move.wrapUpMs };
    case 'wake':
      return { ...next, idleSince: now, reason: 'wrapUpOver' };
  }
}
