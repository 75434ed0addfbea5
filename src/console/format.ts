import { language, text } from './texts.js';

/** What the server's clock is ahead of this computer's, ms; elapsed times are counted with it. */
let clockOffset = 0;

/** Learns the offset from a `Date` header, which is whole seconds: smaller differences are not corrected. */
export function learnClock(serverTime: number, now = Date.now()): void {
  const offset = serverTime + 500 - now;
  clockOffset = Math.abs(offset) > 2000 ? offset : 0;
}

export const serverNow = (): number => Date.now() + clockOffset;

/** `09:05:07`, in the city's time wherever the browser is. */
export function clock(at: string | number): string {
  return format(at, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** `11-21 09:05`. */
export function dayAndClock(at: string | number): string {
  return format(at, { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
}

function format(at: string | number, parts: Intl.DateTimeFormatOptions): string {
  const locale = language() === 'zh' ? 'zh-CN' : 'en-GB';
  return new Intl.DateTimeFormat(locale, { ...parts, hourCycle: 'h23', timeZone: 'Asia/Shanghai' }).format(
    new Date(at),
  );
}

/** `1:05`, `1:01:05`; negative is zero. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A stretch of talk or waiting, or a dash. */
export const durationOr = (ms: number | null): string => (ms === null ? '–' : duration(ms));

/** Shows what every `[data-since]` and `[data-until]` (ISO times) says now. */
export function tick(root: ParentNode): void {
  const now = serverNow();
  for (const element of root.querySelectorAll<HTMLElement>('[data-since]'))
    element.textContent = duration(now - Date.parse(element.dataset.since ?? ''));
  for (const element of root.querySelectorAll<HTMLElement>('[data-until]'))
    element.textContent = duration(Date.parse(element.dataset.until ?? '') - now);
}

/** A place with its province, or a word for an unknown one; the city alone when both have one name (Beijing). */
export function regionName(region: { province: string; city: string } | null): string {
  if (!region) return text('regionUnknown');
  return region.province === region.city ? region.city : `${region.province} ${region.city}`;
}
