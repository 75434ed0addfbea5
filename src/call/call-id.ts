import { createHash } from 'node:crypto';

/**
 * The call id of a citizen's channel: a UUIDv7 made from the channel's creation time and its id, so that a fresh process
 * that finds the channel in Asterisk gives it the same call id and nothing is begun twice.
 */
export function callIdOf(channelId: string, createdAt: number): string {
  const time = Math.max(0, Math.trunc(createdAt)).toString(16).padStart(12, '0').slice(-12);
  const hash = createHash('sha256').update(channelId).digest('hex');
  const variant = ((Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}

/** Bridge of a call's talk. */
export function bridgeIdOf(callId: string): string {
  return `call-${callId}`;
}

/** Channel of the call's `n`th leg to a seat. */
export function legIdOf(callId: string, n: number): string {
  return `${callId}.${n}`;
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const legPattern = new RegExp(`^(${uuid})\\.\\d+$`);
const bridgePattern = new RegExp(`^call-(${uuid})$`);

/** The call that a channel we dialled belongs to; null for a channel that is not one of our legs. */
export function callOfLeg(channelId: string): string | null {
  return legPattern.exec(channelId)?.[1] ?? null;
}

/** The call that a bridge of ours belongs to; null for other bridges. */
export function callOfBridge(bridgeId: string): string | null {
  return bridgePattern.exec(bridgeId)?.[1] ?? null;
}
