import type { LiveMessage } from './api-types.js';

export type Link = 'off' | 'connecting' | 'open' | 'lost';

export interface LiveOptions {
  onMessage(message: LiveMessage): void;
  onLink(link: Link): void;
  /** A connection could not be made; perhaps nobody is signed in any more. */
  onRefused(): void;
}

const firstRetryMs = 200;
const slowestRetryMs = 5000;
/** The server's close code for a sign-in that ended. */
const signedOutCode = 4001;
/** A connection that held this long was a good one: the next loss is retried at once again. */
const steadyMs = 5000;

/** The live messages, connected for ever: after a loss it goes on behind the last message that came. */
export class LiveFeed {
  readonly #options: LiveOptions;
  #socket: WebSocket | null = null;
  #timer: number | undefined;
  #failures = 0;
  #since: number | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    window.addEventListener('online', () => {
      if (this.#timer !== undefined) this.#connect();
    });
  }

  /** `since`: messages after this one are replayed; null: only what happens from now on. */
  start(since: number | null): void {
    this.stop();
    this.#since = since;
    this.#failures = 0;
    this.#options.onLink('connecting');
    this.#connect();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#options.onLink('off');
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const url = new URL('/api/live', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    if (this.#since !== null) url.searchParams.set('since', String(this.#since));
    const socket = new WebSocket(url);
    this.#socket = socket;
    let openedAt = 0;
    socket.addEventListener('open', () => {
      openedAt = Date.now();
      if (this.#socket === socket) this.#options.onLink('open');
    });
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket) this.#receive(String(data));
    });
    socket.addEventListener('close', ({ code }) => {
      if (this.#socket === socket) this.#lost(openedAt, code);
    });
  }

  #receive(data: string): void {
    const message = JSON.parse(data) as LiveMessage;
    const known = this.#since !== null && message.seq <= this.#since && message.type !== 'reset';
    if (known) return;
    this.#since = message.seq;
    this.#options.onMessage(message);
  }

  #lost(openedAt: number, code: number): void {
    this.#options.onLink('lost');
    if (openedAt === 0 || code === signedOutCode) this.#options.onRefused();
    else if (Date.now() - openedAt > steadyMs) this.#failures = 0;
    const wait = Math.min(slowestRetryMs, firstRetryMs * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = window.setTimeout(() => this.#connect(), wait);
  }
}
