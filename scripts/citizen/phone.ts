import type { AriChannel, AriSocket } from './ari-socket.js';
import { ChannelParty, type Ended, type Line, type Party } from './party.js';
import type { RegistryEvent } from './registry-socket.js';

/** What an agent's phone does with a call that comes in; it says 180 Ringing first in every case. */
export type PhonePolicy =
  | {
      kind: 'answer';
      /** After the INVITE; 0 by default. */
      afterMs?: number;
      /** Speaks this sine from the answer on. */
      toneHz?: number;
      /** Hangs up so long after its answer; never by default. */
      talkMs?: number;
      /** Listens from the answer on. */
      listen?: boolean;
    }
  /** Rings until the hotline gives up. */
  | { kind: 'ring' }
  /** SIP 486. */
  | { kind: 'busy'; afterMs?: number }
  /** SIP 603. */
  | { kind: 'reject'; afterMs?: number };

export interface PhoneOptions {
  /** The SIP account; also the user part by which calls find this phone. */
  user: string;
  password?: string;
  /** The registrar; the exchange's hotline by default. */
  host?: string;
  port?: number;
  /** `{ kind: 'ring' }` by default. */
  policy?: PhonePolicy;
  /** False makes a phone that is called directly at the exchange's address and never registers. True by default. */
  register?: boolean;
  /** Seconds asked for; 120 by default. */
  expirySeconds?: number;
}

/** An agent's phone. */
export interface Phone {
  readonly user: string;
  /** What the next call meets. */
  policy: PhonePolicy;
  /** Every call that came in, oldest first. */
  readonly calls: readonly PhoneCall[];
  /** Resolves when the registrar accepted the account (a second at least), rejects when it refused. Renewed by `register`. */
  readonly registered: Promise<void>;
  /** The next call that has not been handed out by this function yet. */
  nextCall(): Promise<PhoneCall>;
  /** Called with every call from now on, before its policy is carried out. */
  onCall(listener: (call: PhoneCall) => void): void;
  register(): Promise<void>;
  /** Resolves when the registrar took the phone off its list. Calls that are up go on. */
  unregister(): Promise<void>;
}

/** A call that came in at a phone. Times are milliseconds since the epoch. */
export interface PhoneCall extends Party {
  /** When the exchange took the INVITE. */
  readonly invitedAt: number;
  /** The number shown; null when withheld. Personal data. */
  readonly from: string | null;
  answer(): Promise<void>;
  /** SIP 486. */
  busy(): Promise<Ended>;
  /** SIP 603 before the answer; the same as `hangUp`. */
  reject(): Promise<Ended>;
}

export class IncomingCall extends ChannelParty implements PhoneCall {
  readonly invitedAt: number;
  readonly from: string | null;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(channel: AriChannel, line: Line) {
    super(channel.id, line);
    this.invitedAt = Date.parse(channel.creationtime);
    const number = channel.caller?.number;
    this.from = number && number !== 'anonymous' ? number : null;
  }

  async answer(): Promise<void> {
    await this.line.ari.request('POST', `channels/${this.channelId}/answer`);
  }

  busy(): Promise<Ended> {
    return this.endWith('busy');
  }

  reject(): Promise<Ended> {
    return this.endWith('normal');
  }

  /** Does what the phone's owner set. A step that comes too late, the caller being gone, is no fault. */
  async follow(policy: PhonePolicy): Promise<void> {
    await this.line.ari.request('POST', `channels/${this.channelId}/ring`).catch(() => undefined);
    if (policy.kind === 'ring') return;
    this.#after(policy.afterMs ?? 0, async () => {
      if (policy.kind === 'busy') return this.busy();
      if (policy.kind === 'reject') return this.reject();
      await this.answer();
      if (policy.talkMs !== undefined) this.#after(policy.talkMs, () => this.hangUp());
      await Promise.all([
        policy.listen && this.startListening(),
        policy.toneHz !== undefined && this.playTone(policy.toneHz),
      ]);
    });
  }

  protected override onEnded(ended: Ended): void {
    super.onEnded(ended);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #after(ms: number, act: () => Promise<unknown>): void {
    if (!this.end) this.#timers.push(setTimeout(() => act().catch(() => undefined), ms));
  }
}

export class ExchangePhone implements Phone {
  readonly user: string;
  policy: PhonePolicy;
  readonly calls: IncomingCall[] = [];
  registered: Promise<void> = Promise.resolve();
  /** `sip:user@host:port`, as the registrar knows it. */
  readonly account: string;
  readonly #options: PhoneOptions & { host: string; port: number };
  readonly #ari: AriSocket;
  readonly #listeners: ((call: PhoneCall) => void)[] = [];
  readonly #takers: ((call: PhoneCall) => void)[] = [];
  #handedOut = 0;
  /** Whether the exchange keeps a registration for this phone, accepted or not. */
  #onList = false;
  #awaited: { status: RegistryEvent['status']; resolve: () => void; reject: (error: Error) => void } | null = null;

  constructor(options: PhoneOptions & { host: string; port: number }, ari: AriSocket) {
    this.#options = options;
    this.#ari = ari;
    this.user = options.user;
    this.policy = options.policy ?? { kind: 'ring' };
    this.account = `sip:${options.user}@${options.host}:${options.port}`;
    if (options.register !== false) this.register().catch(() => undefined);
  }

  nextCall(): Promise<PhoneCall> {
    const call = this.calls[this.#handedOut++];
    if (call) return Promise.resolve(call);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  onCall(listener: (call: PhoneCall) => void): void {
    this.#listeners.push(listener);
  }

  register(): Promise<void> {
    const { user, password = '', host, port, expirySeconds = 120 } = this.#options;
    this.#onList = true;
    this.registered = this.#expect('registered', async () => {
      await this.#put('auth', { auth_type: 'userpass', username: user, password });
      await this.#put('registration', {
        server_uri: `sip:${host}:${port}`,
        client_uri: this.account,
        contact_user: user,
        outbound_auth: this.#name,
        transport: 'udp',
        expiration: String(expirySeconds),
        max_random_initial_delay: '0',
        retry_interval: '2',
        max_retries: '10000',
      });
    });
    // Whoever waits for it gets the refusal all the same.
    this.registered.catch(() => undefined);
    return this.registered;
  }

  unregister(): Promise<void> {
    if (!this.#onList) return Promise.resolve();
    this.#onList = false;
    return this.#expect('unregistered', async () => {
      await this.#ari.request('DELETE', `${dynamic}/registration/${this.#name}`);
    });
  }

  onRegistry({ status }: RegistryEvent): void {
    const awaited = this.#awaited;
    if (!awaited) return;
    if (status === awaited.status) awaited.resolve();
    else if (status === 'rejected') awaited.reject(new Error('the registrar refused the phone'));
  }

  onIncoming(call: IncomingCall): void {
    this.calls.push(call);
    for (const listener of this.#listeners) listener(call);
    const taker = this.#takers.shift();
    if (taker) taker(call);
    call.follow(this.policy).catch(() => undefined);
  }

  onLost(): void {
    this.#awaited?.reject(new Error('the exchange ended'));
  }

  get #name(): string {
    return `phone-${this.user}`;
  }

  #expect(status: RegistryEvent['status'], act: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#awaited = { status, resolve, reject };
      act().catch(reject);
    });
  }

  async #put(type: string, fields: Record<string, string>): Promise<void> {
    await this.#ari.request('PUT', `${dynamic}/${type}/${this.#name}`, undefined, {
      fields: Object.entries(fields).map(([attribute, value]) => ({ attribute, value })),
    });
  }
}

const dynamic = 'asterisk/config/dynamic/res_pjsip';
