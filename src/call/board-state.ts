import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { Seat } from '../seat/seat.js';
import type { Board } from './board.js';
import type { Call } from './call.js';
import type { SavedState } from './call-events.js';

/** The board as a journal segment begins with it. */
export interface BoardCheckpoint {
  readonly calls: readonly Call[];
  readonly seats: readonly Seat[];
  /** Ended calls whose channel may still be there: channel and call id. */
  readonly released: readonly (readonly [string, string])[];
  readonly asteriskStartedAt: number | null;
}

export function boardCheckpoint(board: Board): BoardCheckpoint {
  return {
    calls: [...board.calls.values()],
    seats: [...board.seats.values()],
    released: [...board.released],
    asteriskStartedAt: board.asteriskStartedAt,
  };
}

/**
 * Fills an empty board from the journal: the checkpoint, then what was saved since. Callers are put in line and phones
 * looked up only when Asterisk is connected: what it holds then decides.
 */
export function restoreBoard(board: Board, checkpoint: BoardCheckpoint | null, since: Iterable<JournalEntry>): void {
  const calls = new Map(checkpoint?.calls.map((call) => [call.callId, call]));
  const seats = new Map(checkpoint?.seats.map((seat) => [seat.seat, seat]));
  board.asteriskStartedAt = checkpoint?.asteriskStartedAt ?? null;
  for (const [channelId, callId] of checkpoint?.released ?? []) board.released.set(channelId, callId);
  for (const entry of since) {
    if (!isSavedState(entry)) continue;
    if (entry.type === 'state.asterisk') board.asteriskStartedAt = entry.data.startedAt;
    else if (entry.type === 'state.seat') put(seats, entry.data.seat, entry.data.state);
    else {
      put(calls, entry.data.callId, entry.data.call);
      if (!entry.data.call) board.released.set(entry.data.channelId, entry.data.callId);
    }
  }
  for (const call of calls.values()) {
    board.calls.set(call.callId, call);
    board.channels.set(call.channelId, call.callId);
    const legId = call.offer?.legId ?? call.talk?.legId;
    if (legId) board.channels.set(legId, call.callId);
  }
  for (const seat of seats.values()) board.seats.set(seat.seat, seat);
}

function isSavedState(entry: JournalEntry): entry is SavedState {
  return entry.type === 'state.call' || entry.type === 'state.seat' || entry.type === 'state.asterisk';
}

function put<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
