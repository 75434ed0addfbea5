import { HotlineError } from '../platform/errors.js';
import { callerPart } from './signalled.js';

/**
 * Telephone numbers of the Chinese numbering plan (V23): what a trunk signals or a person types, in one form. Pure.
 *
 * Ambiguous without `+` or `00` and decided so: eleven digits from 852 or 853 are Hong Kong and Macao (Guizhou's old codes
 * 0852 and 0853 ended in 2014); everything else without a prefix is read as Chinese.
 */
export interface PhoneNumber {
  /** E.164 with `+`; short codes as dialled (`12345`, with another city's code `+8651012345`); null when there is none. */
  e164: string | null;
  kind: NumberKind;
  /** Long-distance code with its 0, of landlines and of short codes that were given with one. */
  areaCode?: string;
  /** As people write it; empty when withheld; digits as they came when unknown. Personal data. */
  display: string;
}

/**
 * `shortCode`: 110, 12345, 10086, 95xxx, 96xxx. `service`: 400 and 800. `withheld`: the caller or the network shows none.
 * `unknown`: something came that is no number of these.
 */
export type NumberKind = 'mobile' | 'landline' | 'shortCode' | 'service' | 'international' | 'withheld' | 'unknown';

/** For people who type numbers; used as `allowed` in errors. */
export const allowedNumbers = [
  '11-digit mobile number 手机号码',
  'landline with area code 带区号的固定电话',
  '7- or 8-digit local number 本地固定电话',
  '400 or 800 number',
  'short code such as 12345 短号码',
  'international number beginning with + or 00 国际号码',
] as const;

const mobile = /^1[3-9]\d{9}$/;
/** Area code without its 0, subscriber number. Three-digit codes (with 0) have eight digits throughout. */
const landline = /^(?:(10|2\d)([2-8]\d{7})|([3-9]\d\d)([2-8]\d{6,7}))$/;
const service = /^[48]00\d{7}$/;
/** Three digits of emergency and help; five of the 10, 12, 95 and 96 ranges; 1010 and 116/118; longer ones of 95 and 96. */
const shortCode = /^(?:11\d|12[0-2]|1[02]\d{3}|1010\d{4}|11[68]\d{3}|9[56]\d{3,13})$/;
const areaAndShortCode = /^(10|2\d|[3-9]\d\d)(11\d|12[0-2]|1[02]\d{3}|11[68]\d{3}|9[56]\d{3,6})$/;
/** Carriers' prefixes for cheaper long-distance calls and second numbers, left in front by some trunks. */
const carrierPrefix = /^(?:179\d\d|12593|12583[1-9]|1180[18]|10193)(?=0|1[3-9]\d{9}$)/;
const hongKongMacao = /^85[23]\d{8}$/;

/**
 * Reads a number in any form: tel: and SIP URIs, `"Name" <sip:…>`, +86, 0086, 86, a long-distance 0, local numbers, full-width
 * digits, spaces and dashes. Never fails: what is no number is `unknown`.
 * @param areaCode code of the own city with its 0, completes local numbers
 */
export function parseNumber(raw: string, areaCode: string): PhoneNumber {
  const caller = callerPart(raw);
  if (caller === null) return { e164: null, kind: 'withheld', display: '' };
  const digits = caller.replace(/^\+/, '');
  const plus = caller.startsWith('+') && !digits.startsWith('0');
  return (
    (plus && fromAbroad(digits)) ||
    (digits.startsWith('00') && fromAbroad(digits.slice(2))) ||
    (!plus && (national(digits, areaCode) ?? national(digits.replace(carrierPrefix, ''), areaCode))) || {
      e164: null,
      kind: 'unknown',
      display: /^\+?[\d*#]{1,20}$/.test(caller) ? caller : '',
    }
  );
}

/**
 * Reads a number that a person typed.
 * @throws HotlineError `request.invalid` with the field and what is allowed; the number itself is not repeated.
 */
export function requireNumber(raw: string, areaCode: string, field: string): PhoneNumber & { e164: string } {
  const number = parseNumber(raw, areaCode);
  if (number.e164 === null) throw new HotlineError('request.invalid', { field, allowed: allowedNumbers });
  return { ...number, e164: number.e164 };
}

/** Writes a stored number as people do: `138 0000 0001`, `0518-8123 4567`, `400-812-3456`, `12345`, `+852 2123 4567`. */
export function formatNumber(e164: string): string {
  if (!e164.startsWith('+86')) return e164.startsWith('+') ? formatForeign(e164.slice(1)) : e164;
  const digits = e164.slice(3);
  if (mobile.test(digits)) return `${digits.slice(0, 3)} ${digits.slice(3, 7)} ${digits.slice(7)}`;
  if (service.test(digits)) return `${digits.slice(0, 3)}-${digits.slice(3, 6)}-${digits.slice(6)}`;
  const [, short, local, long, localOfLong] = landline.exec(digits) ?? [];
  const subscriber = local ?? localOfLong;
  if (subscriber) return `0${short ?? long}-${subscriber.slice(0, -4)} ${subscriber.slice(-4)}`;
  const [, area, code] = areaAndShortCode.exec(digits) ?? [];
  return area ? `0${area}-${code}` : e164;
}

/** Digits that follow `+` or `00`: country code first. Null when they are no number. */
function fromAbroad(digits: string): PhoneNumber | null {
  if (digits.startsWith('86')) return withTrunkZero(digits.slice(2).replace(/^0/, ''));
  if (!/^[1-9]\d{6,14}$/.test(digits)) return null;
  return known(`+${digits}`, 'international');
}

/** Digits as dialled within China. */
function national(digits: string, areaCode: string): PhoneNumber | null {
  if (digits.startsWith('0')) return withTrunkZero(digits.slice(1));
  if (/^[2-8]\d{6,7}$/.test(digits)) return withTrunkZero(areaCode.slice(1) + digits);
  if (shortCode.test(digits)) return known(digits, 'shortCode');
  if (hongKongMacao.test(digits)) return known(`+${digits}`, 'international');
  if (/^86\d{10,12}$/.test(digits)) return withTrunkZero(digits.slice(2).replace(/^0/, ''));
  return significant(digits);
}

/** A number whose long-distance 0 or country code was there and is taken off: short codes may have an area code in front. */
function withTrunkZero(digits: string): PhoneNumber | null {
  const [, area] = areaAndShortCode.exec(digits) ?? [];
  return (
    significant(digits) ??
    (area ? { ...known(`+86${digits}`, 'shortCode'), areaCode: `0${area}` } : null) ??
    (shortCode.test(digits) ? known(digits, 'shortCode') : null)
  );
}

/** A national significant number: mobile, service or area code and subscriber. */
function significant(digits: string): PhoneNumber | null {
  if (mobile.test(digits)) return known(`+86${digits}`, 'mobile');
  if (service.test(digits)) return known(`+86${digits}`, 'service');
  const [, short, , long] = landline.exec(digits) ?? [];
  const area = short ?? long;
  return area ? { ...known(`+86${digits}`, 'landline'), areaCode: `0${area}` } : null;
}

function known(e164: string, kind: NumberKind): PhoneNumber {
  return { e164, kind, display: formatNumber(e164) };
}

/** Country codes of two digits (ITU-T E.164 list); 1 and 7 have one, all others three. */
const twoDigitCountries = /^(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

function formatForeign(digits: string): string {
  // North America and Russia count three, three, four.
  if (/^[17]\d{10}$/.test(digits)) return digits.replace(/^(.)(...)(...)(....)$/, '+$1 $2 $3 $4');
  const length = /^[17]/.test(digits) ? 1 : twoDigitCountries.test(digits) ? 2 : 3;
  const rest = digits.slice(length);
  const groups = [rest.slice(0, -8), rest.slice(-8, -4), rest.slice(-4)];
  return [`+${digits.slice(0, length)}`, ...groups.filter(Boolean)].join(' ');
}
