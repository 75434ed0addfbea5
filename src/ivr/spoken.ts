/**
 * Numbers, dates, amounts and the place in line as lists of prompt names, in the order in which they are played. Pure.
 *
 * The words themselves are in `asterisk-config/prompts/texts.yaml`: `n-0` … `n-9` (零 一 二 …), `n-liang` (两), `n-10`,
 * `n-hundred`, `n-thousand`, `n-ten-thousand` (十 百 千 万), `d-1` (幺, for numbers read digit by digit); English has `n-0` … `n-20`,
 * `n-30` … `n-90`, `n-hundred`, `n-thousand`, `n-million`, `nth-1` … `nth-31`, `month-1` … `month-12`.
 */
export type Language = 'zh' | 'en';

/** Beyond this, numbers are read digit by digit. */
const largest = 99_999_999;

/**
 * A whole number: 12 十二, 20 二十, 105 一百零五, 10010 一万零一十, 2000 两千.
 * Numbers that are negative, fractional or above 99,999,999 are read digit by digit, without sign and point.
 */
export function numberPrompts(value: number, language: Language): string[] {
  if (!Number.isInteger(value) || value < 0 || value > largest) return digitPrompts(String(value), language);
  if (language === 'en') return english(value);
  return value === 0 ? ['n-0'] : chinese(value);
}

/** A count of people, minutes or things: like a number, but two is 两 in Chinese. */
export function countPrompts(count: number, language: Language): string[] {
  return language === 'zh' && count === 2 ? ['n-liang'] : numberPrompts(count, language);
}

/** Digit by digit, as telephone and ticket numbers are read: 1 is 幺 in Chinese. Anything but 0-9 is skipped. */
export function digitPrompts(digits: string, language: Language): string[] {
  return [...digits].filter((char) => /[0-9]/.test(char)).map((digit) => digitPrompt(digit, language));
}

/** The place in line: how many callers are ahead. */
export function positionPrompts(ahead: number, language: Language): string[] {
  if (ahead <= 0) return ['queue-next'];
  if (language === 'en') {
    return ahead === 1 ? ['queue-ahead-one'] : ['queue-ahead', ...countPrompts(ahead, language), 'queue-ahead-callers'];
  }
  return ['queue-ahead', ...countPrompts(ahead, language), 'queue-ahead-callers'];
}

/** The expected wait, rounded up to whole minutes; above an hour only that it is long. */
export function waitPrompts(waitMs: number, language: Language): string[] {
  const minutes = Math.ceil(waitMs / 60_000);
  if (minutes <= 1) return ['wait-under-one-minute'];
  if (minutes > 60) return ['wait-over-one-hour'];
  return ['wait-about', ...countPrompts(minutes, language), 'minutes'];
}

/** A year: 二〇二六年; twenty twenty-six, two thousand five. Four digits. */
export function yearPrompts(year: number, language: Language): string[] {
  if (language === 'zh') return [...[...String(year)].map((digit) => `n-${digit}`), 'year'];
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (year % 1000 < 10) return english(year);
  if (rest === 0) return [...english(century), 'n-hundred'];
  return [...english(century), ...(rest < 10 ? ['n-oh'] : []), ...english(rest)];
}

/** A day of the calendar: 二〇二六年十一月二十一日; November twenty-first, twenty twenty-six. */
export function datePrompts(date: { year: number; month: number; day: number }, language: Language): string[] {
  const { year, month, day } = date;
  if (language === 'en') return [`month-${month}`, `nth-${day}`, ...yearPrompts(year, 'en')];
  return [...yearPrompts(year, 'zh'), ...numberPrompts(month, 'zh'), 'month', ...numberPrompts(day, 'zh'), 'day'];
}

/** A time of day, 24 hours: 九点零五分, 十四点三十分, 两点. */
export function timePrompts(time: { hour: number; minute: number }, language: Language): string[] {
  const { hour, minute } = time;
  if (language === 'en') {
    const minutes = minute === 0 ? ['o-clock'] : minute < 10 ? ['n-oh', ...english(minute)] : english(minute);
    return [...english(hour), ...minutes];
  }
  const minutes = minute === 0 ? [] : [...(minute < 10 ? ['n-0'] : []), ...numberPrompts(minute, 'zh'), 'minute'];
  return [...countPrompts(hour, 'zh'), 'o-clock', ...minutes];
}

/**
 * An amount of money in fen: 1205 十二元零五分, 1250 十二元五角, 200 两元.
 * English says yuan and fen: twelve yuan five fen.
 */
export function amountPrompts(fen: number, language: Language): string[] {
  const yuan = Math.floor(fen / 100);
  const rest = fen % 100;
  const whole = yuan > 0 || rest === 0 ? [...countPrompts(yuan, language), 'yuan'] : [];
  if (language === 'en') return rest ? [...whole, ...english(rest), 'fen'] : whole;
  const [jiao, last] = [Math.floor(rest / 10), rest % 10];
  return [
    ...whole,
    ...(jiao ? [...countPrompts(jiao, 'zh'), 'jiao'] : []),
    ...(last && !jiao && yuan > 0 ? ['n-0'] : []),
    ...(last ? [...countPrompts(last, 'zh'), 'fen'] : []),
  ];
}

function digitPrompt(digit: string, language: Language): string {
  return language === 'zh' && digit === '1' ? 'd-1' : `n-${digit}`;
}

function chinese(value: number): string[] {
  const [high, low] = [Math.floor(value / 10_000), value % 10_000];
  if (high === 0) return fourDigits(low, true);
  const spoken = [...(high === 2 ? ['n-liang'] : fourDigits(high, true)), 'n-ten-thousand'];
  if (low === 0) return spoken;
  return [...spoken, ...(low < 1000 ? ['n-0'] : []), ...fourDigits(low, false)];
}

/** 1 … 9999. `first`: nothing is said before it, so 十二 instead of 一十二 and 两千 instead of 二千. */
function fourDigits(value: number, first: boolean): string[] {
  const spoken: string[] = [];
  let gap = false;
  for (const [unit, name] of [
    [1000, 'n-thousand'],
    [100, 'n-hundred'],
    [10, 'n-10'],
    [1, ''],
  ] as const) {
    const digit = Math.floor(value / unit) % 10;
    const begins = first && spoken.length === 0;
    if (digit === 0) {
      gap = spoken.length > 0;
      continue;
    }
    if (gap) spoken.push('n-0');
    gap = false;
    if (unit >= 100 && digit === 2 && begins) spoken.push('n-liang');
    else if (!(unit === 10 && digit === 1 && begins)) spoken.push(`n-${digit}`);
    if (name) spoken.push(name);
  }
  return spoken;
}

function english(value: number): string[] {
  if (value <= 20) return [`n-${value}`];
  if (value < 100) return value % 10 ? [`n-${value - (value % 10)}`, `n-${value % 10}`] : [`n-${value}`];
  for (const [unit, name] of [
    [1_000_000, 'n-million'],
    [1000, 'n-thousand'],
    [100, 'n-hundred'],
  ] as const) {
    if (value >= unit) {
      const rest = value % unit;
      return [...english(Math.floor(value / unit)), name, ...(rest ? english(rest) : [])];
    }
  }
  return [];
}
