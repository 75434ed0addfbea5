import type { PgDatabase } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { Logger } from 'pino';
import postgres from 'postgres';

/** Where stores read and write; a `Tx` is one too. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>;
/** An open transaction, passed to every store that takes part in it. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Database {
  readonly db: Db;
  /** Rejects with the connection's error when the server does not answer. */
  ping(): Promise<void>;
  /** Waits for statements under way, 5 s at most. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  log: Logger;
  /** Connections at most. */
  max?: number;
}

/**
 * A pool that connects when first used and again after every loss: without a server each statement fails at once, none
 * waits for its return. Look at errors with `isConnectionError` before calling them the statement's fault.
 */
export function openDatabase({ url, log, max = 10 }: DatabaseOptions): Database {
  const sql = postgres(url, {
    max,
    connect_timeout: 5,
    // A wait between tries would hold requests back; who retries, waits (`waitFor…`, the applier).
    backoff: false,
    idle_timeout: 60,
    connection: { application_name: 'hotline12345', TimeZone: 'UTC', statement_timeout: 30_000, lock_timeout: 10_000 },
    onnotice: ({ code, severity_local }) => log.debug({ code, severity: severity_local }, 'notice from postgresql'),
  });
  return {
    db: drizzle(sql),
    ping: async () => {
      await sql`SELECT 1`;
    },
    close: () => sql.end({ timeout: 5 }),
  };
}
