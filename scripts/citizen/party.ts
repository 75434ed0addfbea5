import { setTimeout as sleep } from 'node:timers/promises';
import type { AriChannel, AriEvent, AriSocket } from './ari-socket.js';
import { type Ear, type Hearing, type OpenEar, openEar } from './ear.js';
import type { Tones } from './tones.js';

/** How a call ended. Times are milliseconds since the epoch. */
export interface Ended {
  at: number;
  /** Q.850: 16 normal, 17 busy, 18/19 no answer, 20 absent, 21 rejected, 34 congestion; 0 when the exchange itself died. */
  cause: number;
  /** The SIP status or BYE's cause that came with it, where the far side ended an unanswered call: 486, 603 …; else null. */
  sipStatus: number | null;
  /** True when our side ended the call, false when we were told. */
  byUs: boolean;
}

/** What all scripted parties of calls can do, citizens and agents' phones alike. */
export interface Party {
  /** The exchange's id of this call. */
  readonly channelId: string;
  /** When the call was answered, milliseconds since the epoch; null when it ended before. */
  readonly answered: Promise<number | null>;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** Set once answered. */
  readonly answeredAt: number | null;
  /** Set once ended. */
  readonly end: Ended | null;
  /** Keys that the far side pressed so far. */
  readonly keys: string;
  /**
   * Presses keys (RFC 4733, 100 ms each, 100 ms apart). `w` in between waits half a second, `W` one second. Resolves
   * when the far side has seen the last key, with the moment at which that key went down (milliseconds since the epoch).
   */
  press(keys: string): Promise<number>;
  /** Speaks a pure sine from now on, in place of the one before. */
  playTone(hz: number): Promise<void>;
  stopTone(): Promise<void>;
  /** Ends the call; succeeds when it is over already. Resolves with the end. */
  hangUp(): Promise<Ended>;
  /** Begins to listen (once; later calls return the same ear). What was heard stays readable after the call's end. */
  startListening(): Promise<Ear>;
  /** Listens if it does not yet, and waits for a tone: see `Ear.heard`. */
  heard(hz: number, options?: Hearing): Promise<number | null>;
}

/** What parties need of their exchange. */
export interface Line {
  ari: AriSocket;
  tones: Tones;
  /** Resolves when a channel of ours is under our control: ask before the channel is made. */
  entered(channelId: string): Promise<void>;
}

/** Down 100 ms, up 100 ms; Asterisk waits 100 ms before the first. */
const keyMs = 200;
const firstKeyMs = 100;
/** Until the far side has seen the end of the last key, which is sent three times. */
const lastKeyMs = 80;

/** Base of citizens and phones: one channel of the exchange. */
export abstract class ChannelParty implements Party {
  readonly answered: Promise<number | null>;
  readonly ended: Promise<Ended>;
  answeredAt: number | null = null;
  end: Ended | null = null;
  keys = '';
  protected byUs = false;
  #settleAnswered: (at: number | null) => void = () => undefined;
  #settleEnded: (ended: Ended) => void = () => undefined;
  #ear: Promise<OpenEar> | null = null;

  constructor(
    readonly channelId: string,
    protected readonly line: Line,
  ) {
    this.answered = new Promise((resolve) => {
      this.#settleAnswered = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  /** Takes an event of this party's channel. */
  onEvent(event: AriEvent, channel: AriChannel): void {
    const at = timeOf(event);
    if (event.type === 'ChannelStateChange' && channel.state === 'Up') this.onAnswered(at);
    if (event.type === 'ChannelDtmfReceived') this.keys += event.digit ?? '';
    if (event.type === 'ChannelDestroyed')
      this.onEnded({ at, cause: event.cause ?? 0, sipStatus: event.tech_cause || null, byUs: this.byUs });
  }

  /** The exchange is gone, and with it this call. */
  onLost(at: number): void {
    this.onEnded({ at, cause: 0, sipStatus: null, byUs: true });
  }

  async press(keys: string): Promise<number> {
    let lastAt = Date.now();
    for (const part of keys.match(/[wW]+|[^wW]+/g) ?? []) {
      if (/[wW]/.test(part)) await sleep([...part].reduce((ms, key) => ms + (key === 'W' ? 1000 : 500), 0));
      else {
        await this.line.ari.request('POST', `channels/${this.channelId}/dtmf`, { dtmf: part });
        lastAt = Date.now() + firstKeyMs + (part.length - 1) * keyMs;
        await sleep(part.length * keyMs + lastKeyMs);
      }
    }
    return lastAt;
  }

  async playTone(hz: number): Promise<void> {
    const mohClass = await this.line.tones.class(hz);
    await this.line.ari.request('POST', `channels/${this.channelId}/moh`, { mohClass });
  }

  async stopTone(): Promise<void> {
    await this.line.ari.request('DELETE', `channels/${this.channelId}/moh`);
  }

  hangUp(): Promise<Ended> {
    return this.endWith('normal');
  }

  startListening(): Promise<Ear> {
    this.#ear ??= this.#listen();
    return this.#ear;
  }

  async heard(hz: number, options?: Hearing): Promise<number | null> {
    return (await this.startListening()).heard(hz, options);
  }

  /** @param reason ARI's word: `normal` is SIP 603 before the answer, `busy` 486, `rejected` 403 */
  protected async endWith(reason: string): Promise<Ended> {
    if (!this.end) {
      this.byUs = true;
      // Refused when the far side was quicker: then the end is on its way.
      await this.line.ari.request('DELETE', `channels/${this.channelId}`, { reason }).catch(() => undefined);
    }
    return this.ended;
  }

  protected onAnswered(at: number): void {
    if (this.answeredAt !== null || this.end) return;
    this.answeredAt = at;
    this.#settleAnswered(at);
  }

  protected onEnded(ended: Ended): void {
    if (this.end) return;
    this.end = ended;
    this.#settleAnswered(null);
    this.#settleEnded(ended);
    this.#ear?.then(
      (ear) => this.#stopListening(ear),
      () => undefined,
    );
  }

  /** The exchange sends a copy of what it hears from the far side to a socket of ours. */
  async #listen(): Promise<OpenEar> {
    const ear = await openEar();
    const { spy, feed, bridge } = this.#earIds();
    try {
      await Promise.all([
        this.line.entered(spy),
        this.line.entered(feed),
        this.line.ari.request('POST', `channels/${this.channelId}/snoop/${spy}`, { spy: 'in', app: 'citizen' }),
        this.line.ari.request('POST', 'channels/externalMedia', {
          channelId: feed,
          app: 'citizen',
          external_host: `127.0.0.1:${ear.port}`,
          format: 'alaw',
        }),
        this.line.ari.request('POST', `bridges/${bridge}`, { type: 'mixing' }),
      ]);
      await this.line.ari.request('POST', `bridges/${bridge}/addChannel`, { channel: `${spy},${feed}` });
    } catch (error) {
      this.#stopListening(ear);
      throw error;
    }
    return ear;
  }

  #stopListening(ear: OpenEar): void {
    ear.close();
    const { spy, feed, bridge } = this.#earIds();
    // Any of them may be gone with the call.
    for (const uri of [`channels/${spy}`, `channels/${feed}`, `bridges/${bridge}`])
      this.line.ari.request('DELETE', uri).catch(() => undefined);
  }

  #earIds() {
    return { spy: `spy-${this.channelId}`, feed: `feed-${this.channelId}`, bridge: `ear-${this.channelId}` };
  }
}

/** When Asterisk says that it happened, else now. */
export function timeOf(event: AriEvent): number {
  return event.timestamp ? Date.parse(event.timestamp) : Date.now();
}
