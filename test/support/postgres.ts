import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type t from 'tap';
import { type PostgresServer, startPostgres } from '../../src/platform/postgres/server.js';
import { freePort } from './ports.js';

type Test = Pick<typeof t, 'teardown'>;

export interface DatabaseTemplate {
  /** Fills an empty database, e.g. applies all migrations. Runs once per server, also with several test files at once. */
  prepare(url: string): Promise<void>;
  /** Names the result; change it when `prepare` does something else. */
  name: string;
}

/**
 * A database of its own for one test, dropped at its end; returns its URL. With a template it is a copy of the prepared
 * one (about 30 ms). Uses the server that `npm test` started (TEST_DATABASE_URL), else starts one for this file.
 */
export async function createTestDatabase(test: Test, template?: DatabaseTemplate): Promise<string> {
  const server = process.env.TEST_DATABASE_URL ?? (await ownServer());
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = template ? await preparedTemplate(admin, server, template) : 'template0';
  await admin`CREATE DATABASE ${admin(name)} TEMPLATE ${admin(source)} STRATEGY wal_log`;
  test.teardown(async () => {
    await admin`DROP DATABASE ${admin(name)} WITH (FORCE)`;
    await admin.end();
  });
  return urlOf(server, name);
}

async function preparedTemplate(admin: postgres.Sql, server: string, template: DatabaseTemplate): Promise<string> {
  const name = `template_${createHash('sha256').update(template.name).digest('hex').slice(0, 12)}`;
  const connection = await admin.reserve();
  // Held by this connection until unlocked: another file that wants the same template waits here.
  const key = Number.parseInt(name.slice(-8), 16);
  await connection`SELECT pg_advisory_lock(${key})`;
  try {
    const [found] = await connection`SELECT 1 FROM pg_database WHERE datname = ${name}`;
    if (found) return name;
    const draft = `${name}_draft`;
    await connection`DROP DATABASE IF EXISTS ${connection(draft)} WITH (FORCE)`;
    await connection`CREATE DATABASE ${connection(draft)} TEMPLATE template0`;
    await template.prepare(urlOf(server, draft));
    await connection`ALTER DATABASE ${connection(draft)} RENAME TO ${connection(name)}`;
    return name;
  } finally {
    await connection`SELECT pg_advisory_unlock(${key})`;
    connection.release();
  }
}

let started: Promise<PostgresServer> | undefined;

/** One for all tests of this process. Ends with the process (the kernel sees to it); its folder goes then. */
async function ownServer(): Promise<string> {
  started ??= startTestServer();
  return (await started).url;
}

/** A PostgreSQL that syncs nothing, on a free port, its data in a temporary folder that goes when this process ends. */
export async function startTestServer(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-test-pg-'));
  chmodSync(folder, 0o711);
  const server = await startPostgres({
    dataDir: join(folder, 'data'),
    port: await freePort(),
    password: randomBytes(12).toString('hex'),
    installation: randomBytes(12).toString('hex'),
    fast: true,
  });
  process.once('exit', () => {
    server.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return server;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
