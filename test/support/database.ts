import pino from 'pino';
import type t from 'tap';
import { type Database, openDatabase } from '../../src/platform/postgres/client.js';
import { applyMigrations, readMigrations } from '../../src/platform/postgres/migrations.js';
import { createTestDatabase } from './postgres.js';

const silent = pino({ level: 'silent' });

/** A database with the present schema, for one test; closed and dropped at its end. */
export async function openTestDatabase(test: Pick<typeof t, 'teardown'>): Promise<Database & { url: string }> {
  const name = readMigrations()
    .map(({ hash }) => hash)
    .join();
  const prepare = async (url: string) => void (await applyMigrations(url, silent));
  const url = await createTestDatabase(test, { name, prepare });
  const database = openDatabase({ url, log: silent, max: 5 });
  test.teardown(() => database.close());
  return { ...database, url };
}
