import { HotlineError } from '../platform/errors.js';
import type { Db } from '../platform/postgres/client.js';
import { phoneToRing } from './phone.js';
import { type Seat, type SeatState, statesAllowing } from './seat.js';
import type { SeatDesk } from './seat-desk.js';
import { listSeats, skillsOf } from './seat-store.js';

/** Who acts: an agent at their own seat. */
export interface SeatAgent {
  readonly agentId: string;
  readonly agentName: string;
}

/** A seat as people see it. */
export interface SeatView {
  seat: string;
  agentId: string;
  agentName: string;
  state: SeatState;
  since: number;
  reason: Seat['reason'];
  callId: string | null;
  queues: readonly string[];
  wakeAt: number | null;
  phoneReachable: boolean;
}

export interface SeatServiceParts {
  readonly db: Db;
  readonly desk: SeatDesk;
  /** The queues that an agent with these skills serves. */
  readonly queuesFor: (skills: Readonly<Record<string, number>>) => string[];
}

/** Agents take, ready and leave seats. All errors are `HotlineError`s with a `seat.*` code; nothing is changed then. */
export class SeatService {
  readonly #parts: SeatServiceParts;

  constructor(parts: SeatServiceParts) {
    this.#parts = parts;
  }

  /** The agent's seat, null without one. */
  seatOf(agentId: string): SeatView | null {
    const seat = this.#find(agentId);
    return seat ? this.#view(seat) : null;
  }

  /** Every taken seat, by number. */
  taken(): SeatView[] {
    const seats = [...this.#parts.desk.seats.values()].sort((a, b) => a.seat.localeCompare(b.seat));
    return seats.map((seat) => this.#view(seat));
  }

  /** All seat numbers and who sits there. */
  async all(): Promise<{ seat: string; takenBy: string | null }[]> {
    const numbers = await listSeats(this.#parts.db);
    return numbers.map((seat) => ({ seat, takenBy: this.#parts.desk.seats.get(seat)?.agentName ?? null }));
  }

  /** Signs the agent in to a seat; the seat they had is left. Taking the own seat again changes nothing. */
  async take(agent: SeatAgent, number: string): Promise<SeatView> {
    const { db, desk, queuesFor } = this.#parts;
    const [numbers, skills] = await Promise.all([listSeats(db), skillsOf(db, agent.agentId)]);
    if (!numbers.includes(number)) throw new HotlineError('seat.unknown', { field: 'seat', allowed: numbers });
    const occupant = desk.seats.get(number);
    if (occupant && occupant.agentId !== agent.agentId) throw new HotlineError('seat.occupied', { field: 'seat' });
    if (!occupant) {
      const old = this.#find(agent.agentId);
      if (old) this.#leave(old);
      desk.take(number, { ...agent, queues: queuesFor(skills) });
    }
    return this.#own(agent);
  }

  /** Leaves the seat; no seat is fine too. */
  leave(agentId: string): void {
    const seat = this.#find(agentId);
    if (seat) this.#leave(seat);
  }

  /** After a sign-out: a seat that is not on a call is left; one that is stays until the call is over. */
  leaveIfFree(agentId: string): void {
    const seat = this.#find(agentId);
    if (seat && seat.state !== 'offered' && seat.state !== 'talking') this.#parts.desk.leave(seat.seat);
  }

  /** Ready for calls, or offline. A state that is already there is no error. */
  move(agent: SeatAgent, to: 'ready' | 'offline'): SeatView {
    const seat = this.#own(agent);
    if (seat.state === to) return seat;
    const allowed = statesAllowing(to);
    if (!allowed.includes(seat.state)) throw new HotlineError('seat.moveNotAllowed', { field: 'state', allowed });
    this.#parts.desk.move(seat.seat, to, 'agent');
    return this.#own(agent);
  }

  #leave(seat: Seat): void {
    if (seat.state === 'offered' || seat.state === 'talking') {
      throw new HotlineError('seat.moveNotAllowed', {
        field: 'seat',
        allowed: ['offline', 'ready', 'wrapUp', 'notResponding'],
      });
    }
    this.#parts.desk.leave(seat.seat);
  }

  #own(agent: SeatAgent): SeatView {
    const seat = this.#find(agent.agentId);
    if (!seat) throw new HotlineError('seat.none', { field: 'seat' });
    return this.#view(seat);
  }

  #find(agentId: string): Seat | undefined {
    for (const seat of this.#parts.desk.seats.values()) if (seat.agentId === agentId) return seat;
    return undefined;
  }

  #view(seat: Seat): SeatView {
    const { idleSince: _, ...view } = seat;
    return { ...view, phoneReachable: phoneToRing(seat.seat, this.#parts.desk.phones) !== null };
  }
}
