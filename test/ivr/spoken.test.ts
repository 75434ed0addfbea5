import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { parse } from 'yaml';
import {
  amountPrompts,
  countPrompts,
  datePrompts,
  digitPrompts,
  type Language,
  numberPrompts,
  positionPrompts,
  timePrompts,
  waitPrompts,
  yearPrompts,
} from '../../src/ivr/spoken.js';

const file = new URL('../../asterisk-config/prompts/texts.yaml', import.meta.url);
const texts = parse(readFileSync(file, 'utf8')) as Record<string, { zh?: string; en?: string }>;

/** The words that a caller hears; fails for a prompt that has none. */
function words(prompts: readonly string[], language: Language): string {
  const spoken = prompts.map((name) => {
    const text = texts[name]?.[language];
    if (!text) throw new Error(`no ${language} words for ${name}`);
    return text;
  });
  return spoken.join(language === 'zh' ? '' : ' ');
}
const zh = (prompts: readonly string[]) => words(prompts, 'zh');
const en = (prompts: readonly string[]) => words(prompts, 'en');

t.test('numbers', async (t) => {
  const table: [number, string, string][] = [
    [0, '零', 'zero'],
    [1, '一', 'one'],
    [2, '二', 'two'],
    [10, '十', 'ten'],
    [11, '十一', 'eleven'],
    [12, '十二', 'twelve'],
    [20, '二十', 'twenty'],
    [22, '二十二', 'twenty two'],
    [99, '九十九', 'ninety nine'],
    [100, '一百', 'one hundred'],
    [105, '一百零五', 'one hundred five'],
    [110, '一百一十', 'one hundred ten'],
    [112, '一百一十二', 'one hundred twelve'],
    [200, '两百', 'two hundred'],
    [222, '两百二十二', 'two hundred twenty two'],
    [1000, '一千', 'one thousand'],
    [1001, '一千零一', 'one thousand one'],
    [1010, '一千零一十', 'one thousand ten'],
    [1200, '一千二百', 'one thousand two hundred'],
    [1205, '一千二百零五', 'one thousand two hundred five'],
    [2002, '两千零二', 'two thousand two'],
    [10000, '一万', 'ten thousand'],
    [10010, '一万零一十', 'ten thousand ten'],
    [10100, '一万零一百', 'ten thousand one hundred'],
    [12345, '一万二千三百四十五', 'twelve thousand three hundred forty five'],
    [20000, '两万', 'twenty thousand'],
    [100000, '十万', 'one hundred thousand'],
    [120003, '十二万零三', 'one hundred twenty thousand three'],
    [2050000, '两百零五万', 'two million fifty thousand'],
    [
      99999999,
      '九千九百九十九万九千九百九十九',
      'ninety nine million nine hundred ninety nine thousand nine hundred ninety nine',
    ],
    [100000000, '幺零零零零零零零零', 'one zero zero zero zero zero zero zero zero'],
    [-5, '五', 'five'],
  ];
  for (const [value, chinese, english] of table) {
    t.equal(zh(numberPrompts(value, 'zh')), chinese);
    t.equal(en(numberPrompts(value, 'en')), english);
  }
  t.equal(zh(countPrompts(2, 'zh')), '两');
  t.equal(zh(countPrompts(12, 'zh')), '十二');
  t.equal(zh(countPrompts(102, 'zh')), '一百零二');
});

t.test('what is read back is the number', async () => {
  const digits: Record<string, number> = {
    零: 0,
    一: 1,
    二: 2,
    两: 2,
    三: 3,
    四: 4,
    五: 5,
    六: 6,
    七: 7,
    八: 8,
    九: 9,
  };
  const units: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };
  const read = (text: string): number => {
    const [high = '', low] = text.includes('万') ? text.split('万') : ['', text];
    const four = (part: string) => {
      let [sum, digit] = [0, 0];
      for (const char of part) {
        const unit = units[char];
        if (unit) sum += (digit || 1) * unit;
        digit = unit ? 0 : (digits[char] ?? 0);
      }
      return sum + digit;
    };
    return four(high) * 10_000 + four(low ?? '');
  };
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 99_999_999 }),
      (n) => read(zh(numberPrompts(n, 'zh'))) === n && en(numberPrompts(n, 'en')) !== '',
    ),
  );
});

t.test('digits, dates, times, money, waiting', async (t) => {
  const table: [string[], Language, string][] = [
    [digitPrompts('12345', 'zh'), 'zh', '幺二三四五'],
    [digitPrompts('138 0000 0001', 'zh'), 'zh', '幺三八零零零零零零零幺'],
    [digitPrompts('105', 'en'), 'en', 'one zero five'],
    [yearPrompts(2026, 'zh'), 'zh', '二零二六年'],
    [yearPrompts(2011, 'zh'), 'zh', '二零一一年'],
    [yearPrompts(2026, 'en'), 'en', 'twenty twenty six'],
    [yearPrompts(2005, 'en'), 'en', 'two thousand five'],
    [yearPrompts(1905, 'en'), 'en', 'nineteen oh five'],
    [yearPrompts(1900, 'en'), 'en', 'nineteen hundred'],
    [datePrompts({ year: 2026, month: 11, day: 21 }, 'zh'), 'zh', '二零二六年十一月二十一日'],
    [datePrompts({ year: 2026, month: 2, day: 2 }, 'zh'), 'zh', '二零二六年二月二日'],
    [datePrompts({ year: 2026, month: 11, day: 21 }, 'en'), 'en', 'November twenty-first twenty twenty six'],
    [timePrompts({ hour: 9, minute: 5 }, 'zh'), 'zh', '九点零五分'],
    [timePrompts({ hour: 2, minute: 0 }, 'zh'), 'zh', '两点'],
    [timePrompts({ hour: 14, minute: 30 }, 'zh'), 'zh', '十四点三十分'],
    [timePrompts({ hour: 9, minute: 5 }, 'en'), 'en', 'nine oh five'],
    [timePrompts({ hour: 9, minute: 0 }, 'en'), 'en', "nine o'clock"],
    [amountPrompts(1205, 'zh'), 'zh', '十二元零五分'],
    [amountPrompts(1250, 'zh'), 'zh', '十二元五角'],
    [amountPrompts(1225, 'zh'), 'zh', '十二元两角五分'],
    [amountPrompts(200, 'zh'), 'zh', '两元'],
    [amountPrompts(5, 'zh'), 'zh', '五分'],
    [amountPrompts(0, 'zh'), 'zh', '零元'],
    [amountPrompts(1205, 'en'), 'en', 'twelve yuan five fen'],
    [positionPrompts(0, 'zh'), 'zh', '您是下一位，请稍候。'],
    [positionPrompts(1, 'zh'), 'zh', '您前面还有一位来电者，请稍候。'],
    [positionPrompts(2, 'zh'), 'zh', '您前面还有两位来电者，请稍候。'],
    [positionPrompts(12, 'zh'), 'zh', '您前面还有十二位来电者，请稍候。'],
    [positionPrompts(1, 'en'), 'en', 'There is one caller ahead of you. Please hold.'],
    [positionPrompts(3, 'en'), 'en', 'There are three callers ahead of you. Please hold.'],
    [waitPrompts(59_000, 'zh'), 'zh', '预计等待时间不到一分钟。'],
    [waitPrompts(61_000, 'zh'), 'zh', '预计还需等待两分钟。'],
    [waitPrompts(600_000, 'en'), 'en', 'The expected wait is ten minutes.'],
    [waitPrompts(3_600_001, 'zh'), 'zh', '预计等待时间超过一小时。'],
  ];
  for (const [prompts, language, expected] of table) t.equal(words(prompts, language), expected);
});
