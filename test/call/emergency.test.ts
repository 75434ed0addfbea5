import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import t from 'tap';
import { emergencyFacts } from '../../src/call/emergency.js';
import { importEmergencyCalls } from '../../src/call/emergency-service.js';
import type { NewEntry } from '../../src/platform/journal/journal-entry.js';

const start = (id: string, at: number) =>
  JSON.stringify({ event: 'start', id, at, caller: '013800000001', dialled: '12345' });
const end = (id: string, at: number, answeredBy: string, waitedSeconds: string) =>
  JSON.stringify({ event: 'end', id, at, answeredBy, waitedSeconds, status: '', cause: '16' });

t.test('a call that a seat answered, one that nobody answered, one that goes on', async (t) => {
  const lines = [
    start('a.1', 100),
    start('b.1', 110),
    start('c.1', 120),
    end('a.1', 190, 'PJSIP/1001-web', '20'),
    end('b.1', 140, '', ''),
  ];
  const { facts, pending, unreadable } = emergencyFacts([...lines, '{"event":"start"', '{}'], '0518');
  t.same(pending, [start('c.1', 120)]);
  t.equal(unreadable, 2);
  t.match(facts, [
    { type: 'call.arrived', at: 100_000, data: { callerNumber: '+8613800000001', recording: 'a.1.raw' } },
    { type: 'call.servedInEmergency', data: { seat: '1001', waitMs: 20_000 } },
    { type: 'call.ended', at: 190_000, data: { during: 'emergency', seat: '1001', talkMs: 70_000 } },
    { type: 'call.released', data: { q850: 16 } },
    { type: 'call.arrived', at: 110_000 },
    { type: 'call.servedInEmergency', data: { seat: null, waitMs: null } },
    { type: 'call.ended', at: 140_000, data: { seat: null, talkMs: null } },
    { type: 'call.released' },
  ]);
});

t.test('the file is taken once; what goes on is kept until its end comes', async (t) => {
  const file = join(t.testdir(), 'emergency.jsonl');
  const entries: NewEntry[] = [];
  const append = (added: readonly NewEntry[]) => {
    entries.push(...added);
    return [];
  };
  const run = () => importEmergencyCalls({ file, areaCode: '0518', append, log: pino({ level: 'silent' }) });
  await run();
  t.same(entries, [], 'no file is nothing to do');
  await writeFile(file, `${start('a.1', 100)}\n${start('b.1', 101)}\n${end('a.1', 150, '', '')}\n`);
  await run();
  t.equal(entries.length, 4);
  await run();
  t.equal(entries.length, 4, 'not twice');
  await appendFile(file, `${end('b.1', 200, 'PJSIP/1002', '5')}\n`);
  await run();
  t.match(entries.slice(4), [{ type: 'call.arrived', at: 101_000 }, {}, { type: 'call.ended' }, {}]);
  t.equal(await readFile(`${file}.taken`, 'utf8'), '');
});
