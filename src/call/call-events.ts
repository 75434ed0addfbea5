import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { Match } from '../queue/matcher.js';
import type { MissReason, Seat } from '../seat/seat.js';
import type { SeatEvent } from '../seat/seat-events.js';
import type { Call, CallState, EndCause, EndedBy } from './call.js';
import type { Pop } from './pop.js';

/** What happened to calls, in the journal. Times are the entry's `at`; durations in ms. */
export type CallEvent =
  | JournalEntry<
      'call.arrived',
      {
        callId: string;
        channelId: string;
        callerNumber: string | null;
        dialled: string;
        /** File of the recording, without its folder. */
        recording: string;
      }
    >
  | JournalEntry<'call.refused', { callId: string; cause: EndCause }>
  /** The dialplan's emergency queue served the call while no server ran (V21); `seat` null: nobody answered. */
  | JournalEntry<'call.servedInEmergency', { callId: string; seat: string | null; waitMs: number | null }>
  /** A menu node was entered, or a key pressed in one. */
  | JournalEntry<'call.menuStepped', { callId: string; version: string; node: string; digit: string | null }>
  /** The caller joined a queue, with `ahead` callers before. The 15-second clock starts here. */
  | JournalEntry<'call.queued', { callId: string; queue: string; priority: number; ahead: number; menuMs: number }>
  | JournalEntry<'call.positionSpoken', { callId: string; ahead: number }>
  /** The routing ledger's row: why this seat (V19). */
  | JournalEntry<'queue.routed', Match & { offer: number }>
  /** The pop (V11): goes to the consoles of the offered agent before the phone rings. */
  | JournalEntry<
      'call.offered',
      { callId: string; offer: number; seat: string; agentId: string; waitMs: number; pop: Pop | null }
    >
  | JournalEntry<'call.seatRang', { callId: string; offer: number; seat: string }>
  | JournalEntry<
      'call.offerEnded',
      { callId: string; offer: number; seat: string; agentId: string; reason: MissReason | 'callerGone' | 'withdrawn' }
    >
  /** The agent answered. */
  | JournalEntry<
      'call.answered',
      { callId: string; offer: number; seat: string; agentId: string; queue: string; waitMs: number; ringMs: number }
    >
  | JournalEntry<
      'call.ended',
      {
        callId: string;
        by: EndedBy;
        cause: EndCause;
        /** The state in which it ended. */
        during: CallState | 'emergency';
        queue: string | null;
        seat: string | null;
        agentId: string | null;
        waitMs: number | null;
        talkMs: number | null;
      }
    >
  /** The citizen's side hung up: the Q.850 cause that Asterisk gave. Absent when we ended the call. */
  | JournalEntry<'call.released', { callId: string; q850: number }>
  /** A fresh server took the call over from one that died. */
  | JournalEntry<'call.takenOver', { callId: string; during: CallState }>
  | JournalEntry<
      'queue.changed',
      { queue: string; waiting: number; longestWaitingSince: number | null; freeSeats: number }
    >;

/**
 * What a fresh process needs to go on: the last saved state of each open call, seat and phone. Kept beside the events in the
 * same write; nobody else reads it.
 */
export type SavedState =
  /** `call` null: it ended; its channel is hung up again should it still be there. */
  | JournalEntry<'state.call', { callId: string; channelId: string; call: Call | null }>
  | JournalEntry<'state.seat', { seat: string; state: Seat | null }>
  | JournalEntry<'state.asterisk', { startedAt: number }>;

export type SwitchboardEntry = CallEvent | SeatEvent | SavedState;

/** An entry before it has an id. */
export type NewFact = SwitchboardEntry extends infer E ? (E extends JournalEntry ? Omit<E, 'id'> : never) : never;
