/** Bytes of a canonical WAV header. */
export const wavHeaderBytes = 44;

export interface PcmFormat {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** What calls are recorded in: 16-bit little-endian, citizen left, agent right. */
export const recordingFormat: PcmFormat = { sampleRate: 8_000, channels: 2 };

/** The header of a WAV file (RIFF, PCM16) for `dataBytes` bytes of samples. */
export function wavHeader({ sampleRate, channels }: PcmFormat, dataBytes: number): Buffer {
  const frameBytes = channels * 2;
  const header = Buffer.alloc(wavHeaderBytes);
  header.write('RIFF', 0, 'ascii');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'ascii');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'ascii');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/**
 * The byte range that a `Range` header asks of `size` bytes (RFC 9110 §14.2, one range): inclusive bounds, null when there is
 * none or several (the whole is sent), `unsatisfiable` when it lies outside.
 */
export function byteRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
