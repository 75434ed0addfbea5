import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { wavHeader, wavHeaderBytes } from '../platform/files/wav.js';
import { recordingFormat } from './wav.js';

/** A recording as a WAV file that is never written: the header is made when it is read, so an unfinished file plays too. */
export interface Recording {
  /** Bytes of the whole WAV. */
  readonly size: number;
  readonly durationMs: number;
  /** The bytes from `start` to `end`, both included. */
  read(start: number, end: number): Readable;
}

/** Opens a recording below `folder`; null when there is no file (yet). */
export async function openRecording(folder: string, name: string): Promise<Recording | null> {
  const path = join(folder, basename(name));
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!found) return null;
  const frameBytes = recordingFormat.channels * 2;
  const dataBytes = found.size - (found.size % frameBytes);
  const header = wavHeader(recordingFormat, dataBytes);
  return {
    size: wavHeaderBytes + dataBytes,
    durationMs: Math.round((dataBytes / frameBytes / recordingFormat.sampleRate) * 1_000),
    read: (start, end) => Readable.from(bytes(path, header, start, end), { objectMode: false }),
  };
}

async function* bytes(path: string, header: Buffer, start: number, end: number): AsyncGenerator<Buffer> {
  if (start < wavHeaderBytes) yield header.subarray(start, Math.min(end + 1, wavHeaderBytes));
  if (end < wavHeaderBytes) return;
  const from = Math.max(0, start - wavHeaderBytes);
  for await (const chunk of createReadStream(path, { start: from, end: end - wavHeaderBytes })) yield chunk;
}
