import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { wavHeader } from '../../src/platform/files/wav.js';
import { openRecording } from '../../src/recording/recording-file.js';
import { byteRange } from '../../src/recording/wav.js';

t.test('a range header', async (t) => {
  const cases: [string | undefined, unknown][] = [
    [undefined, null],
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=90-200', { start: 90, end: 99 }],
    ['bytes=-5', { start: 95, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=9-3', 'unsatisfiable'],
    ['bytes=-', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
  ];
  for (const [header, expected] of cases) t.same(byteRange(header, 100), expected, String(header));
});

t.test('raw stereo is read as WAV, whole and in parts', async (t) => {
  const folder = t.testdir();
  const samples = Buffer.from(Array.from({ length: 4_003 }, (_, index) => index % 251));
  await writeFile(join(folder, 'a.raw'), samples);
  const recording = await openRecording(folder, 'a.raw');
  t.ok(recording);
  if (!recording) return;
  const whole = Buffer.concat([wavHeader({ sampleRate: 8_000, channels: 2 }, 4_000), samples.subarray(0, 4_000)]);
  t.equal(recording.size, whole.length, 'an unfinished frame at the end is left out');
  t.equal(recording.durationMs, 125);
  for (const [start, end] of [
    [0, 4_043],
    [0, 43],
    [0, 0],
    [40, 50],
    [44, 44],
    [100, 4_043],
  ] as const) {
    t.ok((await buffer(recording.read(start, end))).equals(whole.subarray(start, end + 1)), `${start}–${end}`);
  }
  t.equal(whole.readUInt32LE(28), 32_000, 'byte rate');
  t.equal(await openRecording(folder, 'missing.raw'), null);
  t.equal(
    await openRecording(folder, '../a.raw').then((found) => found?.size),
    whole.length,
    'no way out of the folder',
  );
});
