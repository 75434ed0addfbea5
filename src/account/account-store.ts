import { and, eq, gt, lte, sql } from 'drizzle-orm';
import type { Db } from '../platform/postgres/client.js';
import { type Role, roles, type Viewer } from './account.js';
import { accountTable, signInTable } from './account-table.js';

export type AccountRow = typeof accountTable.$inferSelect;

/** A sign-in that holds, as it is kept in memory and on disk: no token, only its hash. */
export interface SignIn {
  readonly tokenHash: string;
  readonly expiresAt: number;
  readonly viewer: Viewer;
}

export async function findAccount(db: Db, name: string): Promise<AccountRow | undefined> {
  const [row] = await db.select().from(accountTable).where(eq(accountTable.name, name));
  return row;
}

/** False when the name is taken. */
export async function insertAccount(db: Db, row: typeof accountTable.$inferInsert): Promise<boolean> {
  const inserted = await db.insert(accountTable).values(row).onConflictDoNothing().returning({ id: accountTable.id });
  return inserted.length > 0;
}

export async function setPasswordHash(db: Db, accountId: string, passwordHash: string): Promise<void> {
  await db.update(accountTable).set({ passwordHash }).where(eq(accountTable.id, accountId));
}

/** Counts a failure; from `limit` on the account is locked until `lockedUntil`. */
export async function countFailure(db: Db, accountId: string, limit: number, lockedUntil: Date): Promise<void> {
  await db
    .update(accountTable)
    .set({
      failedSignIns: sql`${accountTable.failedSignIns} + 1`,
      lockedUntil: sql`CASE WHEN ${accountTable.failedSignIns} + 1 >= ${limit} THEN ${lockedUntil.toISOString()}::timestamptz END`,
    })
    .where(eq(accountTable.id, accountId));
}

export async function insertSignIn(db: Db, signIn: SignIn, createdAt: Date): Promise<void> {
  const { accountId } = signIn.viewer;
  await db.transaction(async (tx) => {
    await tx.update(accountTable).set({ failedSignIns: 0, lockedUntil: null }).where(eq(accountTable.id, accountId));
    await tx.delete(signInTable).where(lte(signInTable.expiresAt, createdAt));
    const expiresAt = new Date(signIn.expiresAt);
    await tx.insert(signInTable).values({ tokenHash: signIn.tokenHash, accountId, createdAt, expiresAt });
  });
}

export async function deleteSignIn(db: Db, tokenHash: string): Promise<void> {
  await db.delete(signInTable).where(eq(signInTable.tokenHash, tokenHash));
}

/** The sign-in of this token hash if it holds at `now`. */
export async function findSignIn(db: Db, tokenHash: string, now: Date): Promise<SignIn | undefined> {
  const [row] = await db
    .select()
    .from(signInTable)
    .innerJoin(accountTable, eq(accountTable.id, signInTable.accountId))
    .where(and(eq(signInTable.tokenHash, tokenHash), gt(signInTable.expiresAt, now)));
  return row && { tokenHash, expiresAt: row.sign_in.expiresAt.getTime(), viewer: viewerOf(row.account) };
}

export function viewerOf({ id, name, roles: held, unitId }: AccountRow): Viewer {
  return { accountId: id, name, roles: held.filter(isRole), unitId };
}

function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}
