import WebSocket from 'ws';
import { type AriRequest, pathOf } from './ari-requests.js';
import { type AriAnswer, type AriOptions, AriTelephony, type AriTransport } from './ari-telephony.js';

/**
 * REST over the event WebSocket (Asterisk ≥ 22.5): one socket for everything. Asterisk carries out the requests of a
 * socket one after the other in the order sent, so commands may be sent without waiting for each other.
 */
export function createWebSocketTelephony(options: AriOptions): AriTelephony {
  return new AriTelephony(options, new WebSocketTransport());
}

class WebSocketTransport implements AriTransport {
  #socket: WebSocket | null = null;
  #last = 0;
  readonly #waiting = new Map<string, (answer: AriAnswer) => void>();

  async opened(socket: WebSocket): Promise<void> {
    this.#socket = socket;
  }

  closed(): void {
    this.#socket = null;
    this.#waiting.clear();
  }

  received(message: unknown): boolean {
    if (!isAnswer(message)) return false;
    const resolve = this.#waiting.get(message.request_id);
    this.#waiting.delete(message.request_id);
    resolve?.({ status: message.status_code, body: parse(message.message_body) });
    return true;
  }

  send(request: AriRequest, timeoutMs: number): Promise<AriAnswer> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error('no socket'));
    this.#last += 1;
    const id = String(this.#last);
    socket.send(
      JSON.stringify({
        type: 'RESTRequest',
        request_id: id,
        method: request.method,
        uri: pathOf(request),
        query_strings: Object.entries(request.query).map(([name, value]) => ({ name, value })),
        ...(request.body && { content_type: 'application/json', message_body: JSON.stringify(request.body.value) }),
      }),
    );
    return new Promise((resolve) => {
      // Nobody waits any longer than this: the caller has told its time-out by then.
      const forget = setTimeout(() => this.#waiting.delete(id), timeoutMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(forget);
        resolve(answer);
      });
    });
  }
}

interface RestAnswer {
  type: 'RESTResponse';
  request_id: string;
  status_code: number;
  message_body?: string;
}

function isAnswer(message: unknown): message is RestAnswer {
  const answer = message as Partial<RestAnswer> | null;
  return (
    answer?.type === 'RESTResponse' && typeof answer.request_id === 'string' && typeof answer.status_code === 'number'
  );
}

function parse(body: string | undefined): unknown {
  if (!body) return null;
  try {
    return JSON.parse(body);
  } catch {
    return null; // The status says what matters; a body that is needed is checked by its schema.
  }
}
