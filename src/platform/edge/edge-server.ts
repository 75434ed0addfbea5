import {
  Agent,
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerAway, refuseUpgrade } from './refusal.js';
import { SignInGate } from './sign-in-gate.js';

export interface EdgeOptions {
  /** The server behind, on 127.0.0.1. */
  serverPort: number;
  /** Asterisk's HTTP, on 127.0.0.1. */
  ariPort: number;
  /** PEM texts; without them the edge speaks plain HTTP. */
  tls?: { cert: string; key: string };
  now?: () => number;
}

type Target = { port: number; path: string };

/** Headers that belong to one connection (RFC 9110, 7.6.1), or that the edge states itself. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/**
 * The public door: `/api/sip` goes to Asterisk's SIP WebSocket, everything else to the server. It holds nothing but
 * sockets, so that browser phones keep theirs while the server restarts. Not listening yet.
 */
export function createEdge(options: EdgeOptions): Server {
  const gate = new SignInGate(options.serverPort, options.now);
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const proto = options.tls ? 'https' : 'http';
  const server = options.tls ? createHttpsServer(options.tls) : createHttpServer();
  server.on('request', (incoming, response) =>
    passRequest(incoming, response, { agent, proto, port: options.serverPort }),
  );
  server.on('upgrade', (incoming, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (incoming.url?.split('?', 1)[0] !== '/api/sip') {
      passUpgrade(incoming, socket, head, { port: options.serverPort, path: incoming.url ?? '/' }, proto);
      return;
    }
    void gate.check(incoming).then((verdict) => {
      if (verdict === 'allowed') passUpgrade(incoming, socket, head, { port: options.ariPort, path: '/ws' }, proto);
      else if (verdict === 'foreignOrigin') refuseUpgrade(socket, 403, 'request.foreignOrigin');
      else if (verdict === 'notSignedIn') refuseUpgrade(socket, 401, 'account.notSignedIn');
      else refuseUpgrade(socket, 503, 'server.away');
    });
  });
  server.on('close', () => agent.destroy());
  return server;
}

function passRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  via: { agent: Agent; proto: string; port: number },
  again = false,
): void {
  const { agent, proto, port } = via;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    agent: again ? false : agent,
    method: incoming.method,
    path: incoming.url,
    headers: forwardHeaders(incoming, proto),
  });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, passable(answer.headers));
    answer.pipe(response);
    // The server died in the middle: a cut connection says so, a complete-looking answer would lie.
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else if (response.writable && outgoing.reusedSocket && !again && isRepeatable(incoming)) {
      // The server closed an idle connection just as we used it, or was restarted: not a sign that it is away.
      passRequest(incoming, response, via, true);
    } else if (!response.destroyed) answerAway(incoming, response);
  });
  response.on('close', () => outgoing.destroy());
  if (hasBody(incoming)) incoming.pipe(outgoing);
  else outgoing.end();
}

function passUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, target: Target, proto: string): void {
  const headers = {
    ...forwardHeaders(incoming, proto),
    connection: 'Upgrade',
    upgrade: incoming.headers.upgrade ?? '',
  };
  const outgoing = request({ host: '127.0.0.1', port: target.port, path: target.path, headers, agent: false });
  outgoing.on('upgrade', (answer, far: Socket, farHead) => {
    far.setNoDelay(true);
    (socket as Socket).setNoDelay(true);
    (socket as Socket).setKeepAlive(true, 30_000);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n`);
    if (farHead.length > 0) socket.write(farHead);
    if (head.length > 0) far.write(head);
    far.pipe(socket).pipe(far);
    far.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => far.destroy());
  });
  outgoing.on('response', (answer) => {
    // The other side declined, e.g. 401: its answer goes back as it is.
    socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nConnection: close\r\n`);
    socket.write(`${rawHeaders(answer, ownHeaders)}\r\n`);
    answer.pipe(socket);
  });
  outgoing.on('error', () => refuseUpgrade(socket, 503, 'server.away'));
  socket.on('close', () => outgoing.destroy());
  outgoing.end();
}

/** What the far side is told: the caller's headers, and who the caller is. Nobody stands before the edge: older marks are dropped. */
function forwardHeaders(incoming: IncomingMessage, proto: string): IncomingHttpHeaders {
  return {
    ...passable(incoming.headers),
    'x-forwarded-for': incoming.socket.remoteAddress ?? '',
    'x-forwarded-host': incoming.headers.host ?? '',
    'x-forwarded-proto': proto,
  };
}

function passable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name)));
}

function rawHeaders(message: IncomingMessage, except?: ReadonlySet<string>): string {
  let text = '';
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i] ?? '';
    if (!except?.has(name.toLowerCase())) text += `${name}: ${message.rawHeaders[i + 1]}\r\n`;
  }
  return text;
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const isRepeatable = (incoming: IncomingMessage) =>
  (incoming.method === 'GET' || incoming.method === 'HEAD') && !hasBody(incoming);
