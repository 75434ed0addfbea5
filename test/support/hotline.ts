import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type t from 'tap';
import WebSocket from 'ws';
import { type Exchange, type Phone, type PhonePolicy, startExchange } from '../../scripts/citizen/exchange.js';
import { loadSecrets, secretsEnv } from '../../src/platform/secrets.js';
import { type RunningAsterisk, startAsterisk } from './asterisk.js';
import { freePort } from './ports.js';
import { createTestDatabase } from './postgres.js';

/** One message of `/api/live`. */
export interface LiveMessage {
  v: number;
  seq: number;
  at: string;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what the API document describes.
  data: any;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into what the API document describes.
type Answer = { status: number; body: any };

export interface Api {
  readonly token: string;
  /** Answers status and JSON body; does not throw for an error status. */
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** An agent at a seat with a phone and an open live connection. */
export interface TestAgent {
  readonly name: string;
  readonly seat: string;
  readonly api: Api;
  readonly phone: Phone;
  readonly live: Live;
}

type Demo = {
  agents: {
    name: string;
    password: string;
    role: string;
    seat: string;
    sip: { user: string; password: string; host: string; port: number };
  }[];
};

const startLimitMs = 20_000;

/**
 * A whole hotline for one test file: a real Asterisk, a real PostgreSQL, the server as a process of its own, and the city's
 * exchange from which citizens dial. Everything is on free ports, below a temporary folder, and gone at the end.
 */
export class Hotline {
  readonly folder = mkdtempSync(join(tmpdir(), 'hotline-e2e-'));
  readonly url: string;
  exchange!: Exchange;
  #asterisk!: RunningAsterisk;
  #server: ChildProcess | null = null;
  env: Record<string, string> = {};
  #demo!: Demo;

  private constructor(readonly port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(test: Pick<typeof t, 'teardown'>, env: Record<string, string> = {}): Promise<Hotline> {
    const hotline = new Hotline(await freePort());
    test.teardown(() => hotline.#stop());
    await hotline.#begin(test, env);
    return hotline;
  }

  get asterisk(): RunningAsterisk {
    return this.#asterisk;
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** What the server logged so far. */
  log(): string {
    return readFileSync(join(this.folder, 'server.log'), 'utf8');
  }

  async startServer(env: Record<string, string> = {}): Promise<void> {
    const server = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      env: { ...process.env, ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#server = server;
    const write = (chunk: Buffer) => appendFileSync(join(this.folder, 'server.log'), chunk);
    server.stdout.on('data', write);
    server.stderr.on('data', write);
    const ended = new Promise<never>((_, failed) => {
      server.once('exit', (code) => failed(new Error(`the server ended (${code}):\n${this.log().slice(-3_000)}`)));
    });
    ended.catch(() => undefined);
    const ready = until('the server is ready', () => this.#ready(), startLimitMs).catch((error) => {
      throw new Error(`${error.message}\n${this.log().slice(-3_000)}`);
    });
    await Promise.race([ended, ready]);
  }

  /** SIGKILL: the server learns nothing and says nothing. */
  async killServer(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  async signIn(name: string): Promise<Api> {
    const account = this.#demo.agents.find((agent) => agent.name === name);
    if (!account) throw new Error(`no demo account ${name}`);
    const anonymous = this.#api('');
    const { status, body } = await anonymous('POST', '/api/sign-in', { name, password: account.password });
    if (status !== 200) throw new Error(`sign-in of ${name}: ${status} ${JSON.stringify(body)}`);
    return this.#api(body.token);
  }

  anonymous(): Api {
    return this.#api('');
  }

  /** Names of the demo accounts with this role, in the order of demo.json. */
  namesWith(role: string): string[] {
    return this.#demo.agents.filter((agent) => agent.role === role).map(({ name }) => name);
  }

  /** The `index`th demo agent: signed in, phone registered, at the seat, ready. */
  async agent(index: number, policy: PhonePolicy, ready = true): Promise<TestAgent> {
    const account = this.#demo.agents.filter((agent) => agent.role === 'agent')[index];
    if (!account) throw new Error(`no demo agent ${index}`);
    const api = await this.signIn(account.name);
    const phone = this.exchange.phone({ ...account.sip, policy });
    await phone.registered;
    const live = await this.live(api);
    const { status, body } = await api('PUT', '/api/seat', {
      seat: account.seat,
      ...(ready ? { state: 'ready' } : {}),
    });
    if (status !== 200) throw new Error(`seat: ${status} ${JSON.stringify(body)}`);
    await until('the phone is reachable', async () => (await api('GET', '/api/seat')).body.seat.phoneReachable);
    return { name: account.name, seat: account.seat, api, phone, live };
  }

  live(api: Api, since?: number): Promise<Live> {
    return Live.open(
      `${this.url.replace('http', 'ws')}/api/live${since === undefined ? '' : `?since=${since}`}`,
      api.token,
    );
  }

  /** The newest call's record once it fits. */
  async record(api: Api, fits: (record: { state: string } & Record<string, unknown>) => boolean, index = 0) {
    return until('the record fits', async () => {
      const { body } = await api('GET', '/api/calls');
      const id = body.items?.[index]?.id;
      if (!id) return null;
      const record = (await api('GET', `/api/calls/${id}`)).body;
      return fits(record) ? record : null;
    });
  }

  async #begin(test: Pick<typeof t, 'teardown'>, env: Record<string, string>): Promise<void> {
    const dataDir = join(this.folder, 'var');
    const secrets = loadSecrets(dataDir);
    const [databaseUrl, asterisk] = await Promise.all([
      createTestDatabase(test),
      startAsterisk({
        role: 'hotline',
        systemName: secretsEnv(secrets).SYSTEM_NAME,
        ariUser: secretsEnv(secrets).ARI_USER,
        dir: join(dataDir, 'asterisk'),
        ariPassword: secrets.ariPassword,
        recordingsDir: join(dataDir, 'recordings'),
        soundsDirs: [join(process.cwd(), 'asterisk-config/prompts/zh')],
      }),
    ]);
    this.#asterisk = asterisk;
    this.env = {
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      SERVER_PORT: String(this.port),
      HTTP_PORT: String(this.port),
      SIP_PORT: String(asterisk.options.sipPort),
      ARI_PORT: String(asterisk.options.ariPort),
      DEMO_DATA: '1',
      LOG_LEVEL: 'debug',
      ...env,
    };
    const hotline = { host: '127.0.0.1', port: asterisk.options.sipPort };
    const [exchange] = await Promise.all([startExchange({ hotline }), this.startServer()]);
    this.exchange = exchange;
    this.#demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'));
  }

  async #stop(): Promise<void> {
    await this.killServer();
    await this.exchange?.stop();
    await this.#asterisk?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<boolean> {
    const answer = await fetch(`${this.url}/api/ready`).catch(() => null);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  #api(token: string): Api {
    const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(this.url + path, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    };
    return Object.assign(call, { token });
  }
}

/** A live connection that remembers all it was told. */
export class Live {
  readonly messages: LiveMessage[] = [];
  /** When each message came, ms since the epoch. */
  readonly cameAt = new Map<number, number>();
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (raw: Buffer) => {
      const message = JSON.parse(raw.toString()) as LiveMessage;
      this.messages.push(message);
      this.cameAt.set(message.seq, Date.now());
    });
    socket.on('error', () => undefined);
  }

  static async open(url: string, token: string): Promise<Live> {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    const live = new Live(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return live;
  }

  /** The first message of this type, from now or before, that fits. */
  next(type: string, fits: (message: LiveMessage) => boolean = () => true): Promise<LiveMessage> {
    return until(`live ${type}`, async () => this.messages.find((message) => message.type === type && fits(message)));
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** Asks again and again until there is an answer. @throws Error naming what was waited for */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  limitMs = 10_000,
): Promise<T> {
  for (const end = Date.now() + limitMs; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(20);
  }
}
