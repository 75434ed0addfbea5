/** From words to sound: what espeak-ng is to read, voice by voice, and its answer made fit for the telephone. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { promisify } from 'node:util';
import { pinyin } from 'pinyin-pro';
import { decodeWav, join, normalise, promptRate, resample, type Sound, trim } from '../src/ivr/prompt-audio.js';
import { type Language, numberPrompts } from '../src/ivr/spoken.js';
import type { Command } from '../src/platform/provision/programs.js';

export type Espeak = (args: readonly string[]) => Command;

/** A run of words for one voice. Chinese is given as numbered pinyin: espeak-ng's own table has no context. */
export interface Segment {
  voice: 'cmn-latn-pinyin' | 'en-us';
  text: string;
}

const wordsPerMinute = { 'cmn-latn-pinyin': 185, 'en-us': 160 };
/** Between runs of different voices, ms. */
const gapMs = 120;
/** Silence left at both ends of a prompt, ms: prompts are played one after the other without any of their own. */
const marginMs = 25;

const chineseDigits: Record<string, string> = {
  'n-0': '零',
  'n-1': '一',
  'n-2': '二',
  'n-3': '三',
  'n-4': '四',
  'n-5': '五',
  'n-6': '六',
  'n-7': '七',
  'n-8': '八',
  'n-9': '九',
  'n-10': '十',
  'd-1': '幺',
};

/** Splits a text by script. Numbers of three or more digits are read digit by digit: 12345, 110. */
export function segments(text: string, language: Language): Segment[] {
  if (language === 'en') return [english(text)];
  const runs = chineseNumbers(text).match(/[A-Za-z][A-Za-z0-9 ,.!?'’-]*|[^A-Za-z]+/g) ?? [];
  return runs.map((run) => (/^[A-Za-z]/.test(run) ? english(run) : chinese(run))).filter(({ text }) => /\w/.test(text));
}

/** Speaks a text. Rejects when espeak-ng fails. */
export async function speak(text: string, language: Language, espeak: Espeak): Promise<Sound> {
  const dir = await mkdtemp(joinPath(tmpdir(), 'hotline-prompt-'));
  try {
    const spoken: Sound[] = [];
    for (const { voice, text: words } of segments(text, language)) {
      const wav = joinPath(dir, `${spoken.length}.wav`);
      const { file, args, env } = espeak(['-v', voice, '-s', String(wordsPerMinute[voice]), '-w', wav, words]);
      await promisify(execFile)(file, args, { env: { ...process.env, ...env } });
      spoken.push(normalise(trim(resample(decodeWav(await readFile(wav)), promptRate), marginMs)));
    }
    return join(spoken, gapMs);
  } finally {
    await rm(dir, { recursive: true });
  }
}

function english(text: string): Segment {
  return { voice: 'en-us', text: text.replace(/\d{3,}/g, (digits) => digits.split('').join(' ')).trim() };
}

function chinese(text: string): Segment {
  const parts = text.split(/([，。！？；：、,.!?;:]+)/).map((part) => {
    if (/^[。！？.!?]/.test(part)) return '. ';
    if (/^[，；：、,;:]/.test(part)) return ', ';
    const syllables = pinyin(part, { toneType: 'num', type: 'array', nonZh: 'removed', v: true });
    return syllables.map((syllable) => syllable.replace(/0$/, '5')).join(' ');
  });
  return { voice: 'cmn-latn-pinyin', text: parts.join('').trim() };
}

function chineseNumbers(text: string): string {
  // Digits behind a Latin word belong to it: "press 9".
  return text.replace(/([A-Za-z][A-Za-z ,.'’-]*)?(\d+)/g, (whole, latin: string | undefined, digits: string) => {
    if (latin) return whole;
    const prompts =
      digits.length >= 3
        ? [...digits].map((digit) => (digit === '1' ? 'd-1' : `n-${digit}`))
        : numberPrompts(Number(digits), 'zh');
    return prompts.map((prompt) => chineseDigits[prompt] ?? '').join('');
  });
}
