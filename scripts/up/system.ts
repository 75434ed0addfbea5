import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import type { Config } from '../../src/config.js';
import { probeAri, renderInstance } from '../../src/platform/asterisk/instance.js';
import { preparePostgres } from '../../src/platform/postgres/server.js';
import type { AsteriskProgram, Command } from '../../src/platform/provision/programs.js';
import { type Secrets, secretsEnv } from '../../src/platform/secrets.js';
import { Ari } from './ari.js';
import { LogFile } from './log-file.js';
import { Part, type PartOptions } from './part.js';

export interface SystemOptions {
  config: Config;
  secrets: Secrets;
  asterisk: AsteriskProgram;
  /** Puts demo data into an empty database. */
  demo: boolean;
  /** Another program in the place of `src/main.ts`, for tests. */
  serverFile?: string;
  tell(line: string): void;
  onChange(): void;
}

export interface System {
  asterisk: Part;
  /** Null with DATABASE_URL. */
  postgres: Part | null;
  edge: Part;
  server: Part;
  ari: Ari;
  /** Whether the server answers and says that it holds its calls. */
  serverPresent(): boolean;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsx = import.meta.resolve('tsx');

/** Makes the database's folder and Asterisk's settings once before anything starts, so that what is in the way is said at once. */
export async function prepareSystem(options: SystemOptions): Promise<void> {
  renderAsterisk(options, secretsEnv(options.secrets));
  if (!options.config.DATABASE_URL) await prepareDatabase(options);
}

const prepareDatabase = ({ config, secrets }: SystemOptions) =>
  preparePostgres({
    dataDir: join(config.DATA_DIR, 'postgres'),
    port: config.POSTGRES_PORT,
    password: secrets.postgresPassword,
    installation: secrets.installation,
  });

/** Describes the parts and how each is started and checked; starts nothing. */
export function describeSystem(options: SystemOptions): System {
  const { config, secrets } = options;
  const fromSecrets = secretsEnv(secrets);
  const logDir = join(config.DATA_DIR, 'log');
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  let databaseUrl = config.DATABASE_URL ?? '';

  const part = (name: string, own: Partial<PartOptions> & Pick<PartOptions, 'command' | 'probe'>): Part =>
    new Part({
      name,
      env: process.env,
      cwd: root,
      log: new LogFile(join(logDir, `${name}.log`)),
      everyMs: 2000,
      failures: 3,
      startMs: 60_000,
      endSignal: 'SIGTERM',
      patienceMs: 10_000,
      tell: options.tell,
      onChange: options.onChange,
      ...own,
    });

  const ariAccess = { port: config.ARI_PORT, user: fromSecrets.ARI_USER, password: fromSecrets.ARI_PASSWORD };
  const asterisk = part('asterisk', {
    command: async () => renderAsterisk(options, fromSecrets),
    probe: async () => (await probeAri({ ...ariAccess, systemName: fromSecrets.SYSTEM_NAME }, 3000)).answers === 'ours',
    // A busy Asterisk may answer late, and its end would be the end of all calls.
    failures: 10,
    startMs: 30_000,
    patienceMs: 3000,
  });

  const database = config.DATABASE_URL
    ? null
    : part('postgres', {
        command: async () => {
          const prepared = await prepareDatabase(options);
          databaseUrl = prepared.url;
          return prepared;
        },
        env: {},
        cwd: '/',
        probe: () => answersSql(databaseUrl),
        everyMs: 5000,
        failures: 6,
        endSignal: 'SIGINT',
      });

  const node = (program: string): Command => ({
    file: process.execPath,
    args: ['--import', tsx, resolve(root, program)],
    env: {},
  });
  const edge = part('edge', {
    command: async () => node('src/edge.ts'),
    probe: () =>
      answersHttp(config, `http${config.TLS_CERT ? 's' : ''}://${config.BIND}:${config.HTTP_PORT}/api/health`),
    // It may be busy, and its end would be the end of every browser phone's socket.
    failures: 5,
    patienceMs: 2000,
  });

  let holdsCalls = false;
  const server = part('server', {
    command: async () => {
      const { file, args, env } = node(options.serverFile ?? 'src/main.ts');
      return {
        file,
        args,
        env: { ...env, ...fromSecrets, DATABASE_URL: databaseUrl, ...(options.demo && { DEMO_DATA: '1' }) },
      };
    },
    probe: async () => {
      const answer = await fetch(`http://127.0.0.1:${config.SERVER_PORT}/api/health`, {
        signal: AbortSignal.timeout(2000),
      });
      const said = (await answer.json().catch(() => null)) as { telephony?: unknown } | null;
      holdsCalls = answer.ok && said?.telephony !== false;
      return answer.ok;
    },
    // Migrations of a large database take their time.
    startMs: 300_000,
  });
  return {
    asterisk,
    postgres: database,
    edge,
    server,
    ari: new Ari(ariAccess.port, ariAccess.user, ariAccess.password),
    serverPresent: () => server.healthy && holdsCalls,
  };
}

function renderAsterisk({ config, asterisk }: SystemOptions, fromSecrets: ReturnType<typeof secretsEnv>): Command {
  const dir = join(config.DATA_DIR, 'asterisk');
  const { TLS_CERT: cert, TLS_KEY: key } = config;
  renderInstance({
    dir,
    role: 'hotline',
    systemName: fromSecrets.SYSTEM_NAME,
    bind: config.BIND,
    sipPort: config.SIP_PORT,
    ariPort: config.ARI_PORT,
    rtpStart: config.RTP_START,
    rtpEnd: config.RTP_END,
    ariUser: fromSecrets.ARI_USER,
    ariPassword: fromSecrets.ARI_PASSWORD,
    trunkAddresses: config.TRUNK_ADDRESSES.split(',').map((address) => address.trim()),
    recordingsDir: join(config.DATA_DIR, 'recordings'),
    soundsDirs: [join(root, 'asterisk-config/prompts')],
    tree: asterisk.tree,
    ...(cert && key && { tls: { cert, key } }),
  });
  return asterisk.command(['-C', join(dir, 'etc/asterisk.conf'), '-f', '-n']);
}

async function answersSql(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 3, onnotice: () => undefined });
  try {
    await sql`SELECT 1`;
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Any answer counts: the edge lives also while the server is away (503). */
async function answersHttp(config: Config, url: string): Promise<boolean> {
  const { request } = await (config.TLS_CERT ? import('node:https') : import('node:http'));
  return new Promise((answer) => {
    // Only asked whether it lives; its certificate names another host than this address.
    const asked = request(url, { timeout: 2000, ...(config.TLS_CERT && { rejectUnauthorized: false }) }, (response) => {
      response.resume();
      answer(true);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => answer(false));
    asked.end();
  });
}
