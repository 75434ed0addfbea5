import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** People who sign in. */
export const accountTable = pgTable('account', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  /** argon2id, with its parameters in the text. */
  passwordHash: text('password_hash').notNull(),
  roles: text('roles').array().notNull(),
  unitId: text('unit_id'),
  createdAt: at('created_at').notNull(),
  /** Failed sign-ins since the last good one. */
  failedSignIns: integer('failed_sign_ins').notNull().default(0),
  /** No sign-in before this time. */
  lockedUntil: at('locked_until'),
});

/** Who is signed in. The token itself is known to its holder only. */
export const signInTable = pgTable(
  'sign_in',
  {
    /** SHA-256 of the token, hex. */
    tokenHash: text('token_hash').primaryKey(),
    accountId: text('account_id').notNull(),
    createdAt: at('created_at').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [index('sign_in_account').on(table.accountId)],
);
