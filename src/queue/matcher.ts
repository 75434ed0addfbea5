import { Sorted } from './sorted.js';

/** A caller in line. */
export interface WaitingCall {
  readonly callId: string;
  readonly queue: string;
  /** Higher goes first. */
  readonly priority: number;
  /** When the caller joined; kept through missed offers and restarts of the server. */
  readonly waitingSince: number;
}

/** A seat that could take a call now. */
export interface FreeSeat {
  readonly seat: string;
  readonly queues: readonly string[];
  readonly idleSince: number;
}

/** One candidate of a choice, as the routing ledger keeps it. */
export interface Candidate {
  readonly seat: string;
  /** How long idle at the choice, ms: the score of the strategy "longest idle". */
  readonly idleMs: number;
}

/** One caller for one seat, with what is needed to explain and to replay the choice (V19). */
export interface Match {
  readonly callId: string;
  readonly queue: string;
  readonly seat: string;
  readonly reason: 'longestIdle' | 'longestWaiting';
  /** The best candidates, best first; `candidateCount` is how many there were. */
  readonly candidates: readonly Candidate[];
  readonly candidateCount: number;
  /** Callers that waited in the queue, this one included. */
  readonly waitingCount: number;
  /** Number of changes to the matcher's input before this choice. */
  readonly inputVersion: number;
}

const keptCandidates = 5;

/**
 * Matches callers to seats: longest-idle seat that serves the caller's queue; for a seat that comes free, the caller with the
 * highest priority, then the longest wait, over all queues that it serves. Deterministic: no clock, no I/O, no dice. Between
 * calls no queue has both a waiting caller and a free seat unless matching is `paused`.
 */
export class Matcher {
  readonly #waiting = new Map<string, Sorted<WaitingCall>>();
  readonly #byAge = new Map<string, Sorted<WaitingCall>>();
  readonly #calls = new Map<string, WaitingCall>();
  readonly #free = new Map<string, Sorted<FreeSeat>>();
  readonly #seats = new Map<string, FreeSeat>();
  #inputVersion = 0;

  addCall(call: WaitingCall): void {
    this.removeCall(call.callId);
    this.#inputVersion += 1;
    this.#calls.set(call.callId, call);
    listFor(this.#waiting, call.queue, byTurn).add(call);
    listFor(this.#byAge, call.queue, byAge).add(call);
  }

  removeCall(callId: string): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    this.#inputVersion += 1;
    this.#calls.delete(callId);
    this.#waiting.get(call.queue)?.remove(call);
    this.#byAge.get(call.queue)?.remove(call);
  }

  addSeat(seat: FreeSeat): void {
    this.removeSeat(seat.seat);
    this.#inputVersion += 1;
    this.#seats.set(seat.seat, seat);
    for (const queue of seat.queues) listFor(this.#free, queue, byIdle).add(seat);
  }

  removeSeat(name: string): void {
    const seat = this.#seats.get(name);
    if (!seat) return;
    this.#inputVersion += 1;
    this.#seats.delete(name);
    for (const queue of seat.queues) this.#free.get(queue)?.remove(seat);
  }

  /** Takes every pair that can be made now out of both lists, in the order of the callers' turn. */
  match(now: number): Match[] {
    const matches: Match[] = [];
    for (;;) {
      const next = this.#next();
      if (!next) return matches;
      matches.push(this.#choose(next, now));
    }
  }

  /** Callers before this one in its queue; null when it does not wait. */
  ahead(callId: string): number | null {
    const call = this.#calls.get(callId);
    return call ? listFor(this.#waiting, call.queue, byTurn).indexOf(call) : null;
  }

  queue(name: string): { waiting: number; longestWaitingSince: number | null; freeSeats: number } {
    return {
      waiting: this.#waiting.get(name)?.size ?? 0,
      longestWaitingSince: this.#byAge.get(name)?.first?.waitingSince ?? null,
      freeSeats: this.#free.get(name)?.size ?? 0,
    };
  }

  /** The caller whose turn is next among the queues that have a free seat. */
  #next(): WaitingCall | undefined {
    let best: WaitingCall | undefined;
    for (const [queue, free] of this.#free) {
      const head = free.size > 0 ? this.#waiting.get(queue)?.first : undefined;
      if (head && (!best || byTurn(head, best) < 0)) best = head;
    }
    return best;
  }

  #choose(call: WaitingCall, now: number): Match {
    const free = listFor(this.#free, call.queue, byIdle);
    const candidates = free.take(keptCandidates).map(({ seat, idleSince }) => ({ seat, idleMs: now - idleSince }));
    const waitingCount = listFor(this.#waiting, call.queue, byTurn).size;
    const match: Match = {
      callId: call.callId,
      queue: call.queue,
      seat: bestCandidate(candidates),
      reason: waitingCount > free.size ? 'longestWaiting' : 'longestIdle',
      candidates,
      candidateCount: free.size,
      waitingCount,
      inputVersion: this.#inputVersion,
    };
    this.removeCall(call.callId);
    this.removeSeat(match.seat);
    return match;
  }
}

/** The rule itself, also used to replay a ledger row: the longest idle, then the lower seat number. */
export function bestCandidate(candidates: readonly Candidate[]): string {
  const [best] = [...candidates].sort((a, b) => b.idleMs - a.idleMs || compareText(a.seat, b.seat));
  if (!best) throw new Error('a choice needs a candidate');
  return best.seat;
}

function byAge(a: WaitingCall, b: WaitingCall): number {
  return a.waitingSince - b.waitingSince || compareText(a.callId, b.callId);
}

function byTurn(a: WaitingCall, b: WaitingCall): number {
  return b.priority - a.priority || a.waitingSince - b.waitingSince || compareText(a.callId, b.callId);
}

function byIdle(a: FreeSeat, b: FreeSeat): number {
  return a.idleSince - b.idleSince || compareText(a.seat, b.seat);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function listFor<T>(lists: Map<string, Sorted<T>>, queue: string, compare: (a: T, b: T) => number): Sorted<T> {
  const list = lists.get(queue) ?? new Sorted<T>(compare);
  lists.set(queue, list);
  return list;
}
