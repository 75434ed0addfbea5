const firstRetryMs = 100;
const slowestRetryMs = 3000;

/**
 * The socket below JsSIP. JsSIP's own waits at least a second before it connects again, and a seat without its phone loses
 * calls: this one connects again at once, then with a growing pause, and tells JsSIP, which then registers anew.
 * Method names are those of JsSIP's `Socket`.
 */
export class SipSocket {
  readonly url: string;
  readonly sip_uri: string;
  via_transport: string;
  #socket: WebSocket | null = null;
  #timer: number | undefined;
  #failures = 0;
  #wanted = false;

  constructor(url: URL) {
    this.url = url.href;
    this.sip_uri = `sip:${url.host};transport=ws`;
    this.via_transport = url.protocol === 'wss:' ? 'WSS' : 'WS';
  }

  onconnect(): void {
    // JsSIP puts its own in place.
  }
  ondisconnect(_error: boolean, _code?: number, _reason?: string): void {
    // JsSIP puts its own in place.
  }
  ondata(_message: unknown): void {
    // JsSIP puts its own in place.
  }

  connect(): void {
    this.#wanted = true;
    if (this.#socket) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.url, 'sip');
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      this.#failures = 0;
      this.onconnect();
    });
    socket.addEventListener('message', ({ data }) => this.ondata(data));
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.ondisconnect(!wasClean, code, reason);
      if (!this.#wanted) return;
      const wait = this.#failures === 0 ? 0 : Math.min(slowestRetryMs, firstRetryMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#timer = window.setTimeout(() => this.connect(), wait);
    });
  }

  disconnect(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected()) return false;
    this.#socket?.send(message as string);
    return true;
  }

  isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.#socket?.readyState === WebSocket.CONNECTING;
  }
}
