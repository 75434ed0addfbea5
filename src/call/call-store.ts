import { and, asc, desc, eq, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Db, Tx } from '../platform/postgres/client.js';
import type { CallEvent } from './call-events.js';
import { callTable, callTimelineTable } from './call-table.js';
import type { PopHistory } from './pop.js';

export type CallRow = typeof callTable.$inferSelect;
export type TimelineRow = typeof callTimelineTable.$inferSelect;

type EventOf<Type extends CallEvent['type']> = Extract<CallEvent, { type: Type }>;
type CallProjections = {
  [Type in CallEvent['type'] as Type extends `call.${string}` | 'queue.routed' ? Type : never]: (
    tx: Tx,
    entry: EventOf<Type>,
  ) => Promise<void>;
};

/** How each call event changes the record. Applied once each, in the journal's order. */
export const callProjections: CallProjections = {
  'call.arrived': async (tx, { id, at, type, data }) => {
    const { callId, channelId, callerNumber, dialled, recording } = data;
    const arrivedAt = new Date(at);
    const row = { id: callId, channelId, callerNumber, dialled, recording, state: 'menu', arrivedAt };
    await tx.insert(callTable).values(row).onConflictDoNothing();
    await addToTimeline(tx, id, callId, at, type, { dialled });
  },
  'call.refused': (tx, entry) => told(tx, entry, { state: 'leaving' }),
  'call.servedInEmergency': (tx, entry) => {
    const { seat, waitMs } = entry.data;
    const answeredAt = seat !== null && waitMs !== null ? new Date(entry.at + waitMs) : null;
    return told(tx, entry, { seat, answeredAt, waitMs });
  },
  'call.menuStepped': (tx, entry) => told(tx, entry, {}),
  'call.queued': (tx, entry) =>
    told(tx, entry, { state: 'waiting', queue: entry.data.queue, queuedAt: new Date(entry.at) }),
  'call.positionSpoken': (tx, entry) => told(tx, entry, {}),
  'call.offered': async (tx, { id, at, type, data }) => {
    const { pop: _, ...withoutPop } = data;
    await update(tx, data.callId, { state: 'offered', offerCount: data.offer });
    await addToTimeline(tx, id, data.callId, at, type, withoutPop);
  },
  'call.seatRang': (tx, entry) => told(tx, entry, {}),
  'call.offerEnded': (tx, entry) => told(tx, entry, { state: 'waiting' }),
  'call.answered': (tx, entry) => {
    const { seat, agentId, waitMs } = entry.data;
    return told(tx, entry, { state: 'talking', seat, agentId, answeredAt: new Date(entry.at), waitMs });
  },
  'call.ended': (tx, entry) => {
    const { by, cause, during, waitMs, talkMs } = entry.data;
    const endedAt = new Date(entry.at);
    const end = { state: 'ended', endedAt, endedBy: by, endCause: cause, endedDuring: during, waitMs, talkMs };
    return told(tx, entry, end);
  },
  'call.released': (tx, entry) => told(tx, entry, { q850: entry.data.q850 }),
  'call.takenOver': (tx, entry) => told(tx, entry, {}),
  'queue.routed': (tx, entry) => told(tx, entry, {}),
};

export interface CallFilter {
  /** Only calls that this agent answered. */
  agentId?: string;
  state?: string;
  queue?: string;
  limit: number;
  /** The last row of the page before. */
  after?: { arrivedAt: Date; id: string };
}

/** Newest first. */
export async function listCalls(db: Db, filter: CallFilter): Promise<CallRow[]> {
  const { agentId, state, queue, after } = filter;
  const conditions: (SQL | undefined)[] = [
    agentId === undefined ? undefined : eq(callTable.agentId, agentId),
    state === undefined ? undefined : eq(callTable.state, state),
    queue === undefined ? undefined : eq(callTable.queue, queue),
    after &&
      or(
        lt(callTable.arrivedAt, after.arrivedAt),
        and(eq(callTable.arrivedAt, after.arrivedAt), sql`${callTable.id} > ${after.id}`),
      ),
  ];
  return db
    .select()
    .from(callTable)
    .where(and(...conditions))
    .orderBy(desc(callTable.arrivedAt), asc(callTable.id))
    .limit(filter.limit);
}

export async function findCall(db: Db, callId: string): Promise<CallRow | undefined> {
  const [row] = await db.select().from(callTable).where(eq(callTable.id, callId));
  return row;
}

export async function timelineOf(db: Db, callId: string): Promise<TimelineRow[]> {
  return db
    .select()
    .from(callTimelineTable)
    .where(eq(callTimelineTable.callId, callId))
    .orderBy(asc(callTimelineTable.entryId));
}

/** The latest ten calls of a number, for the pop. */
export async function earlierCalls(db: Db, callerNumber: string): Promise<PopHistory['calls']> {
  const rows = await db
    .select()
    .from(callTable)
    .where(and(eq(callTable.callerNumber, callerNumber), eq(callTable.state, 'ended')))
    .orderBy(desc(callTable.arrivedAt))
    .limit(10);
  return rows.map(({ id, arrivedAt, queue, answeredAt }) => {
    return { callId: id, at: arrivedAt.toISOString(), queue, answered: answeredAt !== null };
  });
}

async function told(
  tx: Tx,
  entry: { id: number; at: number; type: string; data: { callId: string } },
  changes: Partial<CallRow>,
): Promise<void> {
  const { callId, ...data } = entry.data;
  if (Object.keys(changes).length > 0) await update(tx, callId, changes);
  await addToTimeline(tx, entry.id, callId, entry.at, entry.type, data);
}

async function update(tx: Tx, callId: string, changes: Partial<CallRow>): Promise<void> {
  await tx.update(callTable).set(changes).where(eq(callTable.id, callId));
}

async function addToTimeline(
  tx: Tx,
  entryId: number,
  callId: string,
  at: number,
  type: string,
  data: object,
): Promise<void> {
  await tx.insert(callTimelineTable).values({ entryId, callId, at: new Date(at), type, data });
}
