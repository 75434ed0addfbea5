/** Appends and applies as fast as it can until it is killed; prints the id of each append that returned. */
import { sql } from 'drizzle-orm';
import pino from 'pino';
import { JournalApplier } from '../../../src/platform/journal/applier.js';
import { openJournal } from '../../../src/platform/journal/journal.js';
import { openDatabase } from '../../../src/platform/postgres/client.js';

const [dir = '', url = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
let count = 0;
const journal = await openJournal({ dir, log, checkpoint: () => ({ count }), segmentBytes: 60_000 });
const { checkpoint, entries } = journal.replay;
count = ((checkpoint as { count?: number } | null)?.count ?? 0) + entries.length;
if (count !== journal.lastId) throw new Error(`state folded back to ${count}, the journal is at ${journal.lastId}`);
const { db } = openDatabase({ url, log, max: 2 });
const applier = new JournalApplier({
  db,
  journal,
  log,
  projections: [
    {
      'probe.added': async (tx, entry) =>
        void (await tx.execute(
          sql`INSERT INTO probe (id, n) VALUES (${entry.id}, ${(entry.data as { n: number }).n})`,
        )),
    },
  ],
});
applier.start();
process.stdout.write(`ready ${journal.lastId}\n`);
for (let turn = 0; ; turn++) {
  const size = 1 + (turn % 4);
  const batch = Array.from({ length: size }, (_, i) => ({
    at: turn,
    type: 'probe.added',
    data: { n: count + i + 1, 字: '测'.repeat(20) },
  }));
  count += size;
  const written = journal.append(batch);
  process.stdout.write(`${written.at(-1)?.id}\n`);
  await new Promise((next) => setImmediate(next));
  // Killed while applying as often as while writing.
  if (turn % 40 === 0) await applier.applied(journal.lastId - 50);
}
