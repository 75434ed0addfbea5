import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { unitTable } from '../unit/unit-table.js';
import type { FieldChange, HistoryEntry, TicketState, TicketType, Urgency } from './ticket.js';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** A ticket as its latest version has it. Lists are ordered by `id`: a UUIDv7 of the time of opening. */
export const ticketTable = pgTable(
  'ticket',
  {
    id: text('id').primaryKey(),
    number: text('number').notNull().unique(),
    version: integer('version').notNull(),
    state: text('state').$type<TicketState>().notNull(),
    type: text('type').$type<TicketType>(),
    urgency: text('urgency').$type<Urgency>().notNull(),
    title: text('title'),
    text: text('text'),
    categoryPath: text('category_path').array().notNull(),
    place: text('place'),
    /** Personal data. */
    callerName: text('caller_name'),
    /** E.164. Personal data. */
    callerNumber: text('caller_number'),
    unitId: text('unit_id').references(() => unitTable.id),
    agentId: text('agent_id'),
    openedBy: text('opened_by').notNull(),
    openedAt: at('opened_at').notNull(),
    changedAt: at('changed_at').notNull(),
    /** The call for which the program opened it by itself: never two for one. */
    missingOfCall: text('missing_of_call').unique('ticket_missing_of_call'),
  },
  (table) => [
    index('ticket_caller').on(table.callerNumber, table.id.desc()),
    index('ticket_unit').on(table.unitId, table.id.desc()),
    index('ticket_agent').on(table.agentId, table.id.desc()),
    index('ticket_opened_by').on(table.openedBy, table.id.desc()),
    index('ticket_state').on(table.state, table.id.desc()),
  ],
);

/** What each version changed, and who. The database refuses to change or delete its rows (see the migration). */
export const ticketHistoryTable = pgTable(
  'ticket_history',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => ticketTable.id),
    version: integer('version').notNull(),
    at: at('at').notNull(),
    by: text('by').notNull(),
    byName: text('by_name').notNull(),
    what: text('what').$type<HistoryEntry['what']>().notNull(),
    changes: jsonb('changes').$type<readonly FieldChange[]>().notNull(),
  },
  (table) => [uniqueIndex('ticket_history_version').on(table.ticketId, table.version)],
);

/** Which calls a ticket is about: one call may have two matters, one matter two calls. */
export const ticketCallTable = pgTable(
  'ticket_call',
  {
    ticketId: text('ticket_id')
      .notNull()
      .references(() => ticketTable.id),
    callId: text('call_id').notNull(),
    linkedAt: at('linked_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ticketId, table.callId] }),
    index('ticket_call_call').on(table.callId, table.ticketId),
  ],
);

/** The last number given on each day. */
export const ticketDayCounterTable = pgTable('ticket_day_counter', {
  /** `YYYYMMDD` in Asia/Shanghai. */
  day: text('day').primaryKey(),
  last: integer('last').notNull(),
});
