import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { createEdge } from '../../../src/platform/edge/edge-server.js';
import { freePort } from '../../support/ports.js';

type Test = Pick<typeof t, 'teardown'>;

async function listen(test: Test, server: Server, port = 0): Promise<number> {
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  test.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** An Asterisk that answers every SIP message with its own text. */
async function fakeAsterisk(test: Test): Promise<number> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: '/ws', handleProtocols: () => 'sip' });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  test.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return listen(test, http);
}

async function edgeBefore(test: Test, serverPort: number, ariPort: number, now?: () => number) {
  const edge = createEdge({ serverPort, ariPort, ...(now && { now }) });
  return listen(test, edge as Server);
}

const signedIn: RequestListener = (request, response) => {
  const ok = request.headers.authorization === 'Bearer good' || request.headers.cookie === 'seat=good';
  response.writeHead(ok ? 200 : 401).end('{}');
};

/** Opens a socket; answers with its first echo, or the status of the refusal. */
function openSip(
  port: number,
  query = '',
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; said: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/sip${query}`, 'sip', { headers });
  return new Promise((answer) => {
    socket.on('open', () => socket.send('OPTIONS'));
    socket.once('message', (data) => answer({ socket, said: String(data) }));
    socket.on('unexpected-response', (_, response: IncomingMessage) => {
      response.resume();
      answer({ socket, said: String(response.statusCode) });
    });
    socket.on('error', () => socket.terminate());
  });
}

t.test('requests pass with the caller’s address, forged marks do not', async (t) => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    request.pipe(response.writeHead(201, { 'x-own': 'yes' }));
  });
  const port = await edgeBefore(t, await listen(t, server), await freePort());
  const answer = await fetch(`http://127.0.0.1:${port}/api/tickets?x=1`, {
    method: 'POST',
    body: '供水'.repeat(100_000),
    headers: { 'x-forwarded-for': '10.9.9.9', forwarded: 'for=10.9.9.9' },
  });
  t.equal(answer.status, 201);
  t.equal(answer.headers.get('x-own'), 'yes');
  t.same(answer.headers.getSetCookie(), ['a=1', 'b=2']);
  t.equal((await answer.text()).length, 200_000);
  t.match(seen[0], {
    url: '/api/tickets?x=1',
    headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', host: `127.0.0.1:${port}` },
  });
  t.equal(seen[0]?.headers.forwarded, undefined);
});

t.test('while the server is away programs get the code, people a page that tries again', async (t) => {
  const port = await edgeBefore(t, await freePort(), await freePort());
  const json = await fetch(`http://127.0.0.1:${port}/api/calls`);
  t.equal(json.status, 503);
  t.equal(json.headers.get('retry-after'), '2');
  t.match(await json.json(), { code: 'server.away', message: String, hint: String });
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html,*/*' } });
  t.equal(page.status, 503);
  t.match(await page.text(), /http-equiv="refresh"/);
  const live = new WebSocket(`ws://127.0.0.1:${port}/api/live`);
  live.on('error', () => live.terminate());
  const [, refusal] = await new Promise<[unknown, IncomingMessage]>((answer) =>
    live.on('unexpected-response', (...args) => answer(args)),
  );
  t.equal(refusal.statusCode, 503);
});

t.test('a server that dies in the middle of an answer cuts the connection', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setImmediate(() => response.destroy());
  });
  const port = await edgeBefore(t, await listen(t, server), await freePort());
  await t.rejects(fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text()));
});

t.test('a restarted server is found again at once, also by reused connections', async (t) => {
  const serverPort = await freePort();
  const start = async () => {
    const server = createServer((_, response) => response.end('here'));
    await new Promise<void>((listening) => server.listen(serverPort, '127.0.0.1', listening));
    return server;
  };
  const port = await edgeBefore(t, serverPort, await freePort());
  for (let round = 0; round < 3; round++) {
    const server = await start();
    t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'here');
    await new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    });
  }
});

t.test('only who is signed in, from this host’s own page, gets to the SIP WebSocket', async (t) => {
  const port = await edgeBefore(t, await listen(t, createServer(signedIn)), await fakeAsterisk(t));
  const own = `http://127.0.0.1:${port}`;
  const tries: [string, string, Record<string, string>, string][] = [
    ['nothing', '', {}, '401'],
    ['a wrong token', '?token=bad', {}, '401'],
    ['a token in the address', '?token=good', {}, 'echo OPTIONS'],
    ['a bearer', '', { authorization: 'Bearer good' }, 'echo OPTIONS'],
    ['a cookie from the own page', '', { cookie: 'seat=good', origin: own }, 'echo OPTIONS'],
    ['a cookie from another page', '', { cookie: 'seat=good', origin: 'http://elsewhere.example' }, '403'],
    ['a cookie from a sandboxed page', '', { cookie: 'seat=good', origin: 'null' }, '403'],
  ];
  for (const [what, query, headers, expected] of tries) {
    const { socket, said } = await openSip(port, query, headers);
    t.equal(said, expected, what);
    if (said.startsWith('echo')) t.equal(socket.protocol, 'sip');
    socket.terminate();
  }
});

t.test('a malformed address ends one connection and not the process', async (t) => {
  const port = await edgeBefore(t, await freePort(), await freePort());
  for (const path of ['//', 'http://[', '/api/sip?token=%', '*']) {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    const answer = await new Promise<string>((said) => socket.once('data', (data) => said(String(data))));
    t.match(answer, /^HTTP\/1.1 (503|401) /, path);
    socket.destroy();
  }
});

t.test('a phone’s socket outlives kill -9 of the server, and a known sign-in reconnects meanwhile', async (t) => {
  let now = 0;
  const serverPort = await freePort();
  const script = `require('http').createServer((q, r) => r.writeHead(q.headers.authorization === 'Bearer good' ? 200 : 401).end())
    .listen(${serverPort}, '127.0.0.1', () => console.log('up'))`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((up) => child.stdout?.once('data', up));
  const port = await edgeBefore(t, serverPort, await fakeAsterisk(t), () => now);
  const phone = await openSip(port, '?token=good');
  t.equal(phone.said, 'echo OPTIONS');

  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 503);
  const echo = new Promise((said) => phone.socket.once('message', (data) => said(String(data))));
  phone.socket.send('BYE');
  t.equal(await echo, 'echo BYE', 'the open socket goes on');
  phone.socket.terminate();

  t.equal((await openSip(port, '?token=never-seen')).said, '503', 'an unknown sign-in waits for the server');
  now += 11 * 3_600_000;
  const again = await openSip(port, '?token=good');
  t.equal(again.said, 'echo OPTIONS', 'a confirmed one does not');
  again.socket.terminate();
  now += 2 * 3_600_000;
  t.equal((await openSip(port, '?token=good')).said, '503', 'after 12 hours it must');
});

t.test('a sign-out counts at once', async (t) => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end());
  const port = await edgeBefore(t, await listen(t, server), await fakeAsterisk(t));
  const first = await openSip(port, '?token=good');
  t.equal(first.said, 'echo OPTIONS');
  first.socket.terminate();
  status = 401;
  t.equal((await openSip(port, '?token=good')).said, '401');
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  t.equal((await openSip(port, '?token=good')).said, '503', 'and is not forgotten when the server goes away');
});
