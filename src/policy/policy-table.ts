import { jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Policies by name and the time from which they hold. Rows are added, never changed. */
export const policyTable = pgTable(
  'policy',
  {
    name: text('name').notNull(),
    holdsFrom: timestamp('holds_from', { withTimezone: true, precision: 3 }).notNull(),
    value: jsonb('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.holdsFrom] })],
);
