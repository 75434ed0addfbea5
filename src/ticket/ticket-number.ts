/**
 * The number that people read to each other: `YYYYMMDD` of the day of opening in Asia/Shanghai, five digits that count that
 * day's tickets from 00001, and a check digit after Damm: with it every single wrong digit and every swap of two neighbours
 * is noticed. Fourteen digits, read aloud in groups: 20261121 00001 and the check digit.
 */
export const ticketNumberPattern = '^\\d{14}$';
export const mostPerDay = 99_999;

/** Damm's quasigroup of order ten (H. M. Damm, 2004): totally anti-symmetric, zero diagonal. */
const quasigroup = [
  '0317598642',
  '7092154863',
  '4206871359',
  '1750983426',
  '6123045978',
  '3674209581',
  '5869720134',
  '8945362017',
  '9438617205',
  '2581436790',
].map((row) => [...row].map(Number));

/** China has kept UTC+8 without summer time since 1991, so that a fixed offset is exact for every ticket. */
const shanghaiOffsetMs = 8 * 3_600_000;

/** `YYYYMMDD` in Asia/Shanghai. */
export function ticketDay(at: Date): string {
  return new Date(at.getTime() + shanghaiOffsetMs).toISOString().slice(0, 10).replaceAll('-', '');
}

/** @param count 1 … 99,999 @throws RangeError beyond */
export function ticketNumber(day: string, count: number): string {
  if (!Number.isInteger(count) || count < 1 || count > mostPerDay) throw new RangeError('five digits count one day');
  const digits = day + String(count).padStart(5, '0');
  return `${digits}${damm(digits)}`;
}

/**
 * Reads a number as people write it: spaces, dashes and full-width digits are fine. Null when it is none: wrong length, no
 * such day, nothing counted, or the check digit does not fit.
 */
export function parseTicketNumber(text: string): string | null {
  const digits = text.normalize('NFKC').replace(/[\s\-‐–—]/g, '');
  if (!new RegExp(ticketNumberPattern).test(digits) || damm(digits) !== 0) return null;
  const [, year, month, day] = /^(....)(..)(..)/.exec(digits) ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().slice(8, 10) === day;
  return exists && digits.slice(8, 13) !== '00000' ? digits : null;
}

/** The check digit of digits; 0 for digits that carry a right one at their end. */
function damm(digits: string): number {
  let interim = 0;
  for (const digit of digits) interim = quasigroup[interim]?.[Number(digit)] ?? Number.NaN;
  return interim;
}
