import WebSocket from 'ws';
import type { Ear, Hearing } from '../../scripts/citizen/ear.js';
import {
  answerTo,
  authorize,
  header,
  methodOf,
  parseSip,
  type SipMessage,
  statusOf,
  token,
  writeSip,
} from './sip-message.js';
import { openRtpEnd, type RtpEnd } from './sip-rtp.js';

export interface SipWsPhoneOptions {
  /** `ws://127.0.0.1:3000/api/sip`, or Asterisk's own `ws://127.0.0.1:8088/ws`. */
  url: string;
  /** Sent with the upgrade: a page's cookie. */
  headers?: Record<string, string>;
  /** An account of kind `sip`: its media is plain RTP, no DTLS. */
  user: string;
  password: string;
  /** What an INVITE meets; `answer` after 0 ms by default. */
  policy?: { kind: 'answer'; afterMs?: number } | { kind: 'ring' } | { kind: 'busy' };
  /** Spoken after the answer; silence by default. */
  toneHz?: number;
  /** Seconds; half of it passes between registrations. */
  expirySeconds?: number;
}

/**
 * A seat as a browser has it, without a browser: SIP over one WebSocket (RFC 7118), registered with digest, and like a
 * page's softphone it opens the socket again by itself and registers anew. Media is plain RTP on loopback.
 */
export interface SipWsPhone {
  /** The first registration; rejects when it is refused. */
  readonly registered: Promise<void>;
  /** Successful registrations so far, renewals included. */
  readonly registrations: number;
  /** Sockets opened so far: 1 while nothing broke. */
  readonly connections: number;
  readonly calls: readonly WsCall[];
  nextCall(): Promise<WsCall>;
  /** The next successful registration from now on. */
  nextRegistration(): Promise<void>;
  /** Registers once more on the same socket; rejects when it is refused. */
  renew(): Promise<void>;
  /** Breaks the socket without a word, as a network does; it comes back by itself. */
  drop(): void;
  /** Unregisters, hangs up, closes. */
  close(): Promise<void>;
}

/** A call that came in over the WebSocket. Times are milliseconds since the epoch. */
export interface WsCall {
  readonly invitedAt: number;
  readonly answered: Promise<number | null>;
  readonly ended: Promise<{ at: number; byUs: boolean }>;
  readonly ear: Ear;
  readonly up: boolean;
  heard(hz: number, options?: Hearing): Promise<number | null>;
  setTone(hz: number | null): void;
  hangUp(): void;
}

const reconnectMs = 250;

export function openSipWsPhone(options: SipWsPhoneOptions): SipWsPhone {
  return new WsPhone(options);
}

class WsPhone implements SipWsPhone {
  registrations = 0;
  connections = 0;
  readonly registered: Promise<void>;
  readonly calls: IncomingWsCall[] = [];
  readonly #byId = new Map<string, IncomingWsCall>();
  readonly #answers = new Map<string, (answer: SipMessage) => void>();
  readonly #takers: ((call: WsCall) => void)[] = [];
  readonly #registrationTakers: (() => void)[] = [];
  readonly #callId = token();
  readonly #contact = `${token()}.invalid`;
  readonly #domain: string;
  #socket: WebSocket | null = null;
  #sequence = 0;
  #handedOut = 0;
  #closed = false;
  #renewal: NodeJS.Timeout | undefined;

  constructor(readonly options: SipWsPhoneOptions) {
    this.#domain = new URL(options.url).hostname;
    this.registered = new Promise((resolve, reject) => this.#connect(resolve, reject));
    this.registered.catch(() => undefined);
  }

  nextCall(): Promise<WsCall> {
    const call = this.calls[this.#handedOut++];
    return call ? Promise.resolve(call) : new Promise((resolve) => this.#takers.push(resolve));
  }

  nextRegistration(): Promise<void> {
    return new Promise((resolve) => this.#registrationTakers.push(resolve));
  }

  async renew(expires = this.options.expirySeconds ?? 60): Promise<void> {
    let answer = await this.#register(expires, null);
    if (statusOf(answer) === 401) answer = await this.#register(expires, header(answer, 'www-authenticate'));
    if (statusOf(answer) !== 200) throw new Error(`REGISTER was answered ${statusOf(answer)}`);
    if (expires === 0) return;
    this.registrations++;
    for (const take of this.#registrationTakers.splice(0)) take();
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.renew().catch(() => undefined), expires * 500);
  }

  drop(): void {
    this.#socket?.terminate();
  }

  async close(): Promise<void> {
    for (const call of this.calls) call.hangUp();
    if (this.#socket?.readyState === WebSocket.OPEN) await this.renew(0).catch(() => undefined);
    this.#closed = true;
    clearTimeout(this.#renewal);
    this.#socket?.terminate();
    for (const call of this.calls) call.onGone();
  }

  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  get contact(): string {
    return `<sip:${this.options.user}@${this.#contact};transport=ws>`;
  }

  /** @param first settles the first registration */
  #connect(first: () => void = () => undefined, failed: (error: Error) => void = () => undefined): void {
    const socket = new WebSocket(this.options.url, 'sip', { headers: this.options.headers ?? {} });
    this.#socket = socket;
    socket.on('open', () => {
      this.connections++;
      this.renew().then(first, failed);
    });
    socket.on('message', (text) => this.#take(parseSip(text.toString())));
    socket.on('error', failed);
    socket.on('close', () => {
      clearTimeout(this.#renewal);
      if (!this.#closed) setTimeout(() => this.#closed || this.#connect(), reconnectMs);
    });
  }

  #register(expires: number, challenge: string | null): Promise<SipMessage> {
    const uri = `sip:${this.#domain}`;
    const aor = `<sip:${this.options.user}@${this.#domain}>`;
    const branch = `z9hG4bK${token()}`;
    const headers: [string, string][] = [
      ['Via', `SIP/2.0/WS ${this.#contact};branch=${branch}`],
      ['Max-Forwards', '70'],
      ['From', `${aor};tag=${token()}`],
      ['To', aor],
      ['Call-ID', this.#callId],
      ['CSeq', `${++this.#sequence} REGISTER`],
      ['Contact', `${this.contact};expires=${expires}`],
    ];
    if (challenge) headers.push(['Authorization', authorize(challenge, this.options, 'REGISTER', uri)]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('REGISTER was not answered')), 5000);
      this.#answers.set(branch, (answer) => {
        clearTimeout(timer);
        this.#answers.delete(branch);
        resolve(answer);
      });
      this.send(writeSip(`REGISTER ${uri} SIP/2.0`, headers));
    });
  }

  #take(message: SipMessage): void {
    const method = methodOf(message);
    if (method === null) {
      const branch = /branch=([^;,\s]+)/.exec(header(message, 'via'))?.[1] ?? '';
      if (statusOf(message) >= 200) this.#answers.get(branch)?.(message);
      return;
    }
    const call = this.#byId.get(header(message, 'call-id'));
    if (call) return call.onRequest(method, message);
    if (method === 'INVITE') return void this.#onInvite(message);
    if (method === 'OPTIONS') return this.send(answerTo(message, '200 OK', { tag: token() }));
    if (method !== 'ACK') this.send(answerTo(message, '481 Call Does Not Exist', { tag: token() }));
  }

  async #onInvite(invite: SipMessage): Promise<void> {
    const invitedAt = Date.now();
    this.send(answerTo(invite, '100 Trying'));
    const call = new IncomingWsCall(this, invite, invitedAt, await openRtpEnd());
    this.#byId.set(header(invite, 'call-id'), call);
    this.calls.push(call);
    // `nextCall` hands out each call once.
    const taker = this.#takers.shift();
    if (taker) taker(call);
    call.start(this.options.policy ?? { kind: 'answer' });
  }
}

class IncomingWsCall implements WsCall {
  readonly answered: Promise<number | null>;
  readonly ended: Promise<{ at: number; byUs: boolean }>;
  readonly ear: Ear;
  up = false;
  readonly #tag = token();
  #state: 'ringing' | 'up' | 'over' = 'ringing';
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #answeredNow: (at: number | null) => void = () => undefined;
  #endedNow: (end: { at: number; byUs: boolean }) => void = () => undefined;

  constructor(
    private readonly phone: WsPhone,
    private readonly invite: SipMessage,
    readonly invitedAt: number,
    private readonly rtp: RtpEnd,
  ) {
    this.ear = rtp.ear;
    this.answered = new Promise((resolve) => {
      this.#answeredNow = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#endedNow = resolve;
    });
  }

  start(policy: NonNullable<SipWsPhoneOptions['policy']>): void {
    if (policy.kind === 'busy') {
      this.#answer(this.invite, '486 Busy Here');
      return this.#over(true);
    }
    this.#answer(this.invite, '180 Ringing');
    if (policy.kind === 'answer') this.#timer = setTimeout(() => this.#accept(), policy.afterMs ?? 0);
  }

  heard(hz: number, options?: Hearing): Promise<number | null> {
    return this.ear.heard(hz, options);
  }

  setTone(hz: number | null): void {
    this.rtp.setTone(hz);
  }

  hangUp(): void {
    if (this.#state === 'ringing') this.#answer(this.invite, '603 Decline');
    if (this.#state === 'up') this.phone.send(this.#bye());
    if (this.#state !== 'over') this.#over(true);
  }

  onRequest(method: string, request: SipMessage): void {
    if (method === 'ACK') return;
    if (method === 'CANCEL') {
      this.#answer(request, '200 OK');
      if (this.#state !== 'ringing') return;
      this.#answer(this.invite, '487 Request Terminated');
      return this.#over(false);
    }
    if (method === 'BYE') {
      this.#answer(request, '200 OK');
      return this.#over(false);
    }
    if (method === 'INVITE' || method === 'UPDATE') return this.#answer(request, '200 OK', request.body !== '');
    this.#answer(request, '200 OK');
  }

  /** The phone is closed: nobody will say anything more. */
  onGone(): void {
    this.#over(true);
  }

  #accept(): void {
    if (this.#state !== 'ringing') return;
    const host = /^c=IN IP4 (\S+)/m.exec(this.invite.body)?.[1];
    const port = Number(/^m=audio (\d+)/m.exec(this.invite.body)?.[1] ?? 0);
    this.rtp.setTone(this.phone.options.toneHz ?? null);
    if (host && port > 0) this.rtp.sendTo(host, port);
    this.#state = 'up';
    this.up = true;
    this.#answer(this.invite, '200 OK', true);
    this.#answeredNow(Date.now());
  }

  #over(byUs: boolean): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.up = false;
    clearTimeout(this.#timer);
    this.rtp.close();
    this.#answeredNow(null);
    this.#endedNow({ at: Date.now(), byUs });
  }

  #answer(request: SipMessage, status: string, withSdp = false): void {
    const headers: [string, string][] = [['Contact', this.phone.contact]];
    if (withSdp) headers.push(['Content-Type', 'application/sdp']);
    this.phone.send(answerTo(request, status, { tag: this.#tag, headers, body: withSdp ? this.#sdp() : '' }));
  }

  /** A-law only, and keys as RFC 4733 events under the number that was offered. */
  #sdp(): string {
    const keys = /^a=rtpmap:(\d+) telephone-event/m.exec(this.invite.body)?.[1];
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${this.rtp.ear.port} RTP/AVP 8${keys ? ` ${keys}` : ''}`,
      'a=rtpmap:8 PCMA/8000',
      ...(keys ? [`a=rtpmap:${keys} telephone-event/8000`] : []),
      'a=ptime:20',
      'a=sendrecv',
      '',
    ].join('\r\n');
  }

  /** In the dialog, From and To have changed places. */
  #bye(): string {
    const target = /<([^>]+)>/.exec(header(this.invite, 'contact'))?.[1] ?? '';
    const routes = this.invite.headers.filter(([name]) => name === 'record-route');
    return writeSip(`BYE ${target} SIP/2.0`, [
      ['Via', `SIP/2.0/WS ${token()}.invalid;branch=z9hG4bK${token()}`],
      ['Max-Forwards', '70'],
      ...routes.map(([, value]): [string, string] => ['Route', value]),
      ['From', `${header(this.invite, 'to')};tag=${this.#tag}`],
      ['To', header(this.invite, 'from')],
      ['Call-ID', header(this.invite, 'call-id')],
      ['CSeq', `${++this.#sequence} BYE`],
    ]);
  }
}
