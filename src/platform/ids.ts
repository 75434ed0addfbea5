/**
 * A UUIDv7 (RFC 9562): 48 bits of time, then randomness; sorts by time as text.
 * @param at milliseconds since the epoch
 * @param random at least ten random bytes
 */
export function uuidv7(at: number, random: Uint8Array): string {
  if (random.length < 10) throw new RangeError('ten random bytes are needed');
  const time = Math.max(0, Math.trunc(at)).toString(16).padStart(12, '0').slice(-12);
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const rest = hex(random.subarray(2, 10));
  const version = (0x7000 | (((random[0] ?? 0) & 0x0f) << 8) | (random[1] ?? 0)).toString(16);
  const variant = (0x80 | (Number.parseInt(rest.slice(0, 2), 16) & 0x3f)).toString(16).padStart(2, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}${rest.slice(2, 4)}-${rest.slice(4)}`;
}

export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
