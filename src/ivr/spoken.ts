/**
 * Numbers, dates and times as lists of prompt names, in the order in which they are played. Names: `n-0` … `n-9` (零 一 二 …),
 * `n-liang` (两), `n-10`, `n-100`, `n-1000`, `n-10000` (十 百 千 万), `d-1` (幺). English: `n-0` … `n-19`, `n-20` … `n-90`,
 * `n-hundred`, `n-thousand`, `n-and`.
 */
export type Language = 'zh' | 'en';

/** The place in line: how many callers are ahead. */
export function positionPrompts(ahead: number, language: Language): string[] {
  if (ahead <= 0) return ['queue-next'];
  return ['queue-ahead', ...countPrompts(ahead, language), language === 'zh' ? 'queue-ahead-people' : 'queue-ahead-callers'];
}

/** A count of people or things: 2 is 两 in Chinese. */
export function countPrompts(count: number, _language: Language): string[] {
  return [`n-${count}`];
}
