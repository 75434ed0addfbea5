import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import pino from 'pino';
import t from 'tap';
import { uuidPattern, uuidv7 } from '../../../src/platform/ids.js';
import { openDatabase } from '../../../src/platform/postgres/client.js';
import { logError } from '../../../src/platform/postgres/log-error.js';
import { applyMigrations, missingMigrations, readMigrations } from '../../../src/platform/postgres/migrations.js';
import { isConnectionError, isUniqueViolation } from '../../../src/platform/postgres/pg-error.js';
import { openTestDatabase } from '../../support/database.js';
import { createOutage } from '../../support/outage.js';
import { createTestDatabase } from '../../support/postgres.js';

const silent = pino({ level: 'silent' });

t.test(
  'outages: statements and transactions fail at once, nothing leaks or crashes, all is well afterwards',
  async (t) => {
    const direct = await openTestDatabase(t);
    await direct.db.execute(sql`CREATE TABLE probe (n integer)`);
    const outage = await createOutage(t, direct.url);
    const { db, ping, close } = openDatabase({ url: outage.url, log: silent, max: 2 });
    t.teardown(close);
    const failing = async (what: string, work: () => Promise<unknown>) => {
      const error = await work().then(
        () => null,
        (error: unknown) => error,
      );
      t.ok(error !== null && isConnectionError(error), what);
    };
    // More rounds than the pool has connections: a leak would show as a hang.
    for (let round = 1; round <= 4; round++) {
      await failing('cut between two statements of a transaction', () =>
        db.transaction(async (tx) => {
          await tx.execute(sql`INSERT INTO probe VALUES (${round})`);
          await outage.begin();
          await tx.execute(sql`INSERT INTO probe VALUES (${round})`);
        }),
      );
      await failing('a statement meanwhile', () => db.execute(sql`SELECT 1`));
      await failing('a transaction meanwhile', () => db.transaction((tx) => tx.execute(sql`SELECT 1`)));
      await outage.end();
      await failing('cut inside a statement', () =>
        db.transaction(async (tx) => {
          // Drizzle's queries begin when they are waited for.
          const sleeping = Promise.resolve(tx.execute(sql`INSERT INTO probe SELECT ${round} FROM pg_sleep(5)`));
          while ((await asleep()) === 0) await new Promise((next) => setImmediate(next));
          await Promise.all([sleeping, outage.begin()]);
        }),
      );
      await outage.end();
      await Promise.all([ping(), ping(), ping(), db.transaction((tx) => tx.execute(sql`SELECT 1`))]);
    }
    const { rows } = await direct.db.execute(sql`SELECT n FROM probe`);
    t.same(rows, [], 'nothing of a broken transaction stays');

    async function asleep(): Promise<number> {
      const { rows } = await direct.db.execute(sql`
      SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`);
      return rows.length;
    }
  },
);

t.test('a server that ends idle connections does not end this process', async (t) => {
  const { db, url } = await openTestDatabase(t);
  const other = openDatabase({ url, log: silent, max: 1 });
  t.teardown(other.close);
  await other.ping();
  await db.execute(sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  await new Promise((next) => setImmediate(next));
  await other.ping().catch(() => other.ping());
});

t.test('errors are told apart, and logs carry no values', async (t) => {
  const { db } = await openTestDatabase(t);
  await db.execute(sql`CREATE TABLE probe (number text CONSTRAINT probe_number UNIQUE)`);
  const add = () => db.execute(sql`INSERT INTO probe VALUES (${'13800000001'})`);
  await add();
  const error = await add().then(
    () => null,
    (error: unknown) => error,
  );
  t.ok(isUniqueViolation(error, 'probe_number'));
  t.notOk(isUniqueViolation(error, 'other'));
  t.notOk(isConnectionError(error));
  t.notOk(isConnectionError(new TypeError('a bug')));
  t.match(String((error as Error).message), '13800000001', 'drizzle puts values into its message');
  t.match(logError(error), { database: { code: '23505', constraint: 'probe_number' }, stack: /at / });
  t.notMatch(JSON.stringify(logError(error)), /13800000001/);
  t.match(logError(new Error('outer', { cause: new TypeError('inner') })), {
    message: 'outer',
    cause: { type: 'TypeError', message: 'inner' },
  });
  t.same(logError('13800000001'), { type: 'string' });
});

t.test('migrations', async (t) => {
  const url = await createTestDatabase(t);
  const known = readMigrations();
  const all = known.map(({ name }) => name);
  const runs = await Promise.all([applyMigrations(url, silent), applyMigrations(url, silent)]);
  t.same(runs.flat(), all, 'two servers starting at once apply each once');
  t.same(await applyMigrations(url, silent), [], 'and never again');
  const broken = [...known, { name: '9999_broken', sql: 'CREATE TABLE half (n int); SELECT nothing;', hash: 'x' }];
  await t.rejects(applyMigrations(url, silent, broken), { code: '42703' });
  const { db, close } = openDatabase({ url, log: silent });
  t.teardown(close);
  const { rows } = await db.execute(sql`SELECT to_regclass('half') AS half`);
  t.same(rows, [{ half: null }], 'a migration that fails leaves nothing behind');
  await t.rejects(applyMigrations(url, silent, known.slice(1)), { name: 'SchemaError', message: /newer version/ });
  const changed = known.map((migration, i) => (i === 0 ? { ...migration, hash: 'other' } : migration));
  await t.rejects(applyMigrations(url, silent, changed), { message: /0000_start was changed/ });
  t.throws(
    () =>
      missingMigrations(
        [{ name: '0002_b', hash: 'b' }],
        [
          { name: '0001_a', sql: '', hash: 'a' },
          { name: '0002_b', sql: '', hash: 'b' },
        ],
      ),
    { message: /0001_a is older than 0002_b/ },
  );
});

t.test('uuidv7: the form, sorted by time, all randomness used', async (t) => {
  const bytes = fc.uint8Array({ minLength: 10, maxLength: 16 });
  const time = fc.integer({ min: 0, max: 2 ** 47 });
  fc.assert(
    fc.property(time, time, bytes, bytes, (a, b, x, y) => {
      const [first, second] = [uuidv7(a, x), uuidv7(b, y)];
      const sorted = a === b || a < b === first < second;
      return (
        new RegExp(uuidPattern).test(first) && sorted && Number.parseInt(first.replace('-', '').slice(0, 12), 16) === a
      );
    }),
  );
  t.not(uuidv7(1, new Uint8Array(10)), uuidv7(1, new Uint8Array(10).fill(255)));
  t.throws(() => uuidv7(1, new Uint8Array(9)), RangeError);
});
