import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from '../provision/guarded.js';
import type { Command } from '../provision/programs.js';
import { SetupError } from '../provision/setup-error.js';
import { postgresBinaries, postgresData, type RunAs, runAs } from './binaries.js';

export interface PostgresOptions {
  dataDir: string;
  /** On 127.0.0.1. */
  port: number;
  /** Of the role `hotline`; letters, digits, `_` and `-` only. Changing it changes the role's password at the next start. */
  password: string;
  /** Tells one installation's data from another's at the same path; `secrets.installation`. */
  installation: string;
  /** For tests: nothing is synced to the disk, a power loss destroys the data. */
  fast?: boolean;
}

export interface PreparedPostgres extends Command {
  /** Account to spawn it under. */
  as: RunAs;
  /** Where the data really is. */
  dataDir: string;
  url: string;
}

export interface PostgresServer {
  url: string;
  child: ChildProcess;
  /** Fast shutdown: open transactions are rolled back. Resolves when the process has ended. */
  stop(): Promise<void>;
}

const role = 'hotline';
const minimalEnv = {
  PATH: '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  // By this mark `npm test` finds processes that a test left behind.
  ...(process.env.HOTLINE_TEST_RUN && { HOTLINE_TEST_RUN: process.env.HOTLINE_TEST_RUN }),
};

/**
 * Makes the database cluster when there is none and says how to spawn the server; TCP on loopback only, scram. An
 * orphaned server on the same data is stopped. LC_CTYPE is C.UTF-8: with plain C, pg_trgm indexes no Chinese.
 * @throws SetupError for data of another major version
 */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const as = runAs();
  const bin = join(postgresBinaries(as), 'bin');
  const dataDir = postgresData(resolve(options.dataDir), options.installation, as);
  await stopOrphan(dataDir);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(bin, dataDir, options, as);
  refuseOtherVersion(bin, dataDir, as);
  takeOverPassword(bin, dataDir, options.password, as);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    timezone: 'UTC',
    max_connections: '100',
    jit: 'off',
    // Statements and DETAIL lines would carry citizens' numbers into the log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(options.fast
      ? {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          shared_buffers: '32MB',
          wal_level: 'minimal',
          max_wal_senders: '0',
        }
      : {}),
  };
  const args = ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  return {
    ...guarded({ file: join(bin, 'postgres'), args, env: minimalEnv }, 'INT'),
    as,
    dataDir,
    url: `postgres://${role}:${options.password}@127.0.0.1:${options.port}/hotline`,
  };
}

/**
 * Prepares, starts and waits until connections are taken. The server dies with this process and does not keep it alive.
 * @throws Error with the server's last words when it does not come up, e.g. for a taken port
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const prepared = await preparePostgres(options);
  const child = spawn(prepared.file, prepared.args, {
    ...prepared.as,
    env: prepared.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  await new Promise<void>((ready, failed) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-2000);
      if (chunk.includes('ready to accept connections')) ready();
    });
    child.once('error', failed);
    child.once('close', (code) => failed(new Error(`postgres ended with code ${code} while starting: ${said}`)));
  });
  child.unref();
  (child.stderr as Socket).unref();
  return {
    url: prepared.url,
    child,
    stop: async () => {
      child.ref();
      child.kill('SIGINT');
      await ended;
    },
  };
}

function initialise(bin: string, dataDir: string, options: PostgresOptions, as: RunAs): void {
  const passwordFile = `${dataDir}.pw`;
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (as.uid !== undefined && as.gid !== undefined) chownSync(passwordFile, as.uid, as.gid);
  try {
    const made = spawnSync(
      join(bin, 'initdb'),
      ['-D', dataDir, '-U', role, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8']
        .concat(['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C.UTF-8'])
        .concat(options.fast ? ['--no-sync'] : []),
      { ...as, env: minimalEnv, cwd: '/', encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`);
    singleUser(bin, dataDir, 'CREATE DATABASE hotline;', as);
    rememberPassword(dataDir, options.password);
  } catch (error) {
    // A half-made cluster would be taken for a whole one next time. The folder itself stays: it may be ours to keep.
    for (const name of ['PG_VERSION', 'global', 'base']) rmSync(join(dataDir, name), { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function refuseOtherVersion(bin: string, dataDir: string, as: RunAs): void {
  const data = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { ...as, cwd: '/', encoding: 'utf8' });
  const program = /\) (\d+)/.exec(stdout)?.[1];
  if (data === program) return;
  throw new SetupError(
    `${dataDir} 是 PostgreSQL ${data} 的数据，本程序带的是 ${program}：请先备份并迁移数据，或换一个 DATA_DIR`,
    `${dataDir} holds data of PostgreSQL ${data}, this program brings ${program}: move the data over, or set another DATA_DIR`,
  );
}

/** secrets.json may have been replaced since the cluster was made: then the role gets the new password. */
function takeOverPassword(bin: string, dataDir: string, password: string, as: RunAs): void {
  const mark = join(dataDir, 'hotline-password.sha256');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === sha256(password)) return;
  singleUser(bin, dataDir, `ALTER ROLE ${role} PASSWORD '${password}';`, as);
  rememberPassword(dataDir, password);
}

function rememberPassword(dataDir: string, password: string): void {
  writeFileSync(join(dataDir, 'hotline-password.sha256'), sha256(password), { mode: 0o600 });
}

function singleUser(bin: string, dataDir: string, statement: string, as: RunAs): void {
  const done = spawnSync(join(bin, 'postgres'), ['--single', '-D', dataDir, 'postgres'], {
    ...as,
    env: minimalEnv,
    cwd: '/',
    encoding: 'utf8',
    input: `${statement}\n`,
  });
  if (done.status !== 0 || /^\S+ .*(ERROR|FATAL):/m.test(done.stderr))
    throw new Error(`PostgreSQL's single-user mode failed: ${done.error ?? done.stderr.slice(-1000)}`);
}

/**
 * The process named in postmaster.pid is ended when it is a PostgreSQL on this data, left behind by a supervisor that
 * was killed. When the number belongs to another program by now, PostgreSQL itself would refuse to start: the file goes.
 */
async function stopOrphan(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  if (!runsOn(pid, dataDir)) {
    rmSync(file, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  for (let waited = 0; runsOn(pid, dataDir); waited += 50) {
    if (waited >= 10_000) process.kill(pid, 'SIGKILL');
    await delay(50);
  }
}

function runsOn(pid: number, dataDir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir);
  } catch {
    return false; // No such process.
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
