import t from 'tap';
import { decodeAlaw, encodeAlaw } from '../../scripts/citizen/sound.js';
import {
  findTone,
  firstSound,
  firstTone,
  isSilent,
  levelDb,
  readSlin,
  readWav,
  sine,
  slice,
  toneShare,
} from './audio.js';

const rate = 8000;

/** 16-bit WAVE with the given channels interleaved; `length` may lie, as after a kill. */
function wav(channels: Int16Array[], length?: number): Buffer {
  const frames = channels[0]?.length ?? 0;
  const data = Buffer.alloc(frames * channels.length * 2);
  for (let i = 0; i < frames; i++)
    channels.forEach((channel, c) => {
      data.writeInt16LE(channel[i] ?? 0, (i * channels.length + c) * 2);
    });
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels.length, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(length ?? data.length, 40);
  return Buffer.concat([head, data]);
}

t.test('A-law: every code comes back as itself, and a sine stays pure', (t) => {
  for (let code = 0; code < 256; code++) t.equal(encodeAlaw(decodeAlaw(Uint8Array.of(code))[0] ?? 0), code);
  const heard = decodeAlaw(Uint8Array.from(sine(1000), encodeAlaw));
  t.ok(toneShare(heard, rate, 1000) > 0.999);
  t.ok(Math.abs(levelDb(heard) + 15.05) < 0.1, 'a quarter of full scale is −15 dB');
  t.end();
});

t.test('tones are told apart', (t) => {
  const tone = sine(700);
  t.ok(toneShare(tone, rate, 700) > 0.999);
  t.ok(toneShare(tone, rate, 1000) < 0.001);
  t.equal(findTone(tone, rate).hz, 700);
  const mixed = tone.map((sample, i) => sample + (sine(1000)[i] ?? 0));
  t.ok(Math.abs(toneShare(mixed, rate, 700) - 0.5) < 0.01, 'half of the energy each');
  // A fixed pseudo-random noise: Park and Miller's generator.
  let seed = 1;
  const noise = Int16Array.from({ length: rate }, () => {
    seed = (seed * 48271) % 2147483647;
    return (seed % 20000) - 10000;
  });
  t.ok(findTone(noise, rate).share < 0.01, 'noise has no tone');
  t.equal(toneShare(new Int16Array(100), rate, 700), 0);
  t.end();
});

t.test('when something is first heard', (t) => {
  const sound = new Int16Array(2 * rate);
  sound.set(sine(400), 4000);
  sound.set(sine(900).subarray(0, 4000), 12000);
  t.ok(Math.abs((firstTone(sound, rate, 400) ?? 0) - 500) <= 40);
  t.ok(Math.abs((firstTone(sound, rate, 900) ?? 0) - 1500) <= 40);
  t.equal(firstTone(sound, rate, 1300), null);
  t.equal(firstSound(sound, rate), 500);
  t.equal(firstSound(new Int16Array(rate), rate), null);
  t.ok(isSilent(slice(sound, rate, 0, 500)));
  t.notOk(isSilent(slice(sound, rate, 600)));
  t.end();
});

t.test('recordings', (t) => {
  const [left, right] = [sine(400), sine(900)];
  const read = readWav(wav([left, right]));
  t.equal(read.rate, rate);
  t.same(read.channels, [left, right]);
  t.same(readWav(wav([left], 0)).channels, [left], 'a length that was never filled in');
  t.same(readWav(wav([left], 0xffffffff)).channels, [left]);
  t.same(readSlin(Buffer.from([1, 0, 2, 0, 255, 255, 4, 0]), 2).channels, [Int16Array.of(1, -1), Int16Array.of(2, 4)]);
  t.throws(() => readWav(Buffer.from('RIFF')), /not a WAVE file/);
  t.throws(() => readWav(wav([left]).subarray(0, 36)), /no data chunk/);
  t.end();
});
