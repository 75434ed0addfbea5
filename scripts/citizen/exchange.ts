import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../../src/platform/provision/cache-folder.js';
import { type AsteriskProgram, provideAsterisk } from '../../src/platform/provision/programs.js';
import type { Report } from '../../src/platform/provision/setup-error.js';
import { type AriEvent, type AriSocket, openAriSocket } from './ari-socket.js';
import { type CallOptions, type CitizenCall, DialledCall } from './citizen-call.js';
import { choosePorts, type ExchangeInstance, type ExchangePorts, startExchangeInstance } from './exchange-instance.js';
import type { ChannelParty, Line } from './party.js';
import { ExchangePhone, IncomingCall, type Phone, type PhoneOptions } from './phone.js';
import { openRegistrySocket } from './registry-socket.js';
import { Tones } from './tones.js';

export type { CallOptions, CitizenCall } from './citizen-call.js';
export type { Ear, Hearing } from './ear.js';
export type { Ended, Party } from './party.js';
export type { Phone, PhoneCall, PhoneOptions, PhonePolicy } from './phone.js';

export interface ExchangeOptions {
  /** Where calls go and phones register: the hotline's SIP over UDP. */
  hotline: { host: string; port: number };
  /** Free ones by default; RTP 20000 to 24999, shared peacefully by several exchanges. */
  ports?: Partial<ExchangePorts>;
  /** The Asterisk to run; by default the one that `up` uses: on PATH, in the cache, or fetched now. */
  program?: AsteriskProgram;
  /** Takes lines of progress while Asterisk is fetched. */
  report?: Report;
}

/**
 * The city's telephone exchange: a second Asterisk of our own from which scripted citizens dial and at which scripted
 * agents' phones ring, over real SIP and RTP. It lives in a temporary folder and ends with this process, however that ends.
 */
export interface Exchange {
  readonly pid: number;
  readonly ports: ExchangePorts;
  /** Dials at once; all that happens is told by the call. */
  call(options?: CallOptions): CitizenCall;
  /** Makes a phone, which begins to register at once. One phone per account. */
  phone(options: PhoneOptions): Phone;
  /** CPU time that the exchange used so far, in milliseconds. */
  cpuMs(): number;
  /** SIGKILL: far sides learn nothing. Every call's `ended` resolves with cause 0. */
  kill(): Promise<void>;
  /** Hangs up and unregisters, so that far sides learn it, then ends. */
  stop(): Promise<void>;
}

const startLimitMs = 15_000;
const stopLimitMs = 3_000;
/**
 * All that the driver reads: unfiltered, a call makes some forty events more. A list of what is allowed also holds back
 * the answers to requests on the same socket unless it names them (seen with Asterisk 22.10).
 */
const eventTypes = ['StasisStart', 'ChannelStateChange', 'ChannelDestroyed', 'ChannelDtmfReceived', 'RESTResponse'];

/** @throws Error when Asterisk cannot be started or does not answer in time */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const secret = randomBytes(16).toString('hex');
  const ports = await choosePorts(options.ports ?? {});
  const { hotline, report = () => undefined } = options;
  const program = options.program ?? (await provideAsterisk({ cacheDir: cacheFolder(resolve('var')), report }));
  const instance = startExchangeInstance({ program, hotline, ports, secret });
  try {
    return await RunningExchange.connect(instance, hotline, secret);
  } catch (error) {
    await instance.kill();
    throw error;
  }
}

class RunningExchange implements Exchange {
  readonly #calls = new Map<string, ChannelParty>();
  readonly #phones = new Map<string, ExchangePhone>();
  readonly #line: Line;
  readonly #entering = new Map<string, () => void>();
  #closeRegistry: () => void = () => undefined;
  #dialled = 0;

  static async connect(instance: ExchangeInstance, hotline: ExchangeOptions['hotline'], secret: string) {
    const login = { user: 'citizen', password: secret };
    let exchange: RunningExchange | undefined;
    const ari = await untilReady(instance, () =>
      openAriSocket(
        { ...login, port: instance.ports.ari, application: 'citizen' },
        (event) => exchange?.onEvent(event),
        () => exchange?.onLost(),
      ),
    );
    await ari.request('PUT', 'applications/citizen/eventFilter', undefined, {
      allowed: eventTypes.map((type) => ({ type })),
    });
    exchange = new RunningExchange(instance, ari, hotline);
    const running = exchange;
    running.#closeRegistry = await openRegistrySocket({ ...login, port: instance.ports.manager }, (event) => {
      for (const phone of running.#phones.values()) if (phone.account === event.account) phone.onRegistry(event);
    });
    return running;
  }

  private constructor(
    private readonly instance: ExchangeInstance,
    private readonly ari: AriSocket,
    private readonly hotline: ExchangeOptions['hotline'],
  ) {
    this.#line = {
      ari,
      tones: new Tones(instance.folder, ari),
      entered: (channelId) => new Promise((resolve) => this.#entering.set(channelId, resolve)),
    };
  }

  get pid() {
    return this.instance.pid;
  }

  get ports() {
    return this.instance.ports;
  }

  call(options: CallOptions = {}): CitizenCall {
    const number = ++this.#dialled;
    const from = options.from === undefined ? `138${String(number).padStart(8, '0')}` : options.from;
    const call = new DialledCall(`citizen-${number}`, this.#line, { ...options, from });
    this.#calls.set(call.channelId, call);
    call.dial().catch(() => undefined);
    return call;
  }

  phone(options: PhoneOptions): Phone {
    if (this.#phones.has(options.user)) throw new Error('this account has a phone here already');
    const phone = new ExchangePhone({ ...this.hotline, ...options }, this.ari);
    this.#phones.set(phone.user, phone);
    return phone;
  }

  cpuMs(): number {
    return cpuMsOf(this.instance.pid);
  }

  async kill(): Promise<void> {
    await this.instance.kill();
    this.#closeRegistry();
    this.ari.close();
    this.onLost();
  }

  async stop(): Promise<void> {
    const goodbyes = [
      ...[...this.#calls.values()].map((call) => call.hangUp()),
      ...[...this.#phones.values()].map((phone) => phone.unregister().catch(() => undefined)),
    ];
    const limit = new AbortController();
    await Promise.race([
      Promise.all(goodbyes),
      sleep(stopLimitMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
    await this.kill();
  }

  onEvent(event: AriEvent): void {
    const { channel } = event;
    if (!channel) return;
    if (event.type === 'StasisStart' && event.args?.[0] === 'inbound') {
      const call = new IncomingCall(channel, this.#line);
      this.#calls.set(channel.id, call);
      const phone = this.#phones.get(event.args[1] ?? '');
      if (phone) phone.onIncoming(call);
      else call.reject().catch(() => undefined);
      return;
    }
    if (event.type === 'StasisStart') this.#entering.get(channel.id)?.();
    if (event.type === 'StasisStart' || event.type === 'ChannelDestroyed') this.#entering.delete(channel.id);
    const call = this.#calls.get(channel.id);
    call?.onEvent(event, channel);
    if (event.type === 'ChannelDestroyed') this.#calls.delete(channel.id);
  }

  onLost(): void {
    const now = Date.now();
    for (const call of this.#calls.values()) call.onLost(now);
    this.#calls.clear();
    for (const phone of this.#phones.values()) phone.onLost();
  }
}

/** Tries until the exchange answers; a start takes 0.3 s. */
async function untilReady<T>(instance: ExchangeInstance, attempt: () => Promise<T>): Promise<T> {
  let dead = false;
  instance.exited.then(() => {
    dead = true;
  });
  for (const limit = Date.now() + startLimitMs; ; await sleep(50)) {
    try {
      return await attempt();
    } catch (error) {
      if (dead) throw new Error('the exchange’s Asterisk ended while it started', { cause: error });
      if (Date.now() > limit) throw new Error('the exchange’s Asterisk did not answer', { cause: error });
    }
  }
}

/** CPU time (user and system) of a process so far, in milliseconds; 0 when it is gone. Linux only. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // Clock ticks are a hundredth of a second on every Linux that Node runs on.
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
  } catch {
    return 0;
  }
}
