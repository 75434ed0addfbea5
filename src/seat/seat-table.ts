import { bigint, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Seats by number. Their phone accounts follow from the number. */
export const seatTable = pgTable('seat', { seat: text('seat').primaryKey() });

/** What an agent can do: skill → level 1–9. */
export const agentSkillTable = pgTable('agent_skill', {
  agentId: text('agent_id').primaryKey(),
  skills: jsonb('skills').$type<Record<string, number>>().notNull(),
});

/** Every change of a seat's state (V12): attendance and occupancy come from it. */
export const seatChangeTable = pgTable(
  'seat_change',
  {
    entryId: bigint('entry_id', { mode: 'number' }).primaryKey(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    seat: text('seat').notNull(),
    agentId: text('agent_id').notNull(),
    fromState: text('from_state'),
    toState: text('to_state'),
    reason: text('reason').notNull(),
    callId: text('call_id'),
  },
  (table) => [
    index('seat_change_agent').on(table.agentId, table.at),
    index('seat_change_seat').on(table.seat, table.at),
  ],
);
