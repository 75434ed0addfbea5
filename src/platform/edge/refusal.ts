import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorRegistry } from '../errors.js';

/** The same body as the server's own errors. */
function body(code: ErrorCode): string {
  const { zh, en, hint } = errorRegistry[code];
  return JSON.stringify({ code, message: `${zh} / ${en}`, hint });
}

/** Tells a program (JSON) or a person (a page that tries again by itself) that the server is away. */
export function answerAway(incoming: IncomingMessage, response: ServerResponse): void {
  const page = incoming.method === 'GET' && (incoming.headers.accept ?? '').includes('text/html');
  response.writeHead(503, {
    'content-type': page ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': '2',
  });
  response.end(page ? awayPage() : body('server.away'));
}

/** Refuses an upgrade: the socket gets a whole HTTP answer and is closed. */
export function refuseUpgrade(socket: Duplex, status: number, code: ErrorCode): void {
  const text = body(code);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function awayPage(): string {
  const { zh, en, hint } = errorRegistry['server.away'];
  return `<!doctype html><html lang="zh"><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>12345</title>
<body style="font-family:sans-serif;text-align:center;margin-top:20vh"><h1>${zh}</h1><p lang="en">${en}. ${hint}</p></body></html>\n`;
}
