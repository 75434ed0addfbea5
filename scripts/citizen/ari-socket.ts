import WebSocket from 'ws';

/** The few fields of ARI's events that scripted parties need. */
export interface AriEvent {
  type: string;
  timestamp?: string;
  args?: string[];
  cause?: number;
  cause_txt?: string;
  tech_cause?: number;
  digit?: string;
  channel?: AriChannel;
}

export interface AriChannel {
  id: string;
  state: string;
  creationtime: string;
  caller?: { number?: string };
}

/** What Asterisk refused; `status` is the HTTP status, 0 when there was no answer at all. */
export class AriError extends Error {
  override readonly name = 'AriError';
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

type Query = Record<string, string | number>;

/** ARI of the exchange on one WebSocket: requests and events. It does not reconnect: its end is the exchange's end. */
export interface AriSocket {
  /** @throws AriError (as a rejection) */
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', uri: string, query?: Query, body?: object): Promise<unknown>;
  close(): void;
}

const requestTimeoutMs = 10_000;

/**
 * @param onEvent every event, in order
 * @param onClose once, when the socket is gone for whatever reason
 */
export async function openAriSocket(
  options: { port: number; user: string; password: string; application: string },
  onEvent: (event: AriEvent) => void,
  onClose: () => void,
): Promise<AriSocket> {
  const url = `ws://127.0.0.1:${options.port}/ari/events?app=${options.application}&subscribeAll=true`;
  const socket = new WebSocket(url, { auth: `${options.user}:${options.password}`, perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const waiting = new Map<string, { method: string; uri: string; done: (status: number, body: string) => void }>();
  let sequence = 0;

  socket.on('message', (raw) => {
    const message = JSON.parse(raw.toString()) as AriEvent & RestResponse;
    if (message.type !== 'RESTResponse') return onEvent(message);
    waiting.get(message.request_id)?.done(message.status_code, message.message_body ?? '');
  });
  socket.on('error', () => socket.terminate());
  socket.once('close', () => {
    for (const request of waiting.values()) request.done(0, '');
    onClose();
  });

  return {
    request(method, uri, query = {}, body) {
      return new Promise((resolve, reject) => {
        const id = String(++sequence);
        const done = (status: number, text: string) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (status >= 200 && status < 300) resolve(text === '' ? null : JSON.parse(text));
          else reject(new AriError(status, `the exchange answered ${status} to ${method} ${withoutIds(uri)}`));
        };
        const timer = setTimeout(() => done(0, ''), requestTimeoutMs);
        if (socket.readyState !== WebSocket.OPEN) return done(0, '');
        waiting.set(id, { method, uri, done });
        socket.send(
          JSON.stringify({
            type: 'RESTRequest',
            request_id: id,
            method,
            uri,
            query_strings: Object.entries(query).map(([name, value]) => ({ name, value: String(value) })),
            ...(body ? { content_type: 'application/json', message_body: JSON.stringify(body) } : {}),
          }),
        );
      });
    },
    close: () => socket.terminate(),
  };
}

interface RestResponse {
  request_id: string;
  status_code: number;
  message_body?: string;
}

/** Names of accounts may stand in paths; error texts go to people's screens. */
function withoutIds(uri: string): string {
  return uri.split('/').slice(0, 2).join('/');
}
