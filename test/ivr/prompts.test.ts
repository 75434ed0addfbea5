import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { segments } from '../../scripts/prompts-speech.js';
import { decodeWav, join, normalise, resample, type Sound, trim, WavError } from '../../src/ivr/prompt-audio.js';
import { languages, readPromptTexts, stalePrompts } from '../../src/ivr/prompt-texts-loader.js';
import {
  amountPrompts,
  datePrompts,
  digitPrompts,
  numberPrompts,
  positionPrompts,
  timePrompts,
  waitPrompts,
} from '../../src/ivr/spoken.js';

const configDir = fileURLToPath(new URL('../../asterisk-config', import.meta.url));
const texts = readPromptTexts(configDir);

t.test('every prompt that is shipped was spoken from the words it has now', async (t) => {
  t.same(stalePrompts(configDir, texts), [], 'npm run prompts');
  for (const name of ['overload', 'emergency-apology', 'goodbye', 'wrong-key', 'agents-busy', 'queue-next', 'welcome'])
    for (const language of languages) {
      const file = readFileSync(`${configDir}/prompts/${language}/${name}.wav`);
      const { rate, samples } = decodeWav(file);
      t.equal(rate, 8_000);
      t.ok(samples.length > 4_000 && samples.length < 100_000, `${language}/${name}: ${samples.length / rate} s`);
      const loud = samples.filter((sample) => Math.abs(sample) > 0.03).length / samples.length;
      t.ok(loud > 0.05, `${language}/${name} is not silence`);
    }
});

t.test('whatever is said of numbers has its sound', async () => {
  const number = fc.integer({ min: 0, max: 99_999_999 });
  fc.assert(
    fc.property(number, fc.constantFrom(...languages), (value, language) =>
      [
        numberPrompts(value, language),
        digitPrompts(String(value), language),
        positionPrompts(value % 1000, language),
        waitPrompts(value, language),
        amountPrompts(value, language),
        timePrompts({ hour: value % 24, minute: value % 60 }, language),
        datePrompts({ year: 1900 + (value % 300), month: 1 + (value % 12), day: 1 + (value % 31) }, language),
      ]
        .flat()
        .every((name) => texts.get(name)?.[language] !== undefined),
    ),
    { numRuns: 3000 },
  );
});

t.test('words are split by voice; numbers are read as people do', async (t) => {
  const [zh, en] = ['cmn-latn-pinyin', 'en-us'];
  t.same(segments('您好，12345热线。', 'zh'), [{ voice: zh, text: 'nin2 hao3, yao1 er4 san1 si4 wu3 re4 xian4.' }]);
  t.same(segments('亲清e线请按12，For English, press 9，谢谢', 'zh'), [
    { voice: zh, text: 'qin1 qing1' },
    { voice: en, text: 'e' },
    { voice: zh, text: 'xian4 qing3 an4 shi2 er4,' },
    { voice: en, text: 'For English, press 9' },
    { voice: zh, text: ', xie4 xie4' },
  ]);
  t.same(segments('dial 110 or press 10', 'en'), [{ voice: en, text: 'dial 1 1 0 or press 10' }]);
});

t.test('sound', async (t) => {
  const tone = (hertz: number, rate: number, seconds = 0.5): Sound => ({
    rate,
    samples: Float32Array.from({ length: rate * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate)),
  });
  const level = ({ samples }: Sound) => {
    const middle = samples.slice(samples.length / 4, (samples.length * 3) / 4);
    return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length) * Math.SQRT2;
  };
  for (const rate of [8000, 11_025, 16_000, 22_050, 44_100, 48_000]) {
    const heard = resample(tone(1000, rate), 8000);
    t.equal(heard.rate, 8000);
    t.ok(
      Math.abs(heard.samples.length - 4000) <= 1 && Math.abs(level(heard) - 0.5) < 0.02,
      `1 kHz at ${rate}: ${level(heard)}`,
    );
    if (rate > 14_000) t.ok(level(resample(tone(6000, rate), 8000)) < 0.02, `6 kHz at ${rate} does not fold back`);
  }
  const quiet = { rate: 8000, samples: new Float32Array(4000) };
  const padded = join([quiet, tone(500, 8000), quiet], 0);
  t.ok(Math.abs(trim(padded, 10).samples.length - 4160) < 20, 'trimmed to 10 ms before and after');
  t.equal(trim(quiet, 10).samples.length, 0);
  t.ok(Math.abs(level(normalise(tone(500, 8000))) - 0.708) < 0.01);
  t.equal(join([quiet, quiet], 100).samples.length, 8800);
  for (const bad of [
    Buffer.alloc(0),
    Buffer.from('RIFFxxxxWAVE'),
    Buffer.from('RIFFxxxxWAVEdata\x04\0\0\0abcd', 'latin1'),
  ])
    t.throws(() => decodeWav(bad), WavError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeWav(Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt \x10\0\0\0', 'latin1'), bytes]));
        return true;
      } catch (error) {
        return error instanceof WavError;
      }
    }),
  );
});
