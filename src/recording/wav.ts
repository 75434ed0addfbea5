import type { PcmFormat } from '../platform/files/wav.js';

/** What calls are recorded in: 16-bit little-endian, citizen left, agent right. */
export const recordingFormat: PcmFormat = { sampleRate: 8_000, channels: 2 };

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
