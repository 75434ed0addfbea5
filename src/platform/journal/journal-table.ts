import { bigint, jsonb, pgTable, smallint, text, timestamp } from 'drizzle-orm/pg-core';

/** How far the journal is applied: one row, moved in the same transaction as what it counts. */
export const journalPositionTable = pgTable('journal_position', {
  /** Always 1. */
  one: smallint('one').primaryKey(),
  applied: bigint('applied', { mode: 'number' }).notNull(),
});

/** Entries that no projection could take, kept for repair. */
export const journalRejectedTable = pgTable('journal_rejected', {
  entryId: bigint('entry_id', { mode: 'number' }).primaryKey(),
  at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
  type: text('type').notNull(),
  data: jsonb('data'),
  /** The error's name or SQLSTATE; its words may repeat personal data. */
  error: text('error').notNull(),
});
