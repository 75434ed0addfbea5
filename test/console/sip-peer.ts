/** The other end of the browser phone's WebSocket: takes registrations, calls, and hears the hang-up. */
export class SipPeer {
  /** Settled by a BYE. */
  readonly hungUp: Promise<void>;
  #contact = '';
  #send: (message: string) => void = () => undefined;
  #answered: (sdp: string) => void = () => undefined;
  #onBye: () => void = () => undefined;

  constructor() {
    this.hungUp = new Promise((resolve) => {
      this.#onBye = resolve;
    });
  }

  receive(message: string, send: (message: string) => void): void {
    this.#send = send;
    if (message.startsWith('REGISTER')) {
      this.#contact = /<([^>]+)>/.exec(header(message, 'Contact'))?.[1] ?? '';
      send(accepted(message));
    } else if (message.startsWith('BYE')) {
      send(accepted(message));
      this.#onBye();
    } else if (/^SIP\/2\.0 200/.test(message) && header(message, 'CSeq').endsWith('INVITE')) {
      send(this.#request('ACK', `${header(message, 'To')}`, ''));
      this.#answered(message.slice(message.indexOf('\r\n\r\n') + 4));
    }
  }

  ring(sdp: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#send(this.#request('INVITE', `<${this.#contact}>`, sdp));
    });
  }

  #request(method: string, to: string, sdp: string): string {
    const lines = [
      `${method} ${this.#contact} SIP/2.0`,
      `Via: SIP/2.0/WS peer.invalid;branch=z9hG4bK-${method}`,
      'From: <sip:13800000001@peer.invalid>;tag=peer',
      `To: ${to}`,
      'Call-ID: stand-in-call',
      `CSeq: 1 ${method}`,
      'Contact: <sip:peer@peer.invalid;transport=ws>',
      'Max-Forwards: 70',
      ...(sdp ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${Buffer.byteLength(sdp)}`,
    ];
    return [...lines, '', sdp].join('\r\n');
  }
}

/** 200 OK with the request's own headers; a REGISTER's contact with them. */
function accepted(request: string): string {
  const to = header(request, 'To');
  const lines = ['Via', 'From', 'Call-ID', 'CSeq', ...(request.startsWith('REGISTER') ? ['Contact'] : [])];
  return [
    'SIP/2.0 200 OK',
    ...lines.map((name) => `${name}: ${header(request, name)}`),
    `To: ${to.includes('tag=') ? to : `${to};tag=peer`}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

const header = (message: string, name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(message)?.[1]?.trim() ?? '';
