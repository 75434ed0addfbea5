/** Bytes of a canonical WAV header. */
export const wavHeaderBytes = 44;

export interface PcmFormat {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  readonly channels: number;
}

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
