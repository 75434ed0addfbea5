import { createSocket, type Socket } from 'node:dgram';
import { decodeAlaw, isSilent, sampleRate, toneShare } from './sound.js';

/** What one party hears, from the moment listening began; a gap in the sound is kept as silence of the same length. */
export interface Ear {
  /** When listening began, milliseconds since the epoch; the first sample belongs to this moment. */
  readonly startedAt: number;
  /** 8 kHz linear samples heard between two moments (milliseconds since the epoch), by default all. */
  samples(fromAt?: number, toAt?: number): Int16Array;
  /**
   * When a tone was first heard, as milliseconds since the epoch (exact to about 20 ms, 40 to 60 ms late); null when it
   * was not heard within `withinMs` of asking. What was heard before asking counts, unless `since` says from when.
   */
  heard(hz: number, options?: Hearing): Promise<number | null>;
  /** The same for any sound that is louder than silence. */
  heardSound(options?: Hearing): Promise<number | null>;
  /** The same for the beginning of a silence that lasts `forMs` (1,000). */
  heardSilence(options?: Hearing & { forMs?: number }): Promise<number | null>;
}

export interface Hearing {
  /** Milliseconds from now; 5,000 by default. */
  withinMs?: number;
  /** Milliseconds since the epoch. */
  since?: number;
}

export interface OpenEar extends Ear {
  /** UDP port on loopback that takes RTP with A-law. */
  readonly port: number;
  /** Sends from that port, for ends that speak where they listen. */
  send(packet: Uint8Array, port: number, host: string): void;
  close(): void;
}

const packetSamples = 160;
const toneWindow = 2 * packetSamples;
/** A packet that is further than this from where its time stamp puts it belongs to a new stream. */
const jumpSamples = sampleRate;
/** Without packets for so long the line is taken as silent up to then. */
const quietMs = 200;

interface Watch {
  cursor: number;
  width: number;
  fits(window: Int16Array): boolean;
  done(at: number | null): void;
}

/** Opens a socket that collects the copy of a party's sound that the exchange sends. */
export async function openEar(): Promise<OpenEar> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return new CollectingEar(socket);
}

class CollectingEar implements OpenEar {
  readonly startedAt = Date.now();
  readonly port: number;
  readonly #socket: Socket;
  readonly #watches = new Set<Watch>();
  #buffer = new Int16Array(sampleRate * 10);
  #length = 0;
  /** Position in the buffer of RTP time stamp 0; null before the first packet. */
  #origin: number | null = null;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (packet) => this.#take(packet));
    socket.on('error', () => this.close());
  }

  samples(fromAt = this.startedAt, toAt = Number.POSITIVE_INFINITY): Int16Array {
    return this.#buffer.slice(this.#index(fromAt), Math.min(this.#length, this.#index(toAt)));
  }

  heard(hz: number, options: Hearing = {}) {
    const fits = (window: Int16Array) => !isSilent(window) && toneShare(window, sampleRate, hz) > 0.6;
    return this.#watch(toneWindow, fits, options);
  }

  heardSound(options: Hearing = {}) {
    return this.#watch(packetSamples, (window) => !isSilent(window), options);
  }

  heardSilence({ forMs = 1000, ...options }: Hearing & { forMs?: number } = {}) {
    const width = Math.round((forMs * sampleRate) / 1000);
    return this.#watch(width, (window) => isSilent(window), options);
  }

  send(packet: Uint8Array, port: number, host: string): void {
    if (!this.#closed) this.#socket.send(packet, port, host);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    for (const watch of this.#watches) watch.done(null);
  }

  #watch(width: number, fits: Watch['fits'], { withinMs = 5000, since = this.startedAt }: Hearing) {
    return new Promise<number | null>((resolve) => {
      const done = (at: number | null) => {
        clearTimeout(timer);
        clearInterval(clock);
        this.#watches.delete(watch);
        resolve(at);
      };
      const watch: Watch = { cursor: this.#index(since), width, fits, done };
      const timer = setTimeout(done, withinMs, null);
      const clock = setInterval(() => {
        this.#grow(this.#index(Date.now() - quietMs));
        this.#look(watch);
      }, 100);
      this.#watches.add(watch);
      this.#look(watch);
      if (this.#closed) done(null);
    });
  }

  #look(watch: Watch): void {
    while (watch.cursor + watch.width <= this.#length) {
      if (watch.fits(this.#buffer.subarray(watch.cursor, watch.cursor + watch.width)))
        return watch.done(this.startedAt + (watch.cursor * 1000) / sampleRate);
      watch.cursor += packetSamples;
    }
  }

  #take(packet: Buffer): void {
    if (packet.length < 12) return;
    const start = 12 + 4 * ((packet[0] ?? 0) & 0x0f);
    const sound = decodeAlaw(packet.subarray(start));
    const stamp = packet.readUInt32BE(4);
    const arrived = this.#index(Date.now()) - sound.length;
    if (this.#origin === null || Math.abs(this.#origin + stamp - arrived) > jumpSamples) this.#origin = arrived - stamp;
    const at = Math.max(0, this.#origin + stamp);
    this.#grow(at + sound.length);
    this.#buffer.set(sound, at);
    for (const watch of this.#watches) this.#look(watch);
  }

  /** Makes the sound at least so long, the new part silent. */
  #grow(length: number): void {
    if (length > this.#buffer.length) {
      const larger = new Int16Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    if (length > this.#length) this.#length = length;
  }

  #index(at: number): number {
    return Math.max(0, Math.round(((at - this.startedAt) * sampleRate) / 1000));
  }
}
