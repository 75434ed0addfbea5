/** Drives an instance of role `exchange` in tests: citizens who call the hotline, and agents' phones, over real SIP. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { type RunningAsterisk, startAsterisk } from './asterisk.js';
import { until } from './until.js';

/** What a phone does when it is called. */
export type PhoneManner = 'answer' | 'ring' | 'busy' | 'reject';

interface ExchangeEvent {
  type: string;
  args?: string[];
  cause?: number;
  channel?: { id: string; state: string; caller?: { number: string } };
  recording?: { name: string };
}

export class TestExchange {
  readonly #asterisk: RunningAsterisk;
  readonly #hotlinePort: number;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (answer: { status: number; body: unknown }) => void>();
  readonly #manners = new Map<string, PhoneManner>();
  /** The channel on which each phone was called last. */
  readonly #legs = new Map<string, string>();
  readonly #live = new Set<string>();
  readonly #up = new Set<string>();
  #last = 0;

  private constructor(asterisk: RunningAsterisk, hotlinePort: number, socket: WebSocket) {
    this.#asterisk = asterisk;
    this.#hotlinePort = hotlinePort;
    this.#socket = socket;
    socket.on('message', (data) => this.#onMessage(JSON.parse(String(data))));
  }

  static async start(hotlinePort: number): Promise<TestExchange> {
    const asterisk = await startAsterisk({ role: 'exchange', hotline: `127.0.0.1:${hotlinePort}` });
    const socket = new WebSocket(`ws://127.0.0.1:${asterisk.ari.port}/ari/events?app=citizen`, {
      auth: `${asterisk.ari.user}:${asterisk.ari.password}`,
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new TestExchange(asterisk, hotlinePort, socket);
  }

  async stop(): Promise<void> {
    this.#socket.terminate();
    await this.#asterisk.stop();
  }

  log = () => this.#asterisk.log();

  /** Dials the hotline; resolves with the exchange's channel at once. */
  async call(number: string, dialled = '12345'): Promise<string> {
    this.#last += 1;
    const channelId = `citizen-${this.#last}`;
    const { status } = await this.ask('POST', 'channels', {
      endpoint: `PJSIP/${dialled}@hotline`,
      channelId,
      app: 'citizen',
      appArgs: 'out',
      callerId: number,
      timeout: '60',
    });
    if (status !== 200) throw new Error(`the exchange could not dial (${status})`);
    this.#live.add(channelId);
    return channelId;
  }

  /** Digits before the far end has answered would be lost: waits for that. */
  async press(channelId: string, digits: string): Promise<void> {
    await until(() => this.isUp(channelId), 'the line is up');
    await this.ask('POST', `channels/${channelId}/dtmf`, { dtmf: digits, duration: '80', between: '80' });
  }
  hangUp = (channelId: string) => this.ask('DELETE', `channels/${channelId}`);
  isLive = (channelId: string) => this.#live.has(channelId);
  isUp = (channelId: string) => this.#up.has(channelId);

  /** Plays a tone without end, in Hz, into the call. */
  tone = (channelId: string, hertz: number) =>
    this.ask('POST', `channels/${channelId}/play/tone-${channelId}`, { media: `tone:${hertz}` });
  silence = (channelId: string) => this.ask('DELETE', `playbacks/tone-${channelId}`);

  /** Samples at 8 kHz of what the party hears for so long; it cannot play a tone meanwhile. */
  async listen(channelId: string, ms: number): Promise<Int16Array> {
    for (let tries = 1; ; tries++) {
      this.#last += 1;
      const name = `heard-${this.#last}`;
      const { status } = await this.ask('POST', `channels/${channelId}/record`, { name, format: 'sln' });
      if (status !== 201) throw new Error(`the exchange could not record (${status})`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await this.ask('POST', `recordings/live/${name}/stop`);
      const file = join(this.#asterisk.options.dir, 'spool', 'recording', `${name}.sln`);
      await until(() => existsSync(file), 'the recording is closed');
      const raw = readFileSync(file);
      // On a busy machine the recording is stopped before it has begun.
      if (raw.length > 0 || tries === 3) return new Int16Array(raw.buffer, raw.byteOffset, raw.length >> 1);
    }
  }

  async register(phone: string, password: string): Promise<void> {
    await this.#put('auth', `out-${phone}`, { auth_type: 'userpass', username: phone, password });
    await this.#put('registration', phone, {
      server_uri: `sip:127.0.0.1:${this.#hotlinePort}`,
      client_uri: `sip:${phone}@127.0.0.1:${this.#hotlinePort}`,
      contact_user: phone,
      outbound_auth: `out-${phone}`,
      transport: 'udp',
      max_random_initial_delay: '0',
      retry_interval: '2',
      expiration: '120',
    });
  }

  /** The registration's removal tells the registrar. */
  unregister = (phone: string) => this.ask('DELETE', `asterisk/config/dynamic/res_pjsip/registration/${phone}`);

  /** How the phone behaves from its next call on; `ring` until told. */
  setManner(phone: string, manner: PhoneManner): void {
    this.#manners.set(phone, manner);
  }

  /** The phone's channel, once it is called. */
  async legOf(phone: string): Promise<string> {
    return until(() => {
      const leg = this.#legs.get(phone);
      return leg && this.#live.has(leg) ? leg : null;
    }, `phone ${phone} is called`);
  }

  async hangUpPhone(phone: string): Promise<void> {
    await this.hangUp(await this.legOf(phone));
  }

  ask(
    method: string,
    uri: string,
    query: Record<string, string> = {},
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    this.#last += 1;
    const id = String(this.#last);
    this.#socket.send(
      JSON.stringify({
        type: 'RESTRequest',
        request_id: id,
        method,
        uri,
        query_strings: Object.entries(query).map(([name, value]) => ({ name, value })),
        ...(body !== undefined && { content_type: 'application/json', message_body: JSON.stringify(body) }),
      }),
    );
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async #put(type: string, id: string, settings: Record<string, string>): Promise<void> {
    const fields = Object.entries(settings).map(([attribute, value]) => ({ attribute, value }));
    const { status } = await this.ask('PUT', `asterisk/config/dynamic/res_pjsip/${type}/${id}`, {}, { fields });
    if (status !== 200) throw new Error(`the exchange refused ${type} (${status})`);
  }

  #onMessage(message: ExchangeEvent & { request_id?: string; status_code?: number; message_body?: string }): void {
    if (message.type === 'RESTResponse') {
      const id = message.request_id ?? '';
      const body: unknown = message.message_body ? JSON.parse(message.message_body) : null;
      this.#waiting.get(id)?.({ status: message.status_code ?? 0, body });
      this.#waiting.delete(id);
      return;
    }
    const channel = message.channel;
    if (!channel) return;
    if (message.type === 'StasisEnd' || message.type === 'ChannelDestroyed') {
      this.#live.delete(channel.id);
      this.#up.delete(channel.id);
      return;
    }
    if (channel.state === 'Up') this.#up.add(channel.id);
    if (message.type !== 'StasisStart' || message.args?.[0] !== 'inbound') return;
    const phone = message.args[1] ?? '';
    this.#live.add(channel.id);
    this.#legs.set(phone, channel.id);
    const manner = this.#manners.get(phone) ?? 'ring';
    if (manner === 'answer') void this.ask('POST', `channels/${channel.id}/answer`);
    else if (manner === 'ring') void this.ask('POST', `channels/${channel.id}/ring`);
    else void this.ask('DELETE', `channels/${channel.id}`, { reason_code: manner === 'busy' ? '17' : '21' });
  }
}
