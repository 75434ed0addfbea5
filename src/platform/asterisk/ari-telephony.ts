/**
 * What both adapters share: one event socket that is kept open for ever, the snapshot after each connect, commands with
 * time-outs and errors in our words. How a request travels is the adapter's part (`AriTransport`).
 *
 * ```
 *            start            socket open, snapshot read
 *  stopped ────────▶ connecting ────────────────────────▶ connected
 *     ▲                 ▲  │ no: wait 0.1 … 2 s              │
 *     │ stop            │  └──┐                             │ closed, no pong
 *     │                 └─────┴──────────── waiting ◀────────┘
 *  replaced: another process took our name; never left again
 * ```
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { application, readSnapshot, translate } from './ari-events.js';
import type { AriRequest } from './ari-requests.js';
import * as requests from './ari-requests.js';
import {
  type DialOptions,
  type HangUpReason,
  type PhoneAccount,
  type Telephony,
  TelephonyError,
  type TelephonyEvent,
  type TelephonyListener,
} from './port.js';

export interface AriOptions {
  port: number;
  user: string;
  password: string;
  /** Asterisk's system name: another Asterisk on the port is refused. */
  systemName: string;
  /** 127.0.0.1 when left out. */
  host?: string;
  /** How long a command may take; 5,000 when left out. */
  commandTimeoutMs?: number;
  /** Time between pings, and how long a pong may take; 5,000 and 4,000 when left out. */
  pingEveryMs?: number;
  pongWithinMs?: number;
  /** Told of errors that nobody else gets: a listener that throws. Never of numbers. */
  log?: { error(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** An answer of ARI, good or bad; `body` is parsed JSON or null. */
export interface AriAnswer {
  status: number;
  body: unknown;
}

/** How requests travel while one event socket stands. */
export interface AriTransport {
  /** Called with each new socket before the first request. Rejects when requests cannot be sent this time. */
  opened(socket: WebSocket): Promise<void>;
  /** Takes messages that are answers and not events; true when it took one. */
  received?(message: unknown): boolean;
  /** The socket is closed; requests that wait get `unavailable` from the caller of `send`. */
  closed?(): void;
  /** Resolves with the answer; rejects only when the request could not be sent. */
  send(request: AriRequest, timeoutMs: number): Promise<AriAnswer>;
}

/** From the first byte to the snapshot; a peer that freezes in between is left after it. */
const setUpMs = 8000;

/** How long a leg may take from being made to being ours. */
const legLimitMs = 1_000;

export class AriTelephony implements Telephony {
  readonly #options: AriOptions;
  readonly #transport: AriTransport;
  #listener: TelephonyListener | null = null;
  #socket: WebSocket | null = null;
  #connected = false;
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #replaced = false;
  /** Why the last attempt failed: told when it changes, not at each of the attempts. */
  #refusal = '';
  /** Rejects when the socket closes, so that no command outlives it. */
  #lost: { promise: Promise<never>; reject(error: Error): void } = lostSignal();
  #buffer: TelephonyEvent[] | null = null;
  readonly #phones = new Map<string, boolean>();
  /** Legs that are being made. */
  readonly #legs = new Map<string, () => void>();
  readonly #counts = new Map<string, number>();

  constructor(options: AriOptions, transport: AriTransport) {
    this.#options = options;
    this.#transport = transport;
  }

  start(listener: TelephonyListener): void {
    if (this.#listener) throw new Error('telephony was started before');
    this.#listener = listener;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#socket?.terminate();
    await this.#running;
  }

  /** How often each event came that could not be used: `unknown:…` or `malformed:…`. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  answer = (channelId: string) => this.#command(requests.answer(channelId));
  play = (channelId: string, playbackId: string, media: string[]) =>
    this.#command(requests.play(channelId, playbackId, media));
  stopPlayback = (playbackId: string) => this.#command(requests.stopPlayback(playbackId));
  startMusic = (channelId: string) => this.#command(requests.startMusic(channelId));
  stopMusic = (channelId: string) => this.#command(requests.stopMusic(channelId));
  createBridge = (bridgeId: string) => this.#command(requests.createBridge(bridgeId));
  addToBridge = (bridgeId: string, channelIds: string[]) => this.#command(requests.addToBridge(bridgeId, channelIds));
  removeFromBridge = (bridgeId: string, channelIds: string[]) =>
    this.#command(requests.removeFromBridge(bridgeId, channelIds));
  destroyBridge = (bridgeId: string) => this.#orGone(requests.destroyBridge(bridgeId));
  hangUp = (channelId: string, reason: HangUpReason) => this.#orGone(requests.hangUp(channelId, reason));
  leave = (channelId: string, to: { context: string; extension: string }) =>
    this.#command(requests.leave(channelId, to));
  reloadModule = (module: string) => this.#command(requests.reloadModule(module));

  async dial(options: DialOptions): Promise<void> {
    const { channelId } = options;
    const made = new Promise<void>((resolve) => this.#legs.set(channelId, resolve));
    try {
      await this.#command(requests.makeLeg(options));
      // Asterisk takes the leg into the application in a thread of its own; before that it cannot be rung.
      await Promise.race([made, sleep(legLimitMs), this.#lost.promise]);
      await this.#command(requests.ringLeg(options));
    } finally {
      this.#legs.delete(channelId);
    }
  }

  async putPhone(account: PhoneAccount): Promise<void> {
    const settings = requests.endpointSettings(account);
    await this.#command(requests.writeAuth(account));
    await this.#command(requests.writeAor(account));
    if ((await this.#fingerprint(account.phone)) === settings.accountcode) return;
    await this.#command(requests.writeEndpoint(account.phone, settings));
    const channelId = `phone-store-${randomUUID()}`;
    await this.#command(requests.storeEndpoint(account.phone, settings, channelId));
    for (let tries = 0; tries < 50; tries++) {
      if (await this.#isGone(requests.readChannel(channelId))) return;
      await sleep(20);
    }
    throw new TelephonyError('timedOut', 'putPhone');
  }

  async removePhone(phone: string): Promise<void> {
    for (const type of ['endpoint', 'aor', 'auth'] as const)
      await this.#orGone(requests.removePhoneObject(type, phone));
  }

  async #fingerprint(phone: string): Promise<string | null> {
    const answer = await this.#send(requests.readPhoneObject('endpoint', phone));
    if (answer.status !== 200 || !Array.isArray(answer.body)) return null;
    const field: unknown = answer.body.find((entry) => entry?.attribute === 'accountcode');
    return typeof field === 'object' && field !== null && 'value' in field ? String(field.value) : null;
  }

  async #isGone(request: AriRequest): Promise<boolean> {
    return (await this.#send(request)).status === 404;
  }

  async #orGone(request: AriRequest): Promise<void> {
    const { status } = await this.#send(request);
    if (requests.reasonOf(request, status) !== 'gone') this.#check(request, status);
  }

  async #command(request: AriRequest): Promise<void> {
    const { status } = await this.#send(request);
    this.#check(request, status);
  }

  /** ARI's own error text may repeat what was sent, numbers among it: only the status goes on. */
  #check(request: AriRequest, status: number): void {
    if (status < 200 || status >= 300)
      throw new TelephonyError(requests.reasonOf(request, status), request.command, { status });
  }

  async #send(request: AriRequest): Promise<AriAnswer> {
    if (!this.#connected) throw new TelephonyError('unavailable', request.command);
    return this.#ask(request);
  }

  async #ask(request: AriRequest): Promise<AriAnswer> {
    const timeoutMs = this.#options.commandTimeoutMs ?? 5000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TelephonyError('timedOut', request.command)), timeoutMs);
    });
    try {
      return await Promise.race([this.#transport.send(request, timeoutMs), late, this.#lost.promise]);
    } catch (cause) {
      if (cause instanceof TelephonyError) throw cause;
      throw new TelephonyError('unavailable', request.command);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted && !this.#replaced) {
      const worked = await this.#connectOnce();
      if (this.#stopping.signal.aborted || this.#replaced) break;
      failures = worked ? 0 : failures + 1;
      // Half of the pause is chance, so that several programs do not come back in step.
      const pauseMs = Math.min(2000, 100 * 2 ** failures) * (0.5 + Math.random() / 2);
      await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    if (this.#replaced && !this.#stopping.signal.aborted) this.#tell((listener) => listener.onReplaced());
  }

  /** Opens a socket and stays until it closes. @returns whether it ever stood */
  async #connectOnce(): Promise<boolean> {
    const { host = '127.0.0.1', port, user, password } = this.#options;
    this.#lost = lostSignal();
    this.#buffer = [];
    const socket = new WebSocket(`ws://${host}:${port}/ari/events?app=${application}`, {
      auth: `${user}:${password}`,
      handshakeTimeout: 3000,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let reason = 'closed';
    socket.on('error', (error: Error & { code?: string }) => {
      reason = error.code ?? 'failed';
    });
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    void ended.then(() => this.#lost.reject(new TelephonyError('unavailable', 'connection')));
    socket.on('message', (data) => this.#onMessage(String(data)));
    const opened = new Promise<void>((resolve) => socket.once('open', () => resolve()));
    const tooLong = setTimeout(() => socket.terminate(), setUpMs);
    try {
      await Promise.race([opened, this.#lost.promise]);
      await Promise.race([this.#transport.opened(socket), this.#lost.promise]);
      await this.#synchronize();
    } catch (error) {
      reason = error instanceof TelephonyError ? `${error.command} ${error.reason}` : reason;
      socket.terminate();
    } finally {
      clearTimeout(tooLong);
    }
    const watch = this.#watch(socket, (why) => {
      reason = why;
    });
    await ended;
    clearInterval(watch);
    this.#transport.closed?.();
    const stood = this.#connected;
    this.#connected = false;
    if (stood && !this.#replaced) this.#tell((listener) => listener.onDisconnected(reason));
    if (!stood && !this.#stopping.signal.aborted && reason !== this.#refusal)
      this.#options.log?.warn({ reason }, 'no connection to Asterisk yet');
    this.#refusal = stood ? '' : reason;
    return stood;
  }

  /** Sets up what we hear and reads what there is; events that come meanwhile are told after it. */
  async #synchronize(): Promise<void> {
    const ask = async (request: AriRequest) => {
      const { status, body } = await this.#ask(request);
      this.#check(request, status);
      return body;
    };
    await ask(requests.filterEvents());
    await ask(requests.subscribeToPhones());
    const [info, channels, bridges, endpoints] = await Promise.all([
      ask(requests.readInfo()),
      ask(requests.readChannels()),
      ask(requests.readBridges()),
      ask(requests.readEndpoints()),
    ]);
    const read = readSnapshot({ info, channels, bridges, endpoints });
    if (!read) throw new TelephonyError('failed', 'readSnapshot');
    if (read.systemName !== this.#options.systemName) throw new TelephonyError('conflict', 'readSnapshot');
    if (this.#stopping.signal.aborted || this.#replaced) throw new TelephonyError('unavailable', 'readSnapshot');
    this.#phones.clear();
    for (const { phone, reachable } of read.snapshot.phones) this.#phones.set(phone, reachable);
    this.#connected = true;
    this.#tell((listener) => listener.onConnected(read.snapshot));
    const waiting = this.#buffer ?? [];
    this.#buffer = null;
    for (const event of waiting) this.#deliver(event);
  }

  #onMessage(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.#count('malformed:(no JSON)');
      return;
    }
    if (this.#transport.received?.(message)) return;
    const translated = translate(message);
    if (translated.kind === 'event') {
      if (this.#buffer) this.#buffer.push(translated.event);
      else this.#deliver(translated.event);
    } else if (translated.kind === 'legMade') {
      this.#legs.get(translated.channelId)?.();
    } else if (translated.kind === 'replaced') {
      this.#replaced = true;
      this.#connected = false;
      this.#socket?.terminate();
    } else if (translated.kind !== 'ignored') {
      this.#count(`${translated.kind}:${translated.type}`);
    }
  }

  #deliver(event: TelephonyEvent): void {
    if (event.type === 'phoneChanged') {
      // Device states change with every call of the phone; only reachable or not is told, and once.
      if (this.#phones.get(event.phone) === event.reachable) return;
      this.#phones.set(event.phone, event.reachable);
    }
    this.#tell((listener) => listener.onEvent(event));
  }

  /** A listener that throws must not stop the events that follow. */
  #tell(call: (listener: TelephonyListener) => void): void {
    try {
      if (this.#listener) call(this.#listener);
    } catch (err) {
      this.#options.log?.error({ err }, 'a telephony listener failed');
    }
  }

  #count(key: string): void {
    // A bound against a far end that invents types.
    const known = this.#counts.has(key) || this.#counts.size < 200 ? key : 'unknown:(others)';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  /** A peer that is frozen keeps its TCP connection: only a missing pong tells. */
  #watch(socket: WebSocket, lost: (reason: string) => void): NodeJS.Timeout {
    const { pingEveryMs = 5000, pongWithinMs = 4000 } = this.#options;
    let deadline: NodeJS.Timeout | undefined;
    const answered = () => {
      clearTimeout(deadline);
      deadline = undefined;
    };
    socket.on('pong', answered);
    socket.once('close', answered);
    return setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN || deadline) return;
      deadline = setTimeout(() => {
        lost('no pong');
        socket.terminate();
      }, pongWithinMs);
      socket.ping();
    }, pingEveryMs);
  }
}

function lostSignal() {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, reject: (error: Error) => reject(error) };
}
