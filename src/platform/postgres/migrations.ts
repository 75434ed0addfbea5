import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Logger } from 'pino';

export interface Migration {
  /** File name without its ending: `0001_tickets`. */
  name: string;
  sql: string;
  /** SHA-256 of the file. */
  hash: string;
}

/** The database and this program do not fit together; the message says what to do. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

const defaultFolder = fileURLToPath(new URL('../../../migrations', import.meta.url));
/** Any constant will do, as long as every version of this program uses the same. */
const lockKey = 12345;

/** Numbered SQL files in order. */
export function readMigrations(folder = defaultFolder): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_.+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8');
      return { name: file.slice(0, -'.sql'.length), sql, hash: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings the schema up to date: all missing migrations in one transaction, under a lock that several starting servers
 * queue for. Returns the names of those applied.
 * @throws SchemaError when the database has a migration that this program does not know (it is newer), or knows otherwise
 */
export async function applyMigrations(
  url: string,
  log: Logger,
  migrations: readonly Migration[] = readMigrations(),
): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'hotline12345',
  });
  client.on('error', (error) => log.warn({ err: error }, 'connection lost while the schema was brought up to date'));
  await client.connect();
  try {
    // Ending the connection without COMMIT rolls everything back.
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migration (
      name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<{ name: string; hash: string }>(
      'SELECT name, hash FROM schema_migration ORDER BY name COLLATE "C"',
    );
    const missing = missingMigrations(rows, migrations);
    for (const { name, sql, hash } of missing) {
      await client.query(sql);
      await client.query('INSERT INTO schema_migration (name, hash) VALUES ($1, $2)', [name, hash]);
    }
    await client.query('COMMIT');
    if (missing.length > 0)
      log.info({ migrations: missing.map(({ name }) => name) }, 'database schema brought up to date');
    return missing.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Those still to apply. @throws SchemaError as `applyMigrations` */
export function missingMigrations(
  applied: readonly { name: string; hash: string }[],
  known: readonly Migration[],
): Migration[] {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  for (const { name, hash } of applied) {
    const migration = byName.get(name);
    if (!migration)
      throw new SchemaError(
        `the database was set up by a newer version of this program (it has migration ${name}): start that version, or restore a backup from before it`,
      );
    if (migration.hash !== hash)
      throw new SchemaError(
        `migration ${name} was changed after it had been applied to this database: restore the file as it was and add a new migration instead`,
      );
  }
  const done = new Set(applied.map(({ name }) => name));
  const missing = known.filter(({ name }) => !done.has(name));
  const last = applied.at(-1)?.name ?? '';
  const late = missing.find(({ name }) => name < last);
  if (late)
    throw new SchemaError(`migration ${late.name} is older than ${last}, which the database has already: renumber it`);
  return missing;
}
