import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import t from 'tap';
import { type Disk, realDisk } from '../../../src/platform/journal/disk.js';
import { openJournal } from '../../../src/platform/journal/journal.js';
import type { JournalEntry } from '../../../src/platform/journal/journal-entry.js';
import type { JournalOptions } from '../../../src/platform/journal/journal-file.js';

const silent = pino({ level: 'silent' });
const at = 1_700_000_000_000;
const entry = (n: number, type = 'probe.added') => ({ at: at + n, type, data: { n } });

function open(dir: string, options: Partial<JournalOptions> = {}) {
  return openJournal({ dir, checkpoint: () => ({ from: 'test' }), log: silent, ...options });
}

async function collect(entries: AsyncIterable<JournalEntry>): Promise<JournalEntry[]> {
  const all: JournalEntry[] = [];
  for await (const one of entries) all.push(one);
  return all;
}

function logInto(lines: Record<string, unknown>[]) {
  return pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
}

t.test('ids are contiguous over restarts, and the newest file gives everything back', async (t) => {
  const dir = t.testdir();
  const first = await open(dir);
  t.same(first.replay, { checkpoint: null, entries: [] });
  t.same(
    first.append([entry(1), entry(2)]).map(({ id }) => id),
    [1, 2],
  );
  t.same(first.append([]), [], 'nothing written for nothing');
  first.append([entry(3)]);
  await first.synced();
  t.equal(first.syncedId, 3);
  t.same(
    (await collect(first.entriesAfter(1))).map(({ id }) => id),
    [2, 3],
  );
  await first.close();
  t.throws(() => first.append([entry(9)]), /closed/);

  const second = await open(dir);
  t.same(second.replay.entries, [
    { id: 1, ...entry(1) },
    { id: 2, ...entry(2) },
    { id: 3, ...entry(3) },
  ]);
  t.equal(second.append([entry(4)])[0]?.id, 4);
  t.same(second.replay.entries, [], 'freed');
  await second.synced();
  t.same(
    (await collect(second.entriesAfter(2))).map(({ id }) => id),
    [3, 4],
    'also those of the process before',
  );
  await second.close();
  for (const name of readdirSync(dir)) t.equal(statSync(join(dir, name)).mode & 0o777, 0o600, `${name} is private`);
});

t.test('segments: each begins with a checkpoint; applied ones go, the newest two stay', async (t) => {
  const dir = t.testdir();
  let state = 0;
  const journal = await open(dir, { checkpoint: () => ({ state }), segmentBytes: 400 });
  for (let n = 1; n <= 60; n++) {
    state = n;
    journal.append([entry(n)]);
  }
  await journal.synced();
  const before = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  t.ok(before.length > 5, `${before.length} segments`);
  journal.forget(30);
  const kept = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  t.ok(Number.parseInt(kept[0] ?? '', 10) <= 31 && kept.length < before.length, 'what is not applied stays');
  t.same(
    (await collect(journal.entriesAfter(30))).map(({ id }) => id),
    Array.from({ length: 30 }, (_, i) => 31 + i),
  );
  journal.forget(60);
  t.equal(readdirSync(dir).filter((name) => name.endsWith('.jsonl')).length, 2);
  await journal.close();

  const again = await open(dir, { segmentBytes: 400 });
  const { checkpoint, entries } = again.replay;
  t.equal((checkpoint as { state: number }).state + entries.length, 60, 'checkpoint and entries make the whole state');
  const fromFiles = await collect(again.entriesAfter(60 - entries.length - 1));
  t.equal(fromFiles.length, entries.length + 1, 'read across two files');
  await again.close();
});

t.test('a checkpoint larger than a segment does not begin one at every append', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir, { checkpoint: () => 'x'.repeat(1000), segmentBytes: 400 });
  for (let n = 1; n <= 40; n++) journal.append([entry(n)]);
  await journal.close();
  t.ok(readdirSync(dir).length < 10);
});

t.test('damaged files', async (t) => {
  const write = async (dir: string) => {
    const journal = await open(dir);
    for (let n = 1; n <= 3; n++) journal.append([entry(n), entry(n)]);
    await journal.close();
    return join(dir, '000000000000001.jsonl');
  };
  await t.test('a torn last line is cut off with its whole append, and said', async (t) => {
    const dir = t.testdir();
    const file = await write(dir);
    // Longer than what is written over it next.
    appendFileSync(file, `[{"id":7,"at":1,"type":"probe.added","data":"${'x'.repeat(500)}"},{"id":8,"at":1,"ty`);
    const lines: Record<string, unknown>[] = [];
    const journal = await open(dir, { log: logInto(lines) });
    t.equal(journal.lastId, 6);
    t.match(lines, [{ level: 40, bytes: 566 }]);
    t.equal(journal.append([entry(7)])[0]?.id, 7);
    await journal.close();
    const reopened = await open(dir, { log: logInto(lines) });
    t.equal(reopened.lastId, 7);
    t.equal(lines.length, 1, 'nothing of it is left behind the shorter line');
    await reopened.close();
  });
  await t.test('a damaged line in the middle stops the start, naming file and line, not its content', async (t) => {
    const dir = t.testdir();
    const file = await write(dir);
    const text = readFileSync(file, 'utf8');
    for (const [from, to] of [
      ['{"id":3', '{"id:3'],
      ['{"id":3', '{"id":5'],
      ['[{"id":3', '{"id":3'],
    ] as const) {
      writeFileSync(file, text.replace(from, to));
      await t.rejects(open(dir), { name: 'JournalError', message: new RegExp(`${file} line 3 is damaged`) });
    }
    writeFileSync(file, text.replace('"nextId":1', '"nextId":2'));
    await t.rejects(open(dir), { message: /line 1 is damaged/ });
    writeFileSync(file, text);
    const journal = await open(dir);
    t.equal(journal.lastId, 6, 'mended, it opens: the lock was let go');
    await journal.close();
  });
  await t.test('a half-made segment of a crash is ignored', async (t) => {
    const dir = t.testdir();
    await write(dir);
    writeFileSync(join(dir, '000000000000007.jsonl.new'), '{"v":1,');
    const journal = await open(dir);
    t.equal(journal.lastId, 6);
    t.notOk(readdirSync(dir).some((name) => name.endsWith('.new')));
    await journal.close();
  });
});

t.test('one process at a time; a lock of a dead process is taken over', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir);
  await t.rejects(open(dir, { lockWaitMs: 0 }), { message: new RegExp(`in use by process ${process.pid}`) });
  await journal.close();
  writeFileSync(join(dir, 'lock'), '999999999 1\n');
  const second = await open(dir, { lockWaitMs: 0 });
  await second.close();
});

/** A disk with room for so many bytes more. */
function smallDisk(): Disk & { room: number; syncFails: boolean } {
  return {
    room: Number.POSITIVE_INFINITY,
    syncFails: false,
    write(fd, bytes, offset, position) {
      if (this.room === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      const count = Math.min(this.room, bytes.length - offset);
      this.room -= count;
      return realDisk.write(fd, bytes.subarray(0, offset + count), offset, position);
    },
    async sync(fd) {
      if (this.syncFails) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
      return realDisk.sync(fd);
    },
    syncNow: realDisk.syncNow,
  };
}

t.test('a full disk: entries are kept in memory, in order, and written when there is room', async (t) => {
  const dir = t.testdir();
  const disk = smallDisk();
  const lines: Record<string, unknown>[] = [];
  const journal = await open(dir, { disk, log: logInto(lines), retryMs: 5 });
  journal.append([entry(1)]);
  disk.room = 30;
  t.same(
    journal.append([entry(2), entry(3)]).map(({ id }) => id),
    [2, 3],
    'no throw, ids are given',
  );
  journal.append([entry(4)]);
  t.match(journal.health(), { state: 'failing', error: 'ENOSPC', entriesInMemory: 3, lastId: 4 });
  t.equal(lines.filter(({ level }) => level === 50).length, 1, 'said once, not at every try');
  disk.room = Number.POSITIVE_INFINITY;
  await journal.synced();
  t.match(journal.health(), { state: 'ok', error: null, entriesInMemory: 0, syncedId: 4 });
  t.same(
    (await collect(journal.entriesAfter(0))).map(({ data }) => data),
    [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
  );
  await journal.close();
  const again = await open(dir);
  t.equal(again.lastId, 4);
  await again.close();
});

t.test('a disk that cannot sync: entries are not called durable until it can', async (t) => {
  const dir = t.testdir();
  const disk = smallDisk();
  const journal = await open(dir, { disk, retryMs: 5 });
  disk.syncFails = true;
  journal.append([entry(1)]);
  const synced = journal.synced();
  while (journal.health().error !== 'EIO') await new Promise((next) => setImmediate(next));
  t.equal(journal.syncedId, 0);
  t.same(await collect(journal.entriesAfter(0)), [], 'nor handed to PostgreSQL');
  disk.syncFails = false;
  await synced;
  t.match(journal.health(), { state: 'ok', syncedId: 1 });
  await journal.close();
});

t.test('a full disk when a new segment is due: the old one grows on', async (t) => {
  const dir = t.testdir();
  const disk = smallDisk();
  const journal = await open(dir, { disk, segmentBytes: 200, checkpoint: () => 'x'.repeat(5_000) });
  disk.room = 1_000;
  for (let n = 1; n <= 8; n++) journal.append([entry(n)]);
  t.equal(readdirSync(dir).filter((name) => name.includes('.jsonl')).length, 1);
  disk.room = Number.POSITIVE_INFINITY;
  for (let n = 9; n <= 20; n++) journal.append([entry(n)]);
  await journal.close();
  t.ok(readdirSync(dir).filter((name) => name.includes('.jsonl')).length > 1);
  const again = await open(dir);
  t.equal(again.lastId, 20);
  await again.close();
});

t.test('a journal older than the database goes on behind it, before anything is appended', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir);
  t.ok(journal.skipTo(501));
  t.equal(journal.append([entry(1)])[0]?.id, 501);
  t.notOk(journal.skipTo(900), 'too late');
  await journal.close();
  const again = await open(dir);
  t.equal(again.lastId, 501);
  t.same(
    (await collect(again.entriesAfter(0))).map(({ id }) => id),
    [501],
  );
  await again.close();
});

t.test('property: whatever is appended, rotated, reopened and torn comes back whole and in order', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ act: fc.constant('append' as const), size: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('reopen' as const), torn: fc.string({ maxLength: 20 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 100, max: 3000 }), async (steps, bytes) => {
      const dir = t.testdir();
      const expected: number[] = [];
      let n = 0;
      let journal = await open(dir, { segmentBytes: bytes, checkpoint: () => n });
      for (const step of steps) {
        if (step.act === 'append') {
          const batch = Array.from({ length: step.size }, (_, i) => entry(n + i + 1));
          n += step.size;
          expected.push(...journal.append(batch).map(({ id }) => id));
          continue;
        }
        await journal.close();
        const newest =
          readdirSync(dir)
            .filter((name) => name.endsWith('.jsonl'))
            .sort()
            .at(-1) ?? '';
        appendFileSync(join(dir, newest), step.torn.replaceAll('\n', ' '));
        journal = await open(dir, { segmentBytes: bytes, checkpoint: () => n });
        const { checkpoint, entries } = journal.replay;
        const counted = (checkpoint === null ? 0 : (checkpoint as number)) + entries.length;
        if (counted !== n) throw new Error(`state ${counted} instead of ${n}`);
      }
      await journal.synced();
      const all = await collect(journal.entriesAfter(0));
      await journal.close();
      const same = all.length === n && all.every(({ id, data }, i) => id === i + 1 && (data as { n: number }).n === id);
      if (!same || expected.some((id, i) => id !== i + 1)) throw new Error('not the same');
    }),
    { numRuns: 40 },
  );
});
