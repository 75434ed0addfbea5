import type { Seat } from './seat.js';

/**
 * What the room that runs the switchboard offers to this one: `seat` owns who sits where, but a seat's state also moves with
 * calls, so every change goes through the switchboard's one decision.
 */
export interface SeatDesk {
  readonly seats: ReadonlyMap<string, Seat>;
  /** SIP accounts that can be reached now. */
  readonly phones: ReadonlySet<string>;
  take(seat: string, agent: { agentId: string; agentName: string; queues: readonly string[] }): void;
  leave(seat: string): void;
  move(seat: string, to: 'ready' | 'offline', by: 'agent' | 'supervisor'): void;
}
