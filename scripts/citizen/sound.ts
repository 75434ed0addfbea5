/**
 * Sound as telephone exchanges carry it: 8,000 samples a second, signed 16 bit, G.711 A-law on the wire; and the
 * measurements that tell one sound from another. Pure: no I/O.
 */

/** Samples per second of every sound here unless a rate is given. */
export const sampleRate = 8000;

/** A level at or below which a telephone line is taken as silent, in dB against full scale. */
export const silenceDb = -50;

/** ITU-T G.711 A-law, one sample. Even bits are inverted as the standard's transmission form asks. */
export function encodeAlaw(sample: number): number {
  const sign = sample >= 0 ? 0xd5 : 0x55;
  const magnitude = Math.min(32635, sample >= 0 ? sample : -sample - 1) >> 3;
  if (magnitude < 32) return (magnitude >> 1) ^ sign;
  const segment = 27 - Math.clz32(magnitude);
  return (((segment << 4) | ((magnitude >> segment) & 0x0f)) ^ sign) & 0xff;
}

const alawTable = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = ((bits & 0x0f) << 4) + (segment === 0 ? 8 : 0x108);
  const magnitude = segment > 1 ? step << (segment - 1) : step;
  return bits & 0x80 ? magnitude : -magnitude;
});

/** Decodes A-law bytes into linear samples. */
export function decodeAlaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = alawTable[bytes[i] ?? 0] ?? 0;
  return samples;
}

/**
 * A sine whose end joins its beginning, so that it can be played in a loop without a click: `hz` must be whole.
 * @param amplitude of full scale, 0 to 1; 0.25 (−12 dB) is a loud voice
 */
export function sine(hz: number, seconds = 1, amplitude = 0.25): Int16Array {
  return Int16Array.from({ length: seconds * sampleRate }, (_, i) =>
    Math.round(amplitude * 32767 * Math.sin((2 * Math.PI * hz * i) / sampleRate)),
  );
}

/** Root mean square level in dB against full scale; a full-scale sine is −3, nothing at all is −Infinity. */
export function levelDb(samples: Int16Array): number {
  if (samples.length === 0) return Number.NEGATIVE_INFINITY;
  return 10 * Math.log10(energy(samples) / samples.length / 32768 ** 2);
}

export function isSilent(samples: Int16Array, thresholdDb = silenceDb): boolean {
  return levelDb(samples) <= thresholdDb;
}

/**
 * Which part of the sound's energy lies at one frequency (Goertzel's algorithm): near 1 for a pure tone, below 0.1 for
 * speech, music or another tone that is at least two window widths (`2 * rate / samples.length` Hz) away.
 */
export function toneShare(samples: Int16Array, rate: number, hz: number): number {
  const total = energy(samples);
  if (total === 0) return 0;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let before = 0;
  let last = 0;
  for (const sample of samples) [before, last] = [last, sample + coefficient * last - before];
  const power = before ** 2 + last ** 2 - coefficient * before * last;
  return Math.min(1, (2 * power) / (samples.length * total));
}

/** The strongest tone between two frequencies (steps of 10 Hz by default) and its share of the energy. */
export function findTone(
  samples: Int16Array,
  rate: number,
  { from = 200, to = 3500, step = 10 } = {},
): { hz: number; share: number } {
  let best = { hz: from, share: 0 };
  for (let hz = from; hz <= to; hz += step) {
    const share = toneShare(samples, rate, hz);
    if (share > best.share) best = { hz, share };
  }
  return best;
}

/**
 * When a tone is first heard, in milliseconds from the beginning; null when never. The answer is the start of the first
 * window that holds it for the most part and is not silent, so it is exact to one window.
 */
export function firstTone(
  samples: Int16Array,
  rate: number,
  hz: number,
  { windowMs = 40, share = 0.6 } = {},
): number | null {
  const width = Math.round((windowMs * rate) / 1000);
  const hop = Math.max(1, Math.round(width / 4));
  for (let at = 0; at + width <= samples.length; at += hop) {
    const window = samples.subarray(at, at + width);
    if (!isSilent(window) && toneShare(window, rate, hz) >= share) return (at * 1000) / rate;
  }
  return null;
}

/** When anything louder than silence is first heard, in milliseconds from the beginning; null when never. */
export function firstSound(samples: Int16Array, rate: number, { windowMs = 20, thresholdDb = silenceDb } = {}) {
  const width = Math.round((windowMs * rate) / 1000);
  for (let at = 0; at + width <= samples.length; at += width)
    if (!isSilent(samples.subarray(at, at + width), thresholdDb)) return (at * 1000) / rate;
  return null;
}

function energy(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}
