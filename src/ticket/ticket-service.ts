import { randomBytes } from 'node:crypto';
import { hasRole, type Viewer } from '../account/account.js';
import { requireNumber } from '../citizen/number.js';
import { HotlineError } from '../platform/errors.js';
import { uuidv7 } from '../platform/ids.js';
import type { Db, Tx } from '../platform/postgres/client.js';
import type { Unit } from '../unit/unit.js';
import { listUnits } from '../unit/unit-store.js';
import {
  type Actor,
  applyChange,
  openTicket,
  type Ticket,
  type TicketChange,
  type TicketFields,
  ticketTypes,
} from './ticket.js';
import { mayChange, mayReopen, reaches, reachOf } from './ticket-access.js';
import { noticeOf, type TicketNotice } from './ticket-events.js';
import { parseTicketNumber } from './ticket-number.js';
import {
  callsOfTickets,
  findTicket,
  historyOf,
  insertTicket,
  listTickets,
  lockOpeningForCalls,
  lockTicket,
  lockUntouchedDraft,
  nextTicketNumber,
  type TicketFilter,
  updateTicket,
} from './ticket-store.js';
import { type TicketRecord, type TicketView, ticketRecord, ticketView } from './ticket-view.js';

export interface TicketServiceParts {
  readonly db: Db;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Of the own city, completes local numbers. */
  readonly areaCode: string;
  /** Null for an unknown call; `agentId` is who answered it. */
  readonly findCall: (callId: string) => Promise<{ callerNumber: string | null; agentId: string | null } | null>;
  /** Told after each committed change. */
  readonly changed: (notice: TicketNotice) => void;
}

export interface NewTicket extends Partial<TicketFields> {
  readonly callId?: string | undefined;
  /** Default: open. */
  readonly state?: 'draft' | 'open' | undefined;
}

/** Runs work in one transaction and returns what it returned, or the kept answer of an earlier run without running it. */
export type Once = (work: (tx: Tx) => Promise<TicketView>) => Promise<TicketView>;

export type TicketQuery = Pick<TicketFilter, 'state' | 'callId' | 'unitId' | 'after'> & {
  /** As people write it. */
  number?: string | undefined;
  mine?: boolean | undefined;
  limit: number;
};

/** Tickets for people: each sees and changes what their roles allow, numbers masked. All errors are `HotlineError`s. */
export class TicketService {
  readonly #parts: TicketServiceParts;

  constructor(parts: TicketServiceParts) {
    this.#parts = parts;
  }

  /**
   * Opens a ticket. When the program opened a draft for this agent's call a moment ago and nobody wrote in it, that draft
   * becomes the ticket.
   * @param once runs the work in one transaction, or not at all when an earlier request did it already
   * @throws HotlineError `call.unknown`, `call.notYours`, `unit.unknown`, `request.invalid`
   */
  async create(
    viewer: Viewer,
    asked: NewTicket,
    once: Once = (work) => this.#parts.db.transaction(work),
  ): Promise<TicketView> {
    const { db, clock } = this.#parts;
    const { callId, state = 'open', ...given } = asked;
    if (state === 'open' && !given.type)
      throw new HotlineError('request.invalid', { field: 'type', allowed: Object.keys(ticketTypes) });
    const fields = this.#normalised(given);
    requireUnit(await listUnits(db), fields.unitId);
    const call = callId === undefined ? null : await this.#callFor(viewer, callId);
    if (call?.callerNumber) fields.callerNumber ??= call.callerNumber;
    const now = new Date(clock());
    let opened: Ticket | undefined;
    const view = await once(async (tx) => {
      const draft = callId === undefined ? undefined : await this.#draftOf(tx, viewer, callId);
      if (draft) {
        const { ticket, entry } = applyChange(draft, { ...fields, state }, actorOf(viewer), now);
        if (entry) await updateTicket(tx, ticket, entry);
        opened = ticket;
      } else {
        const id = uuidv7(now.getTime(), randomBytes(10));
        const opening = { id, number: await nextTicketNumber(tx, now), state, agentId: call?.agentId ?? null };
        const { ticket, entry } = openTicket({ ...opening, fields }, actorOf(viewer), now);
        await insertTicket(tx, ticket, entry, { callId });
        opened = ticket;
      }
      return this.#view(viewer, opened, tx);
    });
    if (opened) this.#tell(opened, viewer);
    return view;
  }

  /**
   * @param version what the change was made on
   * @throws HotlineError `ticket.unknown`, `ticket.notYours`, `ticket.changedMeanwhile` with the newer ticket as `current`,
   *   `account.notAllowed` for reopening, and those of `applyChange`
   */
  async change(viewer: Viewer, ticketId: string, version: number, asked: TicketChange): Promise<TicketView> {
    const { db, clock } = this.#parts;
    const [units, change] = [await listUnits(db), this.#normalised(asked)];
    requireUnit(units, change.unitId);
    const { ticket, changed } = await db.transaction(async (tx) => {
      const before = requireReached(viewer, units, await lockTicket(tx, ticketId));
      requireRight(viewer, before, change);
      if (before.version !== version) {
        const current = await this.#view(viewer, before, tx);
        throw new HotlineError('ticket.changedMeanwhile', { field: 'version', current });
      }
      const { ticket, entry } = applyChange(before, change, actorOf(viewer), new Date(clock()));
      if (entry) await updateTicket(tx, ticket, entry);
      return { ticket, changed: entry !== null };
    });
    if (changed) this.#tell(ticket, viewer);
    return this.#view(viewer, ticket);
  }

  /** @throws HotlineError `ticket.unknown`, `ticket.notYours` */
  async read(viewer: Viewer, ticketId: string): Promise<TicketRecord> {
    const { db, findCall } = this.#parts;
    const [units, found] = await Promise.all([listUnits(db), findTicket(db, ticketId)]);
    const ticket = requireReached(viewer, units, found);
    const [history, calls] = await Promise.all([historyOf(db, ticketId), callsOfTickets(db, [ticketId])]);
    const linked = await Promise.all(
      (calls.get(ticketId) ?? []).map(async ({ callId, linkedAt }) => {
        const call = await findCall(callId);
        return { callId, linkedAt, agentId: call?.agentId ?? null };
      }),
    );
    return ticketRecord(viewer, ticket, linked, history);
  }

  /** Newest first; `next` is the `after` of the next page. */
  async list(viewer: Viewer, query: TicketQuery): Promise<{ items: TicketView[]; next: string | null }> {
    const { db } = this.#parts;
    const { mine, limit, number: written, ...filter } = query;
    const number = written === undefined ? undefined : parseTicketNumber(written);
    if (number === null) {
      const allowed = '14 digits with a check digit, e.g. 20261121-00001-1 带校验位的 14 位工单号';
      throw new HotlineError('request.invalid', { field: 'number', allowed });
    }
    const reach = reachOf(viewer, await listUnits(db));
    const own = mine ? viewer.accountId : undefined;
    const found = await listTickets(db, { ...filter, number, reach, mine: own, limit: limit + 1 });
    const page = found.slice(0, limit);
    const calls = await callsOfTickets(
      db,
      page.map(({ id }) => id),
    );
    return {
      items: page.map((ticket) => ticketView(viewer, ticket, calls.get(ticket.id) ?? [])),
      next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  async #draftOf(tx: Tx, viewer: Viewer, callId: string): Promise<Ticket | undefined> {
    await lockOpeningForCalls(tx);
    const draft = await lockUntouchedDraft(tx, callId);
    return draft?.agentId === viewer.accountId ? draft : undefined;
  }

  /** Agents open tickets for calls that they answered, or that nobody is known yet to have answered. */
  async #callFor(viewer: Viewer, callId: string) {
    const call = await this.#parts.findCall(callId);
    if (!call) throw new HotlineError('call.unknown', { field: 'callId' });
    if (call.agentId !== null && call.agentId !== viewer.accountId && !hasRole(viewer, ...mayReopen)) {
      throw new HotlineError('call.notYours', { field: 'callId' });
    }
    return call;
  }

  /** Numbers as E.164. */
  #normalised<Given extends Partial<TicketFields>>(given: Given): Given & { callerNumber?: string | null } {
    const { callerNumber } = given;
    if (!callerNumber) return { ...given };
    return { ...given, callerNumber: requireNumber(callerNumber, this.#parts.areaCode, 'callerNumber').e164 };
  }

  async #view(viewer: Viewer, ticket: Ticket, db: Db = this.#parts.db): Promise<TicketView> {
    const calls = await callsOfTickets(db, [ticket.id]);
    return ticketView(viewer, ticket, calls.get(ticket.id) ?? []);
  }

  #tell(ticket: Ticket, viewer: Viewer): void {
    this.#parts.changed(noticeOf(ticket, viewer.accountId));
  }
}

function requireReached(viewer: Viewer, units: readonly Unit[], ticket: Ticket | undefined): Ticket {
  if (!ticket) throw new HotlineError('ticket.unknown', { field: 'id' });
  if (!reaches(reachOf(viewer, units), ticket)) throw new HotlineError('ticket.notYours');
  return ticket;
}

function requireRight(viewer: Viewer, ticket: Ticket, { state }: TicketChange): void {
  if (!mayChange(viewer, ticket)) throw new HotlineError('ticket.notYours');
  if (ticket.state === 'closed' && state === 'open' && !hasRole(viewer, ...mayReopen)) {
    throw new HotlineError('account.notAllowed', { field: 'state', allowed: mayReopen });
  }
}

function requireUnit(units: readonly Unit[], unitId: string | null | undefined): void {
  if (unitId && !units.some(({ id }) => id === unitId)) {
    throw new HotlineError('unit.unknown', { field: 'unitId', allowed: units.map(({ id }) => id) });
  }
}

function actorOf({ accountId, name }: Viewer): Actor {
  return { id: accountId, name };
}
