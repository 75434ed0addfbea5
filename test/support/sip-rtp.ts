import { type OpenEar, openEar } from '../../scripts/citizen/ear.js';
import { encodeAlaw, sampleRate, sine } from '../../scripts/citizen/sound.js';

/** One end of an A-law stream: speaks a tone (or silence) every 20 ms and hears what comes back. */
export interface RtpEnd {
  ear: OpenEar;
  /** Where to speak to; from now on there is a packet every 20 ms. */
  sendTo(host: string, port: number): void;
  /** What to speak; null is silence. */
  setTone(hz: number | null): void;
  close(): void;
}

const packetMs = 20;
const packetSamples = (sampleRate * packetMs) / 1000;
const silence = Buffer.alloc(packetSamples, encodeAlaw(0));

export async function openRtpEnd(): Promise<RtpEnd> {
  const ear = await openEar();
  const source = Math.floor(Math.random() * 2 ** 32);
  let target: { host: string; port: number } | null = null;
  let tone: Buffer | null = null;
  let sent = 0;
  let started = 0;

  // Timers run late on a busy machine: what is due by now is sent, so that the stream keeps its speed.
  const timer = setInterval(() => {
    if (!target) return;
    for (; (performance.now() - started) / packetMs > sent; sent++) {
      const packet = Buffer.alloc(12 + packetSamples);
      packet.writeUInt16BE(0x8008, 0);
      packet.writeUInt16BE(sent & 0xffff, 2);
      packet.writeUInt32BE((sent * packetSamples) >>> 0, 4);
      packet.writeUInt32BE(source, 8);
      const from = (sent * packetSamples) % sampleRate;
      packet.set((tone ?? silence).subarray(tone ? from : 0, (tone ? from : 0) + packetSamples), 12);
      ear.send(packet, target.port, target.host);
    }
  }, packetMs);

  return {
    ear,
    sendTo(host, port) {
      if (!target) started = performance.now();
      target = { host, port };
    },
    setTone(hz) {
      tone = hz === null ? null : Buffer.from(Uint8Array.from(sine(hz), encodeAlaw));
    },
    close() {
      clearInterval(timer);
      ear.close();
    },
  };
}
