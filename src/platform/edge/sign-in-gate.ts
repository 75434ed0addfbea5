import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';

export type Verdict = 'allowed' | 'notSignedIn' | 'foreignOrigin' | 'unknown';

/** A sign-in that the server confirmed lets a phone reconnect this long while the server is away. */
const trustedMs = 12 * 60 * 60 * 1000;
const askTimeoutMs = 2000;
/** Against a flood of made-up tokens nothing grows: only confirmed sign-ins are kept, and so many at most. */
const mostRemembered = 10_000;

/**
 * Decides who may open the SIP WebSocket: who is signed in, from a page of this very host. The server is asked each
 * time, so that a sign-out counts at once; only while it is away what it said before counts. Credentials are kept as
 * hashes.
 */
export class SignInGate {
  readonly #confirmed = new Map<string, number>();

  constructor(
    private readonly serverPort: number,
    private readonly now: () => number = Date.now,
  ) {}

  async check(incoming: IncomingMessage): Promise<Verdict> {
    const { origin, host } = incoming.headers;
    // Programs send no Origin; every browser does, and page scripts cannot change it.
    if (origin !== undefined && hostOf(origin) !== host) return 'foreignOrigin';
    const credentials = credentialsOf(incoming);
    if (!credentials) return 'notSignedIn';
    const key = createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
    const status = await this.#ask(credentials);
    if (status === 200) return this.#remember(key);
    if (status === 401 || status === 403) {
      this.#confirmed.delete(key);
      return 'notSignedIn';
    }
    return (this.#confirmed.get(key) ?? 0) > this.now() ? 'allowed' : 'unknown';
  }

  #remember(key: string): Verdict {
    this.#confirmed.delete(key);
    this.#confirmed.set(key, this.now() + trustedMs);
    const [oldest] = this.#confirmed.keys();
    if (this.#confirmed.size > mostRemembered && oldest !== undefined) this.#confirmed.delete(oldest);
    return 'allowed';
  }

  /** The status of GET /api/me with these credentials; 0 while the server is away. */
  #ask(headers: Record<string, string>): Promise<number> {
    return new Promise((answer) => {
      const asked = request(
        { host: '127.0.0.1', port: this.serverPort, path: '/api/me', headers, timeout: askTimeoutMs },
        (response) => {
          response.resume();
          answer(response.statusCode ?? 0);
        },
      );
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => answer(0));
      asked.end();
    });
  }
}

/** Bearer, then `?token=` (a browser cannot set headers on a WebSocket), then the cookie. */
function credentialsOf(incoming: IncomingMessage): Record<string, string> | null {
  const { authorization, cookie } = incoming.headers;
  if (authorization) return { authorization };
  const token = new URLSearchParams(incoming.url?.split('?')[1]).get('token');
  if (token && /^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` };
  return cookie ? { cookie } : null;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
