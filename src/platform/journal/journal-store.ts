import { and, eq } from 'drizzle-orm';
import type { Db, Tx } from '../postgres/client.js';
import type { JournalEntry } from './journal-entry.js';
import { journalPositionTable, journalRejectedTable } from './journal-table.js';

/** Id of the last applied entry; 0 before the first. */
export async function readPosition(db: Db): Promise<number> {
  await db.insert(journalPositionTable).values({ one: 1, applied: 0 }).onConflictDoNothing();
  const [row] = await db.select().from(journalPositionTable);
  return row?.applied ?? 0;
}

/** False when another process moved the position meanwhile. The row stays locked until the transaction ends. */
export async function movePosition(tx: Tx, from: number, to: number): Promise<boolean> {
  const moved = await tx
    .update(journalPositionTable)
    .set({ applied: to })
    .where(and(eq(journalPositionTable.one, 1), eq(journalPositionTable.applied, from)))
    .returning();
  return moved.length === 1;
}

export async function putAside(tx: Tx, { id, at, type, data }: JournalEntry, error: string): Promise<void> {
  await tx.insert(journalRejectedTable).values({ entryId: id, at: new Date(at), type, data, error });
}
