import { and, asc, desc, eq, inArray, isNotNull, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type { PopHistory } from '../call/pop.js';
import { HotlineError } from '../platform/errors.js';
import type { Db, Tx } from '../platform/postgres/client.js';
import type { HistoryEntry, Ticket, TicketState } from './ticket.js';
import type { TicketReach } from './ticket-access.js';
import { mostPerDay, ticketDay, ticketNumber } from './ticket-number.js';
import { ticketCallTable, ticketDayCounterTable, ticketHistoryTable, ticketTable } from './ticket-table.js';

export interface LinkedCall {
  callId: string;
  linkedAt: Date;
}

/**
 * The next number of the day. The counter's row stays locked until the transaction ends, so that numbers have no gaps but
 * those of transactions that rolled back.
 * @throws HotlineError `ticket.numbersUsedUp`
 */
export async function nextTicketNumber(tx: Tx, now: Date): Promise<string> {
  const day = ticketDay(now);
  const [row] = await tx
    .insert(ticketDayCounterTable)
    .values({ day, last: 1 })
    .onConflictDoUpdate({
      target: ticketDayCounterTable.day,
      set: { last: sql`${ticketDayCounterTable.last} + 1` },
    })
    .returning({ last: ticketDayCounterTable.last });
  if (!row || row.last > mostPerDay) throw new HotlineError('ticket.numbersUsedUp');
  return ticketNumber(day, row.last);
}

/**
 * Until the transaction ends nobody else opens a ticket for a call: whether one is missing can then be told. Taken before the
 * number, in the same order everywhere.
 */
export async function lockOpeningForCalls(tx: Tx): Promise<void> {
  // Any constant will do, as long as nothing else of ours uses the same.
  await tx.execute(sql`SELECT pg_advisory_xact_lock(12346)`);
}

export interface TicketOrigin {
  callId?: string | undefined;
  /** The call for which the program opens it by itself. */
  missingOfCall?: string | undefined;
}

export async function insertTicket(
  tx: Tx,
  ticket: Ticket,
  entry: HistoryEntry,
  { callId, missingOfCall }: TicketOrigin,
): Promise<void> {
  await tx.insert(ticketTable).values({ ...toRow(ticket), missingOfCall });
  await tx.insert(ticketHistoryTable).values({ ...entry, ticketId: ticket.id });
  if (callId !== undefined)
    await tx.insert(ticketCallTable).values({ ticketId: ticket.id, callId, linkedAt: ticket.openedAt });
}

/** Writes a new version of a ticket that this transaction holds by `lockTicket`. */
export async function updateTicket(tx: Tx, ticket: Ticket, entry: HistoryEntry): Promise<void> {
  await tx.update(ticketTable).set(toRow(ticket)).where(eq(ticketTable.id, ticket.id));
  await tx.insert(ticketHistoryTable).values({ ...entry, ticketId: ticket.id });
}

export async function findTicket(db: Db, id: string): Promise<Ticket | undefined> {
  const [row] = await db.select().from(ticketTable).where(eq(ticketTable.id, id));
  return row && fromRow(row);
}

/** Nobody else changes it until the transaction ends. */
export async function lockTicket(tx: Tx, id: string): Promise<Ticket | undefined> {
  const [row] = await tx.select().from(ticketTable).where(eq(ticketTable.id, id)).for('update');
  return row && fromRow(row);
}

/** The draft that the program opened for this call, if nobody wrote in it yet; locked. */
export async function lockUntouchedDraft(tx: Tx, callId: string): Promise<Ticket | undefined> {
  const untouched = and(eq(ticketTable.missingOfCall, callId), eq(ticketTable.version, 1));
  const [row] = await tx.select().from(ticketTable).where(untouched).for('update');
  return row && fromRow(row);
}

export interface TicketFilter {
  state?: TicketState | undefined;
  callId?: string | undefined;
  unitId?: string | undefined;
  number?: string | undefined;
  /** Own tickets of this account only. */
  mine?: string | undefined;
  reach: TicketReach;
  limit: number;
  /** Id of the last ticket of the page before. */
  after?: string | undefined;
}

/** Newest first. */
export async function listTickets(db: Db, filter: TicketFilter): Promise<Ticket[]> {
  const { state, callId, unitId, number, mine, reach, limit, after } = filter;
  const conditions: (SQL | undefined)[] = [
    within(reach),
    state && eq(ticketTable.state, state),
    unitId === undefined ? undefined : eq(ticketTable.unitId, unitId),
    number === undefined ? undefined : eq(ticketTable.number, number),
    mine === undefined ? undefined : ownedBy(mine),
    callId === undefined ? undefined : inArray(ticketTable.id, ticketIdsOf(db, callId)),
    after === undefined ? undefined : lt(ticketTable.id, after),
  ];
  const rows = await db
    .select()
    .from(ticketTable)
    .where(and(...conditions))
    .orderBy(desc(ticketTable.id))
    .limit(limit);
  return rows.map(fromRow);
}

export async function historyOf(db: Db, ticketId: string): Promise<HistoryEntry[]> {
  const { version, at, by, byName, what, changes } = ticketHistoryTable;
  return db
    .select({ version, at, by, byName, what, changes })
    .from(ticketHistoryTable)
    .where(eq(ticketHistoryTable.ticketId, ticketId))
    .orderBy(asc(version));
}

/** The calls of each of these tickets, in the order in which they were linked. */
export async function callsOfTickets(db: Db, ticketIds: readonly string[]): Promise<Map<string, LinkedCall[]>> {
  const calls = new Map<string, LinkedCall[]>(ticketIds.map((id) => [id, []]));
  if (ticketIds.length === 0) return calls;
  const rows = await db
    .select()
    .from(ticketCallTable)
    .where(inArray(ticketCallTable.ticketId, [...ticketIds]))
    .orderBy(asc(ticketCallTable.linkedAt), asc(ticketCallTable.callId));
  for (const { ticketId, callId, linkedAt } of rows) calls.get(ticketId)?.push({ callId, linkedAt });
  return calls;
}

/** For the record of a call: its tickets, drafts too, oldest first. */
export async function ticketsOfCall(db: Db, callId: string): Promise<{ id: string; number: string }[]> {
  return db
    .select({ id: ticketTable.id, number: ticketTable.number })
    .from(ticketCallTable)
    .innerJoin(ticketTable, eq(ticketTable.id, ticketCallTable.ticketId))
    .where(eq(ticketCallTable.callId, callId))
    .orderBy(asc(ticketTable.id));
}

/** The latest ten tickets of a number, for the pop. No drafts, and nothing that was discarded before it had a type. */
export async function earlierTickets(db: Db, callerNumber: string): Promise<PopHistory['tickets']> {
  const rows = await db
    .select()
    .from(ticketTable)
    .where(and(eq(ticketTable.callerNumber, callerNumber), ne(ticketTable.state, 'draft'), isNotNull(ticketTable.type)))
    .orderBy(desc(ticketTable.id))
    .limit(10);
  return rows.map(({ id, number, type, state, title, openedAt }) => {
    return { ticketId: id, number, type: type ?? '', state, title: title ?? '', at: openedAt.toISOString() };
  });
}

function within({ own, unitIds, all, drafts }: TicketReach): SQL | undefined {
  const noDraft = ne(ticketTable.state, 'draft');
  if (all && drafts) return undefined;
  return or(
    // `or` of nothing would mean everything.
    sql`false`,
    own === null ? undefined : ownedBy(own),
    drafts ? eq(ticketTable.state, 'draft') : undefined,
    all ? noDraft : undefined,
    unitIds.length > 0 ? and(noDraft, inArray(ticketTable.unitId, [...unitIds])) : undefined,
  );
}

function ownedBy(accountId: string): SQL | undefined {
  return or(eq(ticketTable.openedBy, accountId), eq(ticketTable.agentId, accountId));
}

function ticketIdsOf(db: Db, callId: string) {
  return db.select({ id: ticketCallTable.ticketId }).from(ticketCallTable).where(eq(ticketCallTable.callId, callId));
}

function toRow({ categoryPath, ...ticket }: Ticket) {
  return { ...ticket, categoryPath: [...categoryPath] };
}

function fromRow({ missingOfCall: _, ...ticket }: typeof ticketTable.$inferSelect): Ticket {
  return ticket;
}
