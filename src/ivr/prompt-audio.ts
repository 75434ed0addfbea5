/** Speech for the telephone: reading WAV files of any common kind and bringing them to 8 kHz mono. Pure. */
import { wavHeader } from '../platform/files/wav.js';

export const promptRate = 8_000;

/** One channel, -1 … 1. */
export interface Sound {
  rate: number;
  samples: Float32Array;
}

/** A file that is no WAV, or of a kind that is not read here. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

/**
 * Reads PCM of 8, 16, 24 or 32 bits, float of 32 bits, A-law not; any rate, channels mixed to one.
 * @throws WavError saying what is wrong and what is taken
 */
export function decodeWav(file: Buffer): Sound {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE')
    throw new WavError('not a WAV file');
  let format: { tag: number; channels: number; rate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    if (name === 'fmt ' && body.length >= 16) {
      const tag = body.readUInt16LE(0);
      format = {
        // 0xFFFE: the real tag stands in the extension.
        tag: tag === 0xfffe && body.length >= 26 ? body.readUInt16LE(24) : tag,
        channels: body.readUInt16LE(2),
        rate: body.readUInt32LE(4),
        bits: body.readUInt16LE(14),
      };
    }
    if (name === 'data') {
      if (!format) throw new WavError('the WAV file has no format chunk before its data');
      return { rate: format.rate, samples: mixDown(body, format) };
    }
    at += 8 + size + (size % 2);
  }
  throw new WavError('the WAV file has no data');
}

function mixDown(body: Buffer, format: { tag: number; channels: number; rate: number; bits: number }): Float32Array {
  const { tag, channels, rate, bits } = format;
  const read = sampleReader(tag, bits);
  if (!read || channels < 1 || channels > 8 || rate < 4_000 || rate > 384_000)
    throw new WavError('WAV must be PCM of 8, 16, 24 or 32 bits or float of 32 bits, 4 to 384 kHz, up to 8 channels');
  const width = bits / 8;
  const samples = new Float32Array(Math.floor(body.length / (width * channels)));
  for (let frame = 0; frame < samples.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(body, (frame * channels + channel) * width);
    samples[frame] = sum / channels;
  }
  return samples;
}

function sampleReader(tag: number, bits: number): ((body: Buffer, at: number) => number) | null {
  if (tag === 3 && bits === 32) return (body, at) => body.readFloatLE(at);
  if (tag !== 1) return null;
  if (bits === 8) return (body, at) => (body.readUInt8(at) - 128) / 128;
  if (bits === 16 || bits === 24 || bits === 32) return (body, at) => body.readIntLE(at, bits / 8) / 2 ** (bits - 1);
  return null;
}

/** Half the length of the filter in samples of the lower rate. */
const zeroCrossings = 24;

/** Changes the rate by a sinc filter with a Hann window; what is above nine tenths of the band is taken out. */
export function resample({ rate, samples }: Sound, to: number): Sound {
  if (rate === to) return { rate, samples };
  const step = rate / to;
  const cutoff = 0.9 * Math.min(1, to / rate);
  const half = zeroCrossings * Math.max(1, step);
  const out = new Float32Array(Math.floor(samples.length / step));
  for (let index = 0; index < out.length; index++) {
    const center = index * step;
    let sum = 0;
    const last = Math.min(samples.length - 1, Math.floor(center + half));
    for (let at = Math.max(0, Math.ceil(center - half)); at <= last; at++) {
      const x = at - center;
      const angle = Math.PI * x * cutoff;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      sum += (samples[at] ?? 0) * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half));
    }
    out[index] = sum * cutoff;
  }
  return { rate: to, samples: out };
}

/** Takes off silence at both ends: what is 40 dB below the peak; leaves `marginMs` of it. All of a silent sound goes. */
export function trim({ rate, samples }: Sound, marginMs: number): Sound {
  const level = peak(samples) * 0.01;
  const loud = (sample: number) => level > 0 && Math.abs(sample) > level;
  const margin = Math.round((marginMs * rate) / 1000);
  const first = samples.findIndex(loud);
  if (first < 0) return { rate, samples: new Float32Array(0) };
  return { rate, samples: samples.slice(Math.max(0, first - margin), samples.findLastIndex(loud) + 1 + margin) };
}

/** Brings the loudest sample to -3 dB of full scale. */
export function normalise({ rate, samples }: Sound): Sound {
  const loudest = peak(samples);
  return { rate, samples: loudest > 0 ? samples.map((sample) => (sample / loudest) * 0.7079) : samples };
}

/** One after the other, with silence between. All must have the same rate. */
export function join(sounds: readonly Sound[], gapMs: number): Sound {
  const rate = sounds[0]?.rate ?? promptRate;
  const gap = Math.round((gapMs * rate) / 1000);
  const length = sounds.reduce((sum, { samples }) => sum + samples.length, gap * Math.max(0, sounds.length - 1));
  const joined = new Float32Array(length);
  let at = 0;
  for (const { samples } of sounds) {
    joined.set(samples, at);
    at += samples.length + gap;
  }
  return { rate, samples: joined };
}

export function toPcm16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
}

function peak(samples: Float32Array): number {
  return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}

/** A WAV file as Asterisk plays it: 8 kHz, mono, 16 bits. */
export function encodeWav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([wavHeader({ sampleRate: promptRate, channels: 1 }, data.length), data]);
}
