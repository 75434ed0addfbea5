import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AriEvent, type AriSocket, openAriSocket } from '../../scripts/citizen/ari-socket.js';
import type { Demo } from '../../scripts/citizen/demo.js';
import { launchGuarded } from '../../scripts/citizen/exchange-instance.js';
import { installedTree, renderInstance } from '../../src/platform/asterisk/instance.js';
import { cacheFolder } from '../../src/platform/provision/cache-folder.js';
import { provideAsterisk } from '../../src/platform/provision/programs.js';
import { freePort } from './ports.js';

/**
 * The least that can be taken for a hotline, for tests of the tools that call one: the real Asterisk configuration, three
 * addresses of the API, and a queue without menu, prompts or memory. Any key leads to the longest-ready agent; the number
 * `refusing` is busy, `cuttingOff` hangs up at the first key.
 */
export interface HotlineStandIn {
  /** What `npm run up` would write to demo.json. */
  demo: Demo;
  /** Asterisk's own SIP WebSocket. */
  sipWebSocket: string;
  /** Rings a seat's phone as an offer would and bridges nobody; resolves with the channel. */
  ring(seat: string): Promise<string>;
  /** Ends every leg that `ring` made. */
  hangUpAll(): Promise<void>;
  close(): Promise<void>;
}

export const refusing = '10001';
export const cuttingOff = '10002';

interface Seat {
  state: 'offline' | 'ready' | 'busy';
  token: string;
}

export async function openHotlineStandIn(agents: number, rtp: { start: number; end: number }): Promise<HotlineStandIn> {
  const program = await provideAsterisk({ cacheDir: cacheFolder(resolve('var')), report: () => undefined });
  const folder = mkdtempSync(join(tmpdir(), 'hotline-stand-in-'));
  const [sipPort, ariPort] = await Promise.all([freePort(), freePort()]);
  const password = randomBytes(16).toString('hex');
  renderInstance({
    dir: folder,
    role: 'hotline',
    systemName: `stand-in-${sipPort}`,
    bind: '127.0.0.1',
    sipPort,
    ariPort,
    rtpStart: rtp.start,
    rtpEnd: rtp.end,
    ariUser: 'hotline',
    ariPassword: password,
    trunkAddresses: ['127.0.0.1'],
    recordingsDir: join(folder, 'recordings'),
    soundsDirs: [],
    tree: installedTree('asterisk', program.moduleDir, program.dataDir),
  });
  const asterisk = launchGuarded(program, folder);
  let queue: Queue | undefined;
  const ari = await retry(() =>
    openAriSocket(
      { port: ariPort, user: 'hotline', password, application: 'hotline' },
      (event) => queue?.onEvent(event),
      () => undefined,
    ),
  );
  queue = new Queue(ari);
  const seats = Array.from({ length: agents }, (_, index) => String(1001 + index));
  for (const seat of seats) await putPhone(ari, seat, `phone-${seat}`);
  const server = createServer((request, response) => queue?.onRequest(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const httpPort = typeof address === 'object' && address ? address.port : 0;
  return Object.assign(queue, {
    sipWebSocket: `ws://127.0.0.1:${ariPort}/ws`,
    demo: {
      url: `http://127.0.0.1:${httpPort}`,
      hotline: '12345',
      agents: seats.map((seat) => ({
        name: `agent${seat}`,
        password: `word-${seat}`,
        role: 'agent',
        seat,
        sip: {
          uri: `sip:${seat}@127.0.0.1:${sipPort}`,
          user: seat,
          password: `phone-${seat}`,
          host: '127.0.0.1',
          port: sipPort,
        },
      })),
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      ari.close();
      await asterisk.kill();
    },
  });
}

class Queue {
  readonly #seats = new Map<string, Seat>();
  readonly #waiting: string[] = [];
  readonly #cutOff = new Set<string>();
  readonly #rung: string[] = [];
  readonly #numbers = new Map<string, string>();
  /** Agent's leg → citizen and seat. */
  readonly #legs = new Map<string, { citizen: string; seat: string; up: boolean }>();

  constructor(private readonly ari: AriSocket) {}

  async ring(seat: string): Promise<string> {
    const channelId = `ring-${seat}-${Date.now()}`;
    await this.ari.request('POST', 'channels', {
      endpoint: `PJSIP/${seat}`,
      app: 'hotline',
      appArgs: 'rung',
      channelId,
    });
    this.#rung.push(channelId);
    return channelId;
  }

  async hangUpAll(): Promise<void> {
    await Promise.all(this.#rung.splice(0).map((id) => this.#hangUp(id, 'normal')));
  }

  onEvent(event: AriEvent): void {
    this.#take(event).catch(() => undefined);
  }

  async #take(event: AriEvent): Promise<void> {
    const id = event.channel?.id ?? '';
    if (event.type === 'StasisStart' && event.args?.[0] === 'inbound') {
      if (event.args[1] === refusing) return void (await this.#hangUp(id, 'busy'));
      this.#numbers.set(id, event.channel?.caller?.number ?? '');
      if (event.args[1] === cuttingOff) this.#cutOff.add(id);
      await this.ari.request('POST', `channels/${id}/answer`);
    }
    if (event.type === 'StasisStart' && event.args?.[0] === 'rung')
      await this.ari.request('POST', `channels/${id}/moh`, { mohClass: 'default' });
    if (event.type === 'ChannelDtmfReceived' && this.#numbers.has(id)) {
      if (this.#cutOff.delete(id)) return void (await this.#hangUp(id, 'normal'));
      this.#waiting.push(id);
      await this.#match();
    }
    const leg = this.#legs.get(id);
    if (event.type === 'StasisStart' && leg) {
      leg.up = true;
      await this.ari.request('POST', `bridges/b-${leg.citizen}`, { type: 'mixing' });
      await this.ari.request('POST', `bridges/b-${leg.citizen}/addChannel`, { channel: `${leg.citizen},${id}` });
    }
    if (event.type === 'ChannelDestroyed') await this.#onGone(id);
  }

  async #onGone(id: string): Promise<void> {
    if (this.#numbers.delete(id)) {
      const at = this.#waiting.indexOf(id);
      if (at >= 0) this.#waiting.splice(at, 1);
      for (const [legId, { citizen }] of this.#legs) if (citizen === id) await this.#hangUp(legId, 'normal');
      await this.ari.request('DELETE', `bridges/b-${id}`).catch(() => undefined);
    }
    const leg = this.#legs.get(id);
    if (!leg) return;
    this.#legs.delete(id);
    const seat = this.#seats.get(leg.seat);
    if (seat?.state === 'busy') seat.state = 'offline';
    if (leg.up) await this.#hangUp(leg.citizen, 'normal');
  }

  async #match(): Promise<void> {
    for (const [number, seat] of this.#seats) {
      const citizen = this.#waiting[0];
      if (citizen === undefined) return;
      if (seat.state !== 'ready') continue;
      this.#waiting.shift();
      seat.state = 'busy';
      const channelId = `leg-${citizen}`;
      this.#legs.set(channelId, { citizen, seat: number, up: false });
      // Offered to the longest-ready seat: a seat that is ready again goes to the end.
      this.#seats.delete(number);
      this.#seats.set(number, seat);
      await this.ari.request('POST', 'channels', {
        endpoint: `PJSIP/${number}`,
        app: 'hotline',
        appArgs: 'agent',
        channelId,
        callerId: `+86${this.#numbers.get(citizen)}`,
        originator: citizen,
      });
    }
  }

  async #hangUp(id: string, reason: string): Promise<void> {
    await this.ari.request('DELETE', `channels/${id}`, { reason }).catch(() => undefined);
  }

  async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const body = JSON.parse((await text(request)) || '{}') as Record<string, string>;
    if (request.url === '/api/sign-in') {
      const seat = String(body.name).replace('agent', '');
      if (body.password !== `word-${seat}`) return answer(401, { code: 'account.wrongPassword' });
      const token = randomBytes(8).toString('hex');
      this.#seats.set(seat, { state: 'offline', token });
      return answer(200, { token });
    }
    if (request.url === '/api/seat') {
      const seat = this.#seats.get(body.seat ?? '');
      if (request.headers.authorization !== `Bearer ${seat?.token}` || !seat)
        return answer(401, { code: 'request.signIn' });
      if (seat.state === 'busy') return answer(409, { code: 'seat.moveNotAllowed' });
      seat.state = body.state === 'ready' ? 'ready' : 'offline';
      answer(200, { state: seat.state });
      return this.#match();
    }
    answer(200, {});
  }
}

async function putPhone(ari: AriSocket, phone: string, password: string): Promise<void> {
  const put = (type: string, fields: Record<string, string>) =>
    ari.request('PUT', `asterisk/config/dynamic/res_pjsip/${type}/${phone}`, undefined, {
      fields: Object.entries(fields).map(([attribute, value]) => ({ attribute, value })),
    });
  await put('auth', { auth_type: 'userpass', username: phone, password });
  await put('aor', { max_contacts: '1', remove_existing: 'yes' });
  await put('endpoint', {
    auth: phone,
    aors: phone,
    context: 'from-seat',
    disallow: 'all',
    allow: 'alaw',
    direct_media: 'no',
    rtp_symmetric: 'yes',
    force_rport: 'yes',
    rewrite_contact: 'yes',
    media_address: '127.0.0.1',
    bind_rtp_to_media_address: 'yes',
  });
}

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (const limit = Date.now() + 15_000; ; await sleep(50)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > limit) throw error;
    }
  }
}
