import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { SeatState, SeatStateReason } from './seat.js';

/** An agent signed in to a seat (hot desk). */
export type SeatTaken = JournalEntry<
  'seat.taken',
  { seat: string; agentId: string; agentName: string; skills: Readonly<Record<string, number>>; queues: string[] }
>;

/** The seat's state changed; attendance is counted from these. `agentId` is null once nobody sits there. */
export type SeatChanged = JournalEntry<
  'seat.changed',
  {
    seat: string;
    agentId: string | null;
    from: SeatState;
    to: SeatState;
    reason: SeatStateReason;
    callId: string | null;
    phoneReachable: boolean;
  }
>;

export type SeatEvent = SeatTaken | SeatChanged;
