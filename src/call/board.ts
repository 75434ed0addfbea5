import type { Menu } from '../ivr/menu.js';
import { Matcher } from '../queue/matcher.js';
import type { QueueSettings } from '../queue/queue.js';
import { phoneToRing, seatOfPhone } from '../seat/phone.js';
import { moveSeat, type Seat, type SeatMove, type SeatStateReason } from '../seat/seat.js';
import type { AdmissionLimits, AdmissionState } from './admission.js';
import type { Call } from './call.js';
import type { CallAct } from './call-acts.js';
import type { NewFact } from './call-events.js';

/** Numbers and menus that the switchboard decides by: data, replaced as a whole when an administrator changes them. */
export interface SwitchboardSettings {
  readonly queues: ReadonlyMap<string, QueueSettings>;
  readonly admission: AdmissionLimits;
  /** The menu that new calls start with. */
  readonly menu: { readonly version: string; readonly menu: Menu };
  /** An older version, for a call that began with it. */
  readonly menuVersion: (version: string) => Menu | undefined;
  /** Long-distance code of the city: completes local numbers. */
  readonly areaCode: string;
}

/** All calls, seats and queues of this server: the switchboard's state. Changed only through a `Step`. */
export class Board {
  readonly calls = new Map<string, Call>();
  /** Citizens' channels and legs → call id. */
  readonly channels = new Map<string, string>();
  readonly seats = new Map<string, Seat>();
  /** Phones (SIP accounts) that can be reached now. */
  readonly phones = new Set<string>();
  readonly matcher = new Matcher();
  /** Ended calls whose channel is not known to be gone: citizen's channel → call id. */
  readonly released = new Map<string, string>();
  /** The last summary of each queue that was told: the same is not told twice. */
  readonly toldQueues = new Map<string, string>();
  settings: SwitchboardSettings;
  admission: AdmissionState;
  /** False while there is no connection to Asterisk: nothing is offered then. */
  online = false;
  asteriskStartedAt: number | null = null;
  /** True once the server is told to end: new calls are turned away with an apology. */
  draining = false;

  constructor(settings: SwitchboardSettings) {
    this.settings = settings;
    this.admission = { tokens: settings.admission.newCallsPerSecond, at: 0 };
  }

  /** Whether a phone of the seat can be rung now. */
  reachable(seat: string): boolean {
    return phoneToRing(seat, this.phones) !== null;
  }
}

/** One decision being made: collects what happened and what is to be done, and keeps the board's indexes in step. */
export class Step {
  readonly facts: NewFact[] = [];
  readonly acts: CallAct[] = [];
  /** Call id → citizen's channel. */
  readonly #touchedCalls = new Map<string, string>();
  readonly #touchedSeats = new Set<string>();
  readonly #touchedQueues = new Set<string>();

  constructor(
    readonly board: Board,
    readonly now: number,
  ) {}

  fact<Type extends NewFact['type']>(type: Type, data: Extract<NewFact, { type: Type }>['data']): void {
    this.facts.push({ type, at: this.now, data } as NewFact);
  }

  act(act: CallAct): void {
    this.acts.push(act);
  }

  saveCall(call: Call): Call {
    this.board.calls.set(call.callId, call);
    this.board.channels.set(call.channelId, call.callId);
    const legId = call.offer?.legId ?? call.talk?.legId;
    if (legId) this.board.channels.set(legId, call.callId);
    this.#touchedCalls.set(call.callId, call.channelId);
    return call;
  }

  dropCall(call: Call): void {
    this.leaveLine(call);
    this.board.calls.delete(call.callId);
    this.board.channels.delete(call.channelId);
    const legId = call.offer?.legId ?? call.talk?.legId;
    if (legId) this.board.channels.delete(legId);
    this.#touchedCalls.set(call.callId, call.channelId);
  }

  /** A leg that is over is no longer looked up. */
  forgetLeg(legId: string): void {
    this.board.channels.delete(legId);
  }

  joinLine(call: Call): void {
    if (!call.queue) return;
    const { name, priority, since } = call.queue;
    this.board.matcher.addCall({ callId: call.callId, queue: name, priority, waitingSince: since });
    this.#touchedQueues.add(name);
  }

  leaveLine(call: Call): void {
    this.board.matcher.removeCall(call.callId);
    if (call.queue) this.#touchedQueues.add(call.queue.name);
  }

  touchQueue(queue: string): void {
    this.#touchedQueues.add(queue);
  }

  /** Puts a seat in (`from` null: an agent signed in to it). */
  putSeat(seat: Seat, from: Seat | null): void {
    this.board.seats.set(seat.seat, seat);
    this.#seatChanged(seat, from?.state ?? null, seat.state, seat.reason);
  }

  /** Moves a seat if its state allows it; null when it does not. */
  moveSeat(name: string, move: SeatMove): Seat | null {
    const seat = this.board.seats.get(name);
    const next = seat && moveSeat(seat, move, this.now);
    if (!seat || !next) return null;
    this.putSeat(next, seat);
    return next;
  }

  removeSeat(seat: Seat): void {
    this.board.seats.delete(seat.seat);
    this.#seatChanged(seat, seat.state, null, 'signedOut');
  }

  /** A phone came or went. Its seat's state stays; a seat without a phone is just not offered calls. */
  setPhone(phone: string, reachable: boolean): void {
    if (this.board.phones.has(phone) === reachable) return;
    if (reachable) this.board.phones.add(phone);
    else this.board.phones.delete(phone);
    const seat = seatOfPhone(phone);
    this.fact('seat.phoneChanged', { seat, phone, reachable });
    this.refreshFree(seat);
  }

  /** The matcher knows a seat exactly while it is ready and its phone can be reached. */
  refreshFree(name: string): void {
    const seat = this.board.seats.get(name);
    if (seat?.state === 'ready' && this.board.reachable(name)) this.board.matcher.addSeat(seat);
    else this.board.matcher.removeSeat(name);
    for (const queue of seat?.queues ?? []) this.#touchedQueues.add(queue);
  }

  /** What the runner must look after: entries for the journal, acts, and whose wake-up time may have changed. */
  finish(): Decision {
    for (const queue of this.#touchedQueues) this.#tellQueue(queue);
    for (const [callId, channelId] of this.#touchedCalls) {
      this.fact('state.call', { callId, channelId, call: this.board.calls.get(callId) ?? null });
    }
    for (const seat of this.#touchedSeats) {
      this.fact('state.seat', { seat, state: this.board.seats.get(seat) ?? null });
    }
    const wakes: Wake[] = [
      ...[...this.#touchedCalls.keys()].map((id) => ({ callId: id, at: this.board.calls.get(id)?.wakeAt ?? null })),
      ...[...this.#touchedSeats].map((id) => ({ seat: id, at: this.board.seats.get(id)?.wakeAt ?? null })),
    ];
    return { facts: this.facts, acts: this.acts, wakes };
  }

  #tellQueue(queue: string): void {
    const summary = this.board.matcher.queue(queue);
    const text = JSON.stringify(summary);
    if (this.board.toldQueues.get(queue) === text) return;
    this.board.toldQueues.set(queue, text);
    this.fact('queue.changed', { queue, ...summary });
  }

  #seatChanged(seat: Seat, from: Seat['state'] | null, to: Seat['state'] | null, reason: SeatStateReason): void {
    this.#touchedSeats.add(seat.seat);
    for (const queue of seat.queues) this.#touchedQueues.add(queue);
    this.refreshFree(seat.seat);
    this.fact('seat.changed', {
      seat: seat.seat,
      agentId: seat.agentId,
      agentName: seat.agentName,
      from,
      to,
      reason,
      callId: seat.callId,
      phoneReachable: this.board.reachable(seat.seat),
      wakeAt: seat.wakeAt,
    });
  }
}

export interface Decision {
  readonly facts: readonly NewFact[];
  readonly acts: readonly CallAct[];
  /** Calls and seats that were touched, with the time at which they want a `wake`, null for none. */
  readonly wakes: readonly Wake[];
}

export type Wake = { readonly at: number | null } & ({ readonly callId: string } | { readonly seat: string });
