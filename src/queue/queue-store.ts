import { asc } from 'drizzle-orm';
import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { Db, Tx } from '../platform/postgres/client.js';
import type { Match } from './matcher.js';
import type { QueueSettings } from './queue.js';
import { queueTable, routingLedgerTable } from './queue-table.js';

export async function listQueues(db: Db): Promise<QueueSettings[]> {
  const rows = await db.select().from(queueTable).orderBy(asc(queueTable.name));
  return rows.map((row) => ({
    name: row.name,
    labels: { zh: row.labelZh, en: row.labelEn },
    language: row.language === 'en' ? 'en' : 'zh',
    skill: row.skill === null ? null : { name: row.skill, level: row.skillLevel ?? 1 },
    offerTimeoutMs: row.offerTimeoutMs,
    wrapUpMs: row.wrapUpMs,
    announceEveryMs: row.announceEveryMs,
  }));
}

/** Adds queues that are not there yet; existing settings are left as they are. */
export async function addQueues(db: Db, queues: readonly QueueSettings[]): Promise<void> {
  if (queues.length === 0) return;
  const rows = queues.map(({ labels, skill, ...queue }) => ({
    ...queue,
    labelZh: labels.zh,
    labelEn: labels.en,
    skill: skill?.name ?? null,
    skillLevel: skill?.level ?? null,
  }));
  await db.insert(queueTable).values(rows).onConflictDoNothing();
}

/** The routing ledger's row. */
export const queueProjections = {
  'queue.routed': async (tx: Tx, entry: JournalEntry<'queue.routed', Match & { offer: number }>) => {
    await tx.insert(routingLedgerTable).values({ ...entry.data, entryId: entry.id, at: new Date(entry.at) });
  },
};
