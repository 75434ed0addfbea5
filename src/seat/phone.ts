import { createHmac } from 'node:crypto';

/**
 * A seat owns two SIP accounts: one for a desk phone, named as the seat, and one for the softphone in the page. Whichever is
 * registered rings; with both it is the page's.
 */
export interface SeatPhone {
  readonly phone: string;
  readonly kind: 'webrtc' | 'sip';
}

const webSuffix = '-web';

/** The accounts of a seat, the preferred one first. */
export function phonesOf(seat: string): readonly [SeatPhone, SeatPhone] {
  return [
    { phone: `${seat}${webSuffix}`, kind: 'webrtc' },
    { phone: seat, kind: 'sip' },
  ];
}

export function seatOfPhone(phone: string): string {
  return phone.endsWith(webSuffix) ? phone.slice(0, -webSuffix.length) : phone;
}

/** The account to ring: the preferred one that can be reached; null when none can. */
export function phoneToRing(seat: string, reachable: ReadonlySet<string>): string | null {
  return phonesOf(seat).find(({ phone }) => reachable.has(phone))?.phone ?? null;
}

/** The account's password: derived from the installation's secret, so it is stored nowhere and the same after a restart. */
export function phonePassword(secret: string, phone: string): string {
  return createHmac('sha256', secret).update(`sip:${phone}`).digest('base64url').slice(0, 24);
}
