import { UA } from 'jssip';
import type { RTCSessionEvent } from 'jssip/lib/UA.js';
import { SipSocket } from './sip-socket.js';

/**
 * The browser's phone, as the page knows it; JsSIP stays in this file.
 *
 * ```
 *  off ──start──▶ connecting ──▶ registered ◀──▶ lost          refused: the account was not accepted
 *  none ──INVITE──▶ ringing ──answer──▶ answering ──▶ talking ──▶ none
 * ```
 */
export interface PhoneState {
  readonly line: 'off' | 'connecting' | 'registered' | 'lost' | 'refused' | 'elsewhere';
  readonly call: 'none' | 'ringing' | 'answering' | 'talking';
  readonly muted: boolean;
  readonly problem: PhoneProblem | null;
}

export type PhoneProblem =
  | 'insecure'
  | 'denied'
  | 'noMicrophone'
  | 'microphoneBusy'
  | 'media'
  | 'credentials'
  | 'sound';

export interface PhoneAccount {
  /** Host of the registrar, as in the seat's SIP URI. */
  host: string;
  user: string;
  password: string;
  wsPath: string;
}

export interface Phone {
  /** Asks for the microphone, so that no question comes up during a call, and registers. */
  start(account: PhoneAccount): Promise<void>;
  /** Hangs up, unregisters. */
  stop(): void;
  /** Answers what rings; false when nothing rings yet: then what comes within the next seconds is answered. */
  answer(): boolean;
  /** Hangs up, or rejects what rings. */
  hangUp(): void;
  mute(on: boolean): void;
}

/** Seconds; short, because a proxy on the way may close a silent WebSocket after a minute. */
const registerExpires = 60;
const answerSoonMs = 8000;
/** Host candidates come within milliseconds; JsSIP would wait for the end of gathering, which can take long without STUN. */
const candidatesMs = 100;
/** After a registration that failed although the connection holds: Asterisk restarts, or its accounts are being made. */
const registerAgainMs = 2000;
const off: PhoneState = { line: 'off', call: 'none', muted: false, problem: null };

export function createPhone(audio: HTMLAudioElement, onChange: (state: PhoneState) => void): Phone {
  return new SipPhone(audio, onChange);
}

type Incoming = ReturnType<UA['call']>;

class SipPhone implements Phone {
  readonly #audio: HTMLAudioElement;
  readonly #onChange: (state: PhoneState) => void;
  #state = off;
  #agent: UA | null = null;
  #incoming: Incoming | null = null;
  #answerUntil = 0;
  #release: (() => void) | null = null;
  #again: number | undefined;
  /** Counts starts and stops: one that was overtaken while it waited does nothing more. */
  #turn = 0;

  constructor(audio: HTMLAudioElement, onChange: (state: PhoneState) => void) {
    this.#audio = audio;
    this.#onChange = onChange;
  }

  async start({ host, user, password, wsPath }: PhoneAccount): Promise<void> {
    this.stop();
    const turn = ++this.#turn;
    this.#set({ line: 'connecting', problem: null });
    const problem = await microphoneProblem();
    if (turn !== this.#turn) return;
    if (problem) return this.#set({ line: 'off', problem });
    const release = await holdLock(`hotline.phone.${user}`, () => {
      if (turn === this.#turn) this.#set({ line: 'elsewhere' });
    });
    if (turn !== this.#turn) return release();
    this.#release = release;
    this.#set({ line: 'connecting' });
    this.#register(host, user, password, wsPath);
  }

  stop(): void {
    this.#turn += 1;
    this.hangUp();
    const agent = this.#agent;
    this.#agent = null;
    clearTimeout(this.#again);
    agent?.stop();
    this.#release?.();
    this.#release = null;
    this.#set(off);
  }

  answer(): boolean {
    const incoming = this.#incoming;
    if (!incoming || this.#state.call !== 'ringing') {
      this.#answerUntil = Date.now() + answerSoonMs;
      return false;
    }
    this.#answerUntil = 0;
    this.#set({ call: 'answering', problem: null });
    incoming.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
    return true;
  }

  hangUp(): void {
    this.#answerUntil = 0;
    const incoming = this.#incoming;
    if (!incoming || incoming.isEnded()) return;
    if (this.#state.call === 'ringing') incoming.terminate({ status_code: 486, reason_phrase: 'Busy Here' });
    else incoming.terminate();
  }

  mute(on: boolean): void {
    if (on) this.#incoming?.mute({ audio: true });
    else this.#incoming?.unmute({ audio: true });
    this.#set({ muted: on });
  }

  #register(host: string, user: string, password: string, wsPath: string): void {
    const url = new URL(wsPath, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const agent = new UA({
      sockets: [new SipSocket(url)],
      uri: `sip:${user}@${host}`,
      password,
      register: true,
      register_expires: registerExpires,
      session_timers: false,
      no_answer_timeout: 3600,
      user_agent: 'hotline12345 console',
    });
    const tell = (change: Partial<PhoneState>) => {
      if (this.#agent === agent) this.#set(change);
    };
    agent.on('registered', () => {
      tell({ line: 'registered', problem: null });
      // The other side still sends this call's requests down the lost connection: tell it the new one.
      if (this.#state.call === 'talking') this.#incoming?.renegotiate();
    });
    agent.on('unregistered', () => tell({ line: 'lost' }));
    agent.on('disconnected', () => {
      if (this.#state.line === 'registered') tell({ line: 'lost' });
    });
    agent.on('registrationFailed', ({ response }) => {
      const refused = response && [401, 403, 404].includes(response.status_code);
      if (refused) tell({ line: 'refused', problem: 'credentials' });
      else if (response) tell({ line: 'lost' });
      clearTimeout(this.#again);
      this.#again = window.setTimeout(() => agent.isConnected() && agent.register(), registerAgainMs);
    });
    agent.on('newRTCSession', ({ session, originator }: RTCSessionEvent) => {
      if (originator !== 'remote') return;
      if (this.#incoming && !this.#incoming.isEnded()) session.terminate({ status_code: 486 });
      else this.#ring(session);
    });
    this.#agent = agent;
    agent.start();
  }

  #ring(session: Incoming): void {
    this.#incoming = session;
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', ({ streams, track }) => {
        this.#audio.srcObject = streams[0] ?? new MediaStream([track]);
        this.#audio.play().catch(() => this.#set({ problem: 'sound' }));
      });
    });
    let timer: number | undefined;
    session.on('icecandidate', ({ ready }) => {
      clearTimeout(timer);
      timer = window.setTimeout(ready, candidatesMs);
    });
    session.on('confirmed', () => this.#set({ call: 'talking', muted: false }));
    session.on('getusermediafailed', (error: unknown) => this.#set({ problem: problemOf(error) }));
    for (const type of ['peerconnection:createanswerfailed', 'peerconnection:setremotedescriptionfailed'] as const)
      session.on(type, () => this.#set({ problem: 'media' }));
    const over = () => {
      clearTimeout(timer);
      if (this.#incoming !== session) return;
      this.#incoming = null;
      this.#audio.srcObject = null;
      this.#set({ call: 'none', muted: false });
    };
    session.on('ended', over);
    session.on('failed', over);
    this.#set({ call: 'ringing' });
    if (Date.now() < this.#answerUntil) this.answer();
  }

  #set(change: Partial<PhoneState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onChange(this.#state);
  }
}

/** Opens the microphone for a moment. */
async function microphoneProblem(): Promise<PhoneProblem | null> {
  if (!window.isSecureContext || !navigator.mediaDevices) return 'insecure';
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): PhoneProblem {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'noMicrophone';
  if (name === 'NotReadableError' || name === 'AbortError') return 'microphoneBusy';
  return 'media';
}

/** Two tabs with one account would take calls from each other: one holds it, the next waits. Resolves to its release. */
async function holdLock(name: string, onWait: () => void): Promise<() => void> {
  const take = (options: LockOptions) =>
    new Promise<(() => void) | null>((resolve, reject) => {
      const held = (lock: Lock | null) =>
        lock ? new Promise<void>((release) => resolve(() => release())) : resolve(null);
      navigator.locks.request(name, options, held).catch(reject);
    });
  const free = await take({ ifAvailable: true });
  if (free) return free;
  onWait();
  return (await take({})) ?? (() => undefined);
}
