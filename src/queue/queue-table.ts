import { bigint, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Queues and their settings. */
export const queueTable = pgTable('queue', {
  name: text('name').primaryKey(),
  labelZh: text('label_zh').notNull(),
  labelEn: text('label_en').notNull(),
  language: text('language').notNull(),
  skill: text('skill'),
  skillLevel: integer('skill_level'),
  offerTimeoutMs: integer('offer_timeout_ms').notNull(),
  wrapUpMs: integer('wrap_up_ms').notNull(),
  announceEveryMs: integer('announce_every_ms').notNull(),
});

/** The routing ledger: why which seat (V19); enough to replay the choice. */
export const routingLedgerTable = pgTable(
  'routing_ledger',
  {
    entryId: bigint('entry_id', { mode: 'number' }).primaryKey(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    callId: text('call_id').notNull(),
    offer: integer('offer').notNull(),
    queue: text('queue').notNull(),
    seat: text('seat').notNull(),
    reason: text('reason').notNull(),
    /** The best candidates with their scores, best first. */
    candidates: jsonb('candidates').notNull(),
    candidateCount: integer('candidate_count').notNull(),
    waitingCount: integer('waiting_count').notNull(),
    inputVersion: bigint('input_version', { mode: 'number' }).notNull(),
  },
  (table) => [index('routing_ledger_call').on(table.callId, table.offer)],
);
