import { bigint, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** One row per call (V19). Written by the journal's applier only. */
export const callTable = pgTable(
  'call',
  {
    id: text('id').primaryKey(),
    channelId: text('channel_id').notNull(),
    /** E.164; null when withheld. Personal data. */
    callerNumber: text('caller_number'),
    dialled: text('dialled').notNull(),
    /** File of the recording below the recordings folder. */
    recording: text('recording').notNull(),
    state: text('state').notNull(),
    arrivedAt: at('arrived_at').notNull(),
    queue: text('queue'),
    queuedAt: at('queued_at'),
    offerCount: integer('offer_count').notNull().default(0),
    seat: text('seat'),
    agentId: text('agent_id'),
    answeredAt: at('answered_at'),
    waitMs: integer('wait_ms'),
    talkMs: integer('talk_ms'),
    endedAt: at('ended_at'),
    endedBy: text('ended_by'),
    endCause: text('end_cause'),
    endedDuring: text('ended_during'),
    q850: integer('q850'),
  },
  (table) => [
    index('call_arrived_at').on(table.arrivedAt.desc(), table.id),
    index('call_caller').on(table.callerNumber, table.arrivedAt.desc()),
    index('call_agent').on(table.agentId, table.arrivedAt.desc()),
  ],
);

/** What people see of a call's events, in the journal's order. */
export const callTimelineTable = pgTable(
  'call_timeline',
  {
    /** Id of the journal entry. */
    entryId: bigint('entry_id', { mode: 'number' }).primaryKey(),
    callId: text('call_id').notNull(),
    at: at('at').notNull(),
    type: text('type').notNull(),
    data: jsonb('data').notNull(),
  },
  (table) => [index('call_timeline_call').on(table.callId, table.entryId)],
);
