import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { errorRegistry } from '../../src/platform/errors.js';
import { pageRoutes } from '../../src/platform/http/pages.js';
import { SipPeer } from './sip-peer.js';

export const me = { id: 'agent-1', name: '演示话务员', roles: ['agent'] };

export interface StandInTicket {
  ticketId: string;
  number: string;
  version: number;
  callId: string;
  state: string;
  type: string | null;
  title: string;
  text: string;
  place: string;
  callerName: string;
}

export interface LiveEntry {
  v: 1;
  seq: number;
  at: string;
  type: string;
  data: Record<string, unknown>;
}

/** Plays the hotline's API for the page, in memory; the test moves it. */
export interface StandIn {
  app: FastifyInstance;
  url: string;
  seat: Record<string, unknown> | null;
  /** Every live message so far; the first has `seq` 1. */
  log: LiveEntry[];
  tickets: Map<string, StandInTicket>;
  calls: Record<string, unknown>[];
  /** `since` of every live connection, in order. */
  sinces: (string | undefined)[];
  /** Requests that write tickets: `POST` or `PATCH`. */
  writes: string[];
  /** Registrations of the browser's phone. */
  registered: number;
  /** Calls the browser's phone with this offer; resolves to the phone's answer once it was picked up. */
  ring(sdp: string): Promise<string>;
  /** Resolves when the browser's phone hangs up. */
  hungUp(): Promise<void>;
  /** While true, writes of tickets answer 503, as a proxy does when the server is away. */
  away: boolean;
  /** While true, live connections are closed at once. */
  refuseLive: boolean;
  push(type: string, data: Record<string, unknown>): void;
  setSeat(change: Record<string, unknown>): void;
  dropLive(): void;
  dropPhones(): void;
}

const account = { name: '1001', password: 'right-password' };

export async function startStandIn(port = 0): Promise<StandIn> {
  const app = fastify();
  await app.register(helmet);
  await app.register(cookie);
  await app.register(websocket, {
    options: { handleProtocols: (protocols: Set<string>) => (protocols.has('sip') ? 'sip' : false) },
  });
  await app.register(pageRoutes);
  const live = new Set<WebSocket>();
  const phones = new Set<WebSocket>();
  const log: LiveEntry[] = [];
  const phone = new SipPeer();
  const standIn: StandIn = {
    app,
    url: '',
    seat: null,
    tickets: new Map(),
    calls: [],
    sinces: [],
    writes: [],
    registered: 0,
    away: false,
    refuseLive: false,
    log,
    push(type, data) {
      const entry: LiveEntry = { v: 1, seq: log.length + 1, at: new Date().toISOString(), type, data };
      log.push(entry);
      for (const socket of live) socket.send(JSON.stringify(entry));
    },
    setSeat(change) {
      standIn.seat = { ...standIn.seat, since: new Date().toISOString(), callId: null, wakeAt: null, ...change };
      const { sip: _, ...open } = standIn.seat;
      standIn.push('seat.changed', open);
    },
    ring: (sdp) => phone.ring(sdp),
    hungUp: () => phone.hungUp,
    dropLive: () => live.forEach((socket) => void socket.terminate()),
    dropPhones: () => phones.forEach((socket) => void socket.terminate()),
  };

  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/') || request.url === '/api/sign-in') return;
    if (request.cookies.hotline_sign_in !== 'yes')
      return reply.code(401).send({ code: 'account.notSignedIn', message: '请先登录' });
  });
  app.post<{ Body: { name: string; password: string } }>('/api/sign-in', async ({ body }, reply) => {
    if (body.name !== account.name || body.password !== account.password)
      return reply.code(401).send({ code: 'account.wrongPassword', message: '用户名或密码错误', hint: '请重新输入。' });
    reply.setCookie('hotline_sign_in', 'yes', { httpOnly: true, sameSite: 'strict', path: '/' });
    return { token: 'stand-in', account: me };
  });
  app.post('/api/sign-out', async (_, reply) =>
    reply.clearCookie('hotline_sign_in', { path: '/' }).code(204).send(null),
  );
  app.get('/api/me', async () => me);

  app.get('/api/seat', async () => ({ seat: standIn.seat }));
  app.get('/api/seats', async () => ({
    items: [
      { seat: '1001', takenBy: standIn.seat ? me.name : null },
      { seat: '1002', takenBy: '王小明' },
      { seat: '1003', takenBy: null },
    ],
  }));
  app.put<{ Body: { seat?: string | null; state?: string } }>('/api/seat', async ({ body }, reply) => {
    if (body.state && standIn.seat?.state === 'talking')
      return refuse(reply, 409, 'seat.moveNotAllowed', ['ready', 'wrapUp']);
    if (body.seat === null) {
      standIn.push('seat.changed', { seat: standIn.seat?.seat, agentId: null, state: null });
      standIn.seat = null;
    } else if (body.seat) standIn.setSeat({ ...newSeat(body.seat), sip: sipOf(body.seat) });
    if (body.state) standIn.setSeat({ state: body.state, reason: 'agent' });
    return { seat: standIn.seat };
  });

  app.get('/api/queues', async () => ({
    items: [
      { name: 'general', labels: { zh: '政务服务', en: 'Government service' } },
      { name: 'enterprise', labels: { zh: '亲清e线', en: 'Enterprise line' } },
      { name: 'english', labels: { zh: '英语', en: 'English' } },
    ],
  }));

  app.get('/api/calls', async () => ({ items: standIn.calls, next: null }));
  app.get<{ Params: { id: string } }>('/api/calls/:id', async ({ params }, reply) => {
    const call = standIn.calls.find(({ id }) => id === params.id);
    return call ?? refuse(reply, 404, 'request.notFound');
  });
  app.get('/api/calls/:id/recording', async (_, reply) => reply.type('audio/wav').send(twoTones(2)));

  app.get<{ Querystring: { callId?: string } }>('/api/tickets', async ({ query }) => ({
    items: [...standIn.tickets.values()].filter(({ callId }) => callId === query.callId),
    next: null,
  }));
  app.get<{ Params: { id: string } }>('/api/tickets/:id', async ({ params }, reply) => {
    return standIn.tickets.get(params.id) ?? refuse(reply, 404, 'request.notFound');
  });
  app.post<{ Body: Partial<StandInTicket> & { callId: string } }>('/api/tickets', async (request, reply) => {
    if (standIn.away) return reply.code(503).send('away');
    standIn.writes.push('POST');
    if (!request.headers['idempotency-key']) return refuse(reply, 400, 'request.invalid');
    const ticketId = `ticket-${standIn.tickets.size + 1}`;
    const empty = { state: 'open', type: null, title: '', text: '', place: '', callerName: '' };
    const ticket = { ...empty, ...request.body, ticketId, number: '20261121000017', version: 1 };
    standIn.tickets.set(ticketId, ticket);
    return reply.code(201).send(ticket);
  });
  app.patch<{ Params: { id: string }; Body: Partial<StandInTicket> }>('/api/tickets/:id', async (request, reply) => {
    if (standIn.away) return reply.code(503).send('away');
    standIn.writes.push('PATCH');
    const ticket = standIn.tickets.get(request.params.id);
    if (!ticket) return refuse(reply, 404, 'request.notFound');
    if (request.body.version !== ticket.version)
      return reply.code(409).send({ code: 'ticket.changedMeanwhile', message: '工单已被修改' });
    Object.assign(ticket, request.body, { version: ticket.version + 1 });
    return ticket;
  });

  app.get('/api/live', { websocket: true }, (socket: WebSocket, request: FastifyRequest) => {
    if (standIn.refuseLive) return socket.terminate();
    const { since } = request.query as { since?: string };
    standIn.sinces.push(since);
    live.add(socket);
    socket.on('close', () => live.delete(socket));
    if (since !== undefined) for (const entry of log) if (entry.seq > Number(since)) socket.send(JSON.stringify(entry));
  });
  app.get('/api/sip', { websocket: true }, (socket: WebSocket) => {
    phones.add(socket);
    socket.on('close', () => phones.delete(socket));
    socket.on('message', (data) => {
      const message = String(data);
      if (message.startsWith('REGISTER')) standIn.registered += 1;
      phone.receive(message, (reply) => socket.send(reply));
    });
  });
  standIn.url = await app.listen({ port, host: '127.0.0.1' });
  return standIn;
}

function refuse(reply: FastifyReply, status: number, code: keyof typeof errorRegistry, allowed?: string[]) {
  const { zh, hintZh } = errorRegistry[code];
  return reply.code(status).send({ code, message: zh, hint: hintZh, ...(allowed ? { allowed } : {}) });
}

const newSeat = (seat: string) => ({
  seat,
  agentId: me.id,
  agentName: me.name,
  state: 'offline',
  reason: 'signedIn',
  queues: ['general', 'enterprise'],
  phoneReachable: false,
});

const sipOf = (seat: string) => ({
  uri: `sip:${seat}@127.0.0.1:5060`,
  user: seat,
  password: 'desk-secret',
  wsPath: '/api/sip',
  webUser: `${seat}-web`,
  webPassword: 'web-secret',
});

/** A WAVE file of `seconds`: 440 Hz left, 660 Hz right, 16-bit at 8 kHz. */
export function twoTones(seconds: number): Buffer {
  const frames = 8000 * seconds;
  const file = Buffer.alloc(44 + frames * 4);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + frames * 4, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(2, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(32000, 28);
  file.writeUInt16LE(4, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(frames * 4, 40);
  for (let i = 0; i < frames; i += 1) {
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / 8000)), 44 + i * 4);
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 660 * i) / 8000)), 46 + i * 4);
  }
  return file;
}
