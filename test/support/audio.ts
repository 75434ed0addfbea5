/** Reads recordings for tests; what is measured in them (tones, silence, levels) comes from the scripted caller's `sound.ts`. */
import { toneShare } from '../../scripts/citizen/sound.js';

export {
  findTone,
  firstSound,
  firstTone,
  isSilent,
  levelDb,
  sine,
  toneShare,
} from '../../scripts/citizen/sound.js';

export interface Audio {
  /** Samples per second. */
  rate: number;
  /** One array per channel: `[mono]`, or `[left, right]`. */
  channels: Int16Array[];
}

/**
 * Reads a RIFF/WAVE file of 16-bit PCM. A `data` chunk whose length was never filled in (the recorder was killed) is
 * read to the end of the file.
 * @throws Error when it is not such a file
 */
export function readWav(file: Buffer): Audio {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('not a WAVE file');
  let format: { channels: number; rate: number } | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'fmt ') {
      if (file.readUInt16LE(body) !== 1 || file.readUInt16LE(body + 14) !== 16) throw new Error('not 16-bit PCM');
      format = { channels: file.readUInt16LE(body + 2), rate: file.readUInt32LE(body + 4) };
    }
    if (name === 'data') {
      if (!format) throw new Error('data before its format');
      const end = length === 0 || body + length > file.length ? file.length : body + length;
      return readSlin(file.subarray(body, end), format.channels, format.rate);
    }
    at = body + length + (length % 2);
  }
  throw new Error('no data chunk');
}

/** Reads raw signed 16-bit little-endian samples, interleaved when there are several channels. */
export function readSlin(bytes: Buffer, channels = 1, rate = 8000): Audio {
  const frames = Math.floor(bytes.length / 2 / channels);
  return {
    rate,
    channels: Array.from({ length: channels }, (_, channel) =>
      Int16Array.from({ length: frames }, (_, i) => bytes.readInt16LE((i * channels + channel) * 2)),
    ),
  };
}

/** A part of a channel by time, both ends in milliseconds from the beginning. */
export function slice(samples: Int16Array, rate: number, fromMs: number, toMs = Number.POSITIVE_INFINITY): Int16Array {
  const end = Number.isFinite(toMs) ? Math.round((toMs * rate) / 1000) : samples.length;
  return samples.subarray(Math.round((fromMs * rate) / 1000), end);
}

/**
 * Whether a sine is there throughout, judged by the middle one of windows of 100 ms: a packet that comes late on a busy
 * machine breaks the phase, and with it the share of the tone in one long window.
 */
export function hasTone(samples: Int16Array, rate: number, hz: number): boolean {
  const width = rate / 10;
  const shares: number[] = [];
  for (let at = 0; at + width <= samples.length; at += width)
    shares.push(toneShare(samples.subarray(at, at + width), rate, hz));
  return (shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0) > 0.5;
}
