import type { AriChannel, AriEvent } from './ari-socket.js';
import { ChannelParty, type Ended, type Line, type Party, timeOf } from './party.js';

export interface CallOptions {
  /** The number that the hotline sees, in From and P-Asserted-Identity; null withholds it. A made-up one by default. */
  from?: string | null;
  /** `12345` by default. */
  to?: string;
  /** Keys pressed after the answer, with waits: see `Party.press`. */
  press?: string;
  /** The citizen speaks this sine from the answer on; without it nothing is sent at all, not even silence. */
  toneHz?: number;
  /** Hangs up so long after the hotline's answer. */
  talkMs?: number;
  /** Hangs up so long after dialling, whatever state the call is in. */
  hangUpAfterMs?: number;
  /** Listens from the answer on: `startListening` is too late for the first half second when called after `answered`. */
  listen?: boolean;
}

/** A citizen who dialled. Times are milliseconds since the epoch. */
export interface CitizenCall extends Party {
  readonly from: string | null;
  readonly to: string;
  /** When the exchange was told to dial; its INVITE leaves 5 to 15 ms later. */
  readonly placedAt: number;
  /** When the hotline's 180 came; null when it answered or ended without one. */
  readonly ringing: Promise<number | null>;
  /** Why a step of the script (dialling, speaking, a key) was refused by the exchange; null when none was. */
  readonly failure: string | null;
}

export class DialledCall extends ChannelParty implements CitizenCall {
  readonly from: string | null;
  readonly to: string;
  readonly placedAt = Date.now();
  readonly ringing: Promise<number | null>;
  failure: string | null = null;
  readonly #options: CallOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #settleRinging: (at: number | null) => void = () => undefined;

  constructor(channelId: string, line: Line, options: CallOptions & { from: string | null }) {
    super(channelId, line);
    this.#options = options;
    this.from = options.from;
    this.to = options.to ?? '12345';
    this.ringing = new Promise((resolve) => {
      this.#settleRinging = resolve;
    });
    if (options.hangUpAfterMs !== undefined) this.#after(options.hangUpAfterMs);
  }

  /** Sends the INVITE. */
  async dial(): Promise<void> {
    const { channelId, from, to } = this;
    const { ari } = this.line;
    const origin = { endpoint: `PJSIP/${to}@hotline`, app: 'citizen', appArgs: 'citizen', timeout: -1 };
    try {
      if (from === null) {
        const variables = { 'CALLERID(pres)': 'prohib', 'CONNECTEDLINE(pres)': 'prohib' };
        await ari.request('POST', `channels/${channelId}`, origin, { variables });
      } else await ari.request('POST', `channels/${channelId}`, { ...origin, callerId: from });
    } catch (error) {
      this.#failed(error);
      this.onLost(Date.now());
    }
  }

  override onEvent(event: AriEvent, channel: AriChannel): void {
    if (event.type === 'ChannelStateChange' && channel.state === 'Ringing') this.#settleRinging(timeOf(event));
    super.onEvent(event, channel);
    // Commands fit only once the channel is in our application, which follows the answer at once.
    if (event.type === 'StasisStart') this.#script().catch((error) => this.#failed(error));
  }

  protected override onAnswered(at: number): void {
    super.onAnswered(at);
    this.#settleRinging(null);
  }

  protected override onEnded(ended: Ended): void {
    super.onEnded(ended);
    this.#settleRinging(null);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #script(): Promise<void> {
    const { talkMs, listen, toneHz, press } = this.#options;
    if (talkMs !== undefined) this.#after(talkMs);
    await Promise.all([listen && this.startListening(), toneHz !== undefined && this.playTone(toneHz)]);
    if (press) await this.press(press);
  }

  #after(ms: number): void {
    this.#timers.push(setTimeout(() => this.hangUp(), ms));
  }

  #failed(error: unknown): void {
    if (!this.end) this.failure ??= error instanceof Error ? error.message : String(error);
  }
}
