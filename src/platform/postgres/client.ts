import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import type { Logger } from 'pino';
import { isConnectionError, pgErrorOf } from './pg-error.js';

/** Where stores read and write; a `Tx` is one too. */
export type Db = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;
/** An open transaction, passed to every store that takes part in it. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Database {
  readonly db: Db;
  /** Rejects with the connection's error when the server does not answer. */
  ping(): Promise<void>;
  /** Waits for statements under way. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  log: Logger;
  /** Connections at most. */
  max?: number;
}

/**
 * A pool that connects when first used and again after every loss: without a server each statement fails within 5 s, none
 * waits for its return. Look at errors with `isConnectionError` before calling them the statement's fault.
 */
export function openDatabase({ url, log, max = 10 }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'hotline12345',
    statement_timeout: 30_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  const onLost = (error: Error) => log.warn({ code: pgErrorOf(error)?.code }, 'a connection to postgresql was lost');
  // Without listeners of their own, a loss outside a statement would end the process.
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  let closed: Promise<void> | undefined;
  return {
    db: Object.assign(drizzle(pool), { transaction: transactionsOf(pool) }),
    ping: async () => {
      await pool.query('SELECT 1');
    },
    close: () => {
      closed ??= pool.end();
      return closed;
    },
  };
}

/** Drizzle's own does not give a connection back whose BEGIN failed: ten such, and the pool would be empty for good. */
function transactionsOf(pool: pg.Pool): Db['transaction'] {
  return async (work, config) => {
    const client = await pool.connect();
    let broken = false;
    try {
      return await drizzle(client).transaction(work, config);
    } catch (error) {
      broken = isConnectionError(error);
      throw error;
    } finally {
      client.release(broken);
    }
  };
}
