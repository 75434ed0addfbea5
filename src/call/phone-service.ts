import type { Logger } from 'pino';
import { writeEmergencyMembers } from '../platform/asterisk/instance.js';
import { type Telephony, TelephonyError } from '../platform/asterisk/port.js';
import { phonePassword, phonesOf } from '../seat/phone.js';

export interface PhoneParts {
  readonly telephony: Telephony;
  readonly seats: readonly string[];
  /** Key of the phones' passwords. */
  readonly phoneKey: string;
  /** Asterisk's instance folder, for the emergency queue's members. */
  readonly asteriskDir: string;
  readonly log: Logger;
}

/**
 * Gives every seat its SIP accounts in Asterisk and its place in the emergency queue (V21). Repeating it changes nothing; it
 * runs after each connect, because an Asterisk that was set up anew knows none of them.
 */
export async function registerPhones({ telephony, seats, phoneKey, asteriskDir, log }: PhoneParts): Promise<void> {
  const phones = seats.flatMap((seat) => phonesOf(seat).map((phone) => ({ ...phone, seat })));
  try {
    for (const { phone, kind, seat } of phones) {
      await telephony.putPhone({ phone, kind, password: phonePassword(phoneKey, phone), displayName: seat });
    }
    writeEmergencyMembers(
      asteriskDir,
      phones.map(({ phone }) => phone),
    );
    await telephony.reloadModule('app_queue.so');
  } catch (error) {
    // A connection lost meanwhile: the next connect does it again.
    if (error instanceof TelephonyError && error.reason === 'unavailable') return;
    log.error({ err: error }, 'the seats’ phones could not be set up in asterisk');
  }
}
