import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import pino from 'pino';
import t from 'tap';
import { JournalApplier, type Projections } from '../../../src/platform/journal/applier.js';
import { openJournal } from '../../../src/platform/journal/journal.js';
import type { JournalFile } from '../../../src/platform/journal/journal-file.js';
import { openDatabase } from '../../../src/platform/postgres/client.js';
import { logError } from '../../../src/platform/postgres/log-error.js';
import { openTestDatabase } from '../../support/database.js';
import { createOutage } from '../../support/outage.js';

const silent = pino({ level: 'silent' });
const entry = (type: string, data: unknown = {}) => ({ at: 1_700_000_000_000, type, data });
const open = (dir: string) => openJournal({ dir, checkpoint: () => null, log: silent });

async function setUp(t: Tap, projections: Projections[], options: { log?: pino.Logger } = {}) {
  const { db, url } = await openTestDatabase(t);
  await db.execute(sql`CREATE TABLE probe (id bigint, n bigint NOT NULL)`);
  const journal = await open(t.testdir());
  const applier = new JournalApplier({ db, journal, projections, log: silent, ...options });
  t.teardown(() => applier.stop());
  t.teardown(() => journal.close());
  const rows = async () =>
    (await db.execute<{ id: string }>(sql`SELECT id FROM probe ORDER BY id`)).rows.map(({ id }) => +id);
  return { db, url, journal, applier, rows };
}
type Tap = Pick<typeof t, 'teardown' | 'testdir'>;

const insert: Projections = {
  'probe.added': async (tx, { id, data }) =>
    void (await tx.execute(sql`INSERT INTO probe VALUES (${id}, ${(data as { n: number | null }).n})`)),
};
const added = (n: number | null) => entry('probe.added', { n });

t.test('entries are applied in order, several rooms in one transaction', async (t) => {
  const seen: number[] = [];
  const listener: Projections = { 'probe.added': async (_tx, { id }) => void seen.push(id) };
  const { journal, applier, rows } = await setUp(t, [insert, listener]);
  journal.append([added(1), entry('other.thing'), added(3)]);
  applier.start();
  await applier.applied(3);
  t.same(await rows(), [1, 3]);
  for (let n = 4; n <= 700; n++) journal.append([added(n)]);
  await applier.applied(700);
  t.equal((await rows()).length, 699);
  t.same(seen, await rows());
  t.match(applier.health(), { state: 'applying', appliedId: 700, behind: 0, problem: null });
});

t.test('a poison entry is put aside with an error log that holds none of its data; the rest goes on', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'error', serializers: { err: logError } },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const bug: Projections = {
    'probe.bug': async () => {
      throw new TypeError('a bug');
    },
  };
  const { journal, applier, rows, db } = await setUp(t, [insert, bug], { log });
  journal.append([added(1), entry('probe.added', { n: '13800000001x' }), entry('probe.bug'), added(4)]);
  applier.start();
  await applier.applied(4);
  t.same(await rows(), [1, 4]);
  const { rows: rejected } = await db.execute(
    sql`SELECT entry_id, type, data, error FROM journal_rejected ORDER BY entry_id`,
  );
  t.same(rejected, [
    { entry_id: '2', type: 'probe.added', data: { n: '13800000001x' }, error: '22P02' },
    { entry_id: '3', type: 'probe.bug', data: {}, error: 'TypeError' },
  ]);
  t.match(lines, [
    { entryId: 2, type: 'probe.added', err: { database: { code: '22P02' } } },
    { entryId: 3, err: { type: 'TypeError', message: 'a bug' } },
  ]);
  t.notMatch(JSON.stringify(lines), /13800000001/);
});

t.test('PostgreSQL away: tried for ever, caught up from the files, each entry once', async (t) => {
  const direct = await openTestDatabase(t);
  const outage = await createOutage(t, direct.url);
  const { db, close } = openDatabase({ url: outage.url, log: silent, max: 2 });
  t.teardown(close);
  await db.execute(sql`CREATE TABLE probe (id bigint, n bigint NOT NULL)`);
  const dir = t.testdir();
  const journal = await openJournal({ dir, checkpoint: () => null, log: silent, segmentBytes: 2_000 });
  t.teardown(() => journal.close());
  let prepared = 0;
  const prepare = async () => {
    await direct.ping();
    prepared += 1;
  };
  const retryMs = { first: 5, longest: 20 };
  const applier = new JournalApplier({ db, journal, projections: [insert], log: silent, prepare, retryMs });
  t.teardown(() => applier.stop());
  applier.start();
  journal.append([added(1)]);
  await applier.applied(1);
  await outage.begin();
  for (let n = 2; n <= 100; n++) journal.append([added(n)]);
  while (applier.health().state !== 'waiting') await new Promise((next) => setImmediate(next));
  t.match(applier.health(), { state: 'waiting', appliedId: 1, behind: 99 });
  await journal.synced();
  await outage.end();
  await applier.applied(100);
  t.ok(prepared > 1, 'the schema is looked at again');
  const { rows } = await db.execute<{ id: string }>(sql`SELECT id FROM probe ORDER BY id`);
  t.same(
    rows.map(({ id }) => +id),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  t.match(applier.health(), { state: 'applying', waitingSince: null });
});

t.test('a journal folder that was lost', async (t) => {
  const { db, journal, applier, rows } = await setUp(t, [insert]);
  applier.start();
  for (let n = 1; n <= 5; n++) journal.append([added(n)]);
  await applier.applied(5);
  await applier.stop();
  await t.test('it goes on behind the database', async (t) => {
    const fresh = await open(t.testdir());
    t.teardown(() => fresh.close());
    const other = new JournalApplier({ db, journal: fresh, projections: [insert], log: silent });
    t.teardown(() => other.stop());
    other.start();
    await other.applied(5);
    t.equal(fresh.append([added(6)])[0]?.id, 6);
    await other.applied(6);
    t.same(await rows(), [1, 2, 3, 4, 5, 6]);
  });
  await t.test('when something was appended already, it refuses and says what to do', async (t) => {
    const fresh = await open(t.testdir());
    t.teardown(() => fresh.close());
    fresh.append([added(1)]);
    const other = new JournalApplier({ db, journal: fresh, projections: [insert], log: silent });
    other.start();
    while (other.health().state !== 'refused') await new Promise((next) => setImmediate(next));
    await other.stop();
    t.match(other.health(), { state: 'refused', problem: /Restart the server while PostgreSQL is reachable/ });
  });
});

const writer = fileURLToPath(new URL('./writer-process.ts', import.meta.url));

/** Runs the writer until it has printed `lines` ids, kills it with -9, returns the last id that it printed. */
async function runAndKill(dir: string, url: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, dir, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = -1;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready')) continue;
    last = Math.max(last, Number(line));
    count += 1;
    if (count === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.signalCode !== 'SIGKILL') throw new Error(`writer ended by itself with code ${child.exitCode}`);
  return last;
}

t.test(
  'killed with -9 at random moments: ids contiguous, nothing acknowledged lost, applied exactly once',
  async (t) => {
    const { db, url } = await openTestDatabase(t);
    await db.execute(sql`CREATE TABLE probe (id bigint, n bigint NOT NULL)`);
    const dir = t.testdir();
    let journal: JournalFile;
    for (let round = 0; round < 6; round++) {
      const acknowledged = await runAndKill(dir, url, 20 + Math.floor(Math.random() * 500));
      journal = await open(dir);
      t.ok(journal.lastId >= acknowledged, `${journal.lastId} in the file, ${acknowledged} acknowledged`);
      if (round < 5) await journal.close();
      else {
        const {
          rows: [before],
        } = await db.execute<{ applied: string }>(sql`SELECT applied FROM journal_position`);
        t.ok(Number(before?.applied) > 100, `${before?.applied} were applied by the killed processes`);
        const applier = new JournalApplier({ db, journal, projections: [insert], log: silent });
        applier.start();
        await applier.applied(journal.lastId);
        const {
          rows: [row],
        } = await db.execute<{ count: string; distinct: string; min: string; max: string }>(
          sql`SELECT count(*), count(DISTINCT id) AS distinct, min(id), max(id) FROM probe WHERE n = id`,
        );
        const all = String(journal.lastId);
        t.same(row, { count: all, distinct: all, min: '1', max: all });
        await applier.stop();
        await journal.close();
      }
    }
  },
);
