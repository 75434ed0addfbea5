import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { SeatState, SeatStateReason } from './seat.js';

/** The seat's state changed; attendance is counted from these (V12). */
export type SeatChanged = JournalEntry<
  'seat.changed',
  {
    seat: string;
    agentId: string;
    agentName: string;
    /** Null when the agent just signed in to the seat. */
    from: SeatState | null;
    /** Null when the agent left the seat. */
    to: SeatState | null;
    reason: SeatStateReason;
    /** The call that the seat is offered, talks on or wraps up. */
    callId: string | null;
    phoneReachable: boolean;
    /** When wrap-up ends by itself, ms since the epoch. */
    wakeAt: number | null;
  }
>;

/** One of a seat's phones registered or went away; `state` is unchanged by it. */
export type PhoneChanged = JournalEntry<'seat.phoneChanged', { seat: string; phone: string; reachable: boolean }>;

export type SeatEvent = SeatChanged | PhoneChanged;
