import { randomBytes } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import t from 'tap';
import type { Role, Viewer } from '../../src/account/account.js';
import { callTable } from '../../src/call/call-table.js';
import { uuidv7 } from '../../src/platform/ids.js';
import type { Db } from '../../src/platform/postgres/client.js';
import { pgErrorOf } from '../../src/platform/postgres/pg-error.js';
import { missingTickets, openMissingTicket } from '../../src/ticket/missing-ticket-service.js';
import type { TicketNotice } from '../../src/ticket/ticket-events.js';
import { parseTicketNumber } from '../../src/ticket/ticket-number.js';
import { TicketService } from '../../src/ticket/ticket-service.js';
import { earlierTickets, nextTicketNumber, ticketsOfCall } from '../../src/ticket/ticket-store.js';
import { ticketDayCounterTable, ticketHistoryTable, ticketTable } from '../../src/ticket/ticket-table.js';
import { demoUnits } from '../../src/unit/demo-units.js';
import { addUnits } from '../../src/unit/unit-store.js';
import { openTestDatabase } from '../support/database.js';

const start = Date.parse('2026-11-21T08:00:00.000Z');
const person = (accountId: string, role: Role = 'agent', unitId: string | null = null): Viewer => {
  return { accountId, name: accountId, roles: [role], unitId };
};
const agent = person('agent1');
const supervisor = person('boss', 'supervisor');
const number = '+8613800000001';
const newId = () => uuidv7(start, randomBytes(10));

async function setUp(test: Pick<typeof t, 'teardown'>) {
  const { db } = await openTestDatabase(test);
  await addUnits(db, demoUnits);
  const notices: TicketNotice[] = [];
  const calls = new Map<string, { callerNumber: string | null; agentId: string | null }>();
  const time = { now: start };
  const service = new TicketService({
    db,
    clock: () => time.now,
    areaCode: '0518',
    findCall: async (callId) => calls.get(callId) ?? null,
    changed: (notice) => notices.push(notice),
  });
  const addCall = (agentId: string | null = agent.accountId) => {
    const callId = newId();
    calls.set(callId, { callerNumber: number, agentId });
    return callId;
  };
  const ended = (callId: string, agentId: string | null = agent.accountId) => {
    return { callId, agentId, callerNumber: number, endedAt: new Date(time.now) };
  };
  const openMissing = (callId: string, agentId?: string | null) =>
    db.transaction((tx) => openMissingTicket(tx, ended(callId, agentId)));
  return { db, service, notices, calls, time, addCall, openMissing };
}

t.test('numbers under 50 parallel openings: no two alike, no gap', async (t) => {
  const { db, service, time } = await setUp(t);
  const open = () => service.create(agent, { type: 'request' });
  const made = await Promise.all(Array.from({ length: 50 }, open));
  const numbers = made.map(({ number }) => number).sort();
  t.ok(numbers.every((one) => parseTicketNumber(one) === one));
  t.same(
    numbers.map((one) => one.slice(0, 13)),
    Array.from({ length: 50 }, (_, i) => `20261121${String(i + 1).padStart(5, '0')}`),
  );
  await t.rejects(
    db.transaction(async (tx) => {
      await nextTicketNumber(tx, new Date(start));
      throw new Error('rolled back');
    }),
    { message: 'rolled back' },
  );
  t.equal((await open()).number.slice(8, 13), '00051', 'a transaction that rolled back uses none');
  time.now += 24 * 3_600_000;
  t.equal((await open()).number.slice(0, 13), '2026112200001');
  await db.update(ticketDayCounterTable).set({ last: 99_999 }).where(eq(ticketDayCounterTable.day, '20261122'));
  await t.rejects(open(), { code: 'ticket.numbersUsedUp' });
});

t.test('two people change one ticket at once: one wins, the other gets the newer ticket', async (t) => {
  const { service, notices } = await setUp(t);
  const { ticketId } = await service.create(agent, { type: 'request', callerNumber: '13800000001' });
  for (let round = 1; round <= 10; round++) {
    const results = await Promise.allSettled([
      service.change(agent, ticketId, round, { title: `甲 ${round}` }),
      service.change(supervisor, ticketId, round, { title: `乙 ${round}` }),
    ]);
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    t.match([won.length, lost.length], [1, 1], 'exactly one');
    t.match(lost[0], { code: 'ticket.changedMeanwhile', details: { current: won[0] } });
  }
  const { history, version } = await service.read(agent, ticketId);
  t.equal(version, 11);
  t.same(
    history.map((entry) => entry.version),
    Array.from({ length: 11 }, (_, i) => i + 1),
  );
  t.equal(notices.length, 11, 'losers tell nobody');
  t.match(notices.at(-1), { ticketId, version: 11, state: 'open', openedBy: 'agent1', unitId: null });
  await service.change(agent, ticketId, 11, { title: history.at(-1)?.changes[0]?.after as string });
  t.equal((await service.read(agent, ticketId)).version, 11, 'no change, no version');
  t.equal(notices.length, 11);
});

t.test('the history can only grow', async (t) => {
  const { db, service } = await setUp(t);
  const { ticketId } = await service.create(agent, { type: 'request' });
  const code = (work: PromiseLike<unknown>) =>
    Promise.resolve(work).then(
      () => null,
      (error: unknown) => pgErrorOf(error)?.code,
    );
  t.equal(await code(db.update(ticketHistoryTable).set({ by: 'nobody' })), '23000');
  t.equal(await code(db.delete(ticketHistoryTable)), '23000');
  t.equal(await code(db.execute(sql`TRUNCATE ticket_history`)), '23000');
  t.equal((await service.read(agent, ticketId)).history.length, 1);
});

t.test('an answered call without a ticket gets one draft, once', async (t) => {
  const { db, service, addCall, openMissing } = await setUp(t);
  const callId = addCall();
  const opened = await Promise.all(Array.from({ length: 8 }, () => openMissing(callId)));
  t.equal(opened.filter((ticket) => ticket !== null).length, 1);
  t.equal(await openMissing(callId), null);
  const [draft] = (await service.list(agent, { callId, limit: 10 })).items;
  t.match(draft, { state: 'draft', type: null, openedBy: 'system', agentId: 'agent1', callerNumber: number, callId });
  t.same(await ticketsOfCall(db, callId), [{ id: draft?.ticketId, number: draft?.number }]);
  t.equal((await service.list(person('agent2'), { callId, limit: 10 })).items.length, 0);
  t.equal((await service.list(supervisor, { callId, limit: 10 })).items.length, 1);

  const first = await service.create(agent, { callId, type: 'complaint', title: '噪声' });
  t.match(
    first,
    { ticketId: draft?.ticketId, version: 2, state: 'open', title: '噪声' },
    'the agent was a moment late',
  );
  const second = await service.create(agent, { callId, type: 'praise' });
  t.not(second.ticketId, first.ticketId, 'one call may have two matters');
  t.equal((await ticketsOfCall(db, callId)).length, 2);

  const written = addCall();
  await service.create(agent, { callId: written, type: 'request', state: 'draft' });
  t.equal(await openMissing(written), null, 'the agent opened one');

  const foreign = addCall();
  await openMissing(foreign);
  await service.create(supervisor, { callId: foreign, type: 'request' });
  t.equal((await ticketsOfCall(db, foreign)).length, 2, 'a draft is taken by the agent of its call only');
});

t.test('the agent’s ticket and the program’s draft at the same moment: one ticket', async (t) => {
  const { db, service, addCall, openMissing } = await setUp(t);
  for (let round = 0; round < 20; round++) {
    const callId = addCall();
    await Promise.all([service.create(agent, { callId, type: 'request' }), openMissing(callId)]);
    t.equal((await ticketsOfCall(db, callId)).length, 1);
  }
});

t.test('the journal’s ends of calls open drafts; consoles are told after the commit', async (t) => {
  const { db, service, calls } = await setUp(t);
  const told: TicketNotice[] = [];
  const { projections, onApplied } = missingTickets((notice) => told.push(notice));
  const answered = await putCall(db, { answeredAt: new Date(start), agentId: 'agent1' });
  const emergency = await putCall(db, { answeredAt: new Date(start), agentId: null });
  const abandoned = await putCall(db, { answeredAt: null, agentId: null });
  const written = await putCall(db, { answeredAt: new Date(start), agentId: 'agent1' });
  calls.set(written, { callerNumber: number, agentId: 'agent1' });
  const entries = [answered, emergency, abandoned, written].map((callId, i) => {
    return { id: i + 1, at: start + 60_000, type: 'call.ended', data: { callId } } as const;
  });
  const apply = (fail: boolean) =>
    db.transaction(async (tx) => {
      for (const entry of entries) await projections['call.ended'](tx, entry);
      if (fail) throw new Error('rolled back');
    });
  await t.rejects(apply(true), { message: 'rolled back' });
  t.equal((await db.select().from(ticketTable)).length, 0);
  await service.create(agent, { callId: written, type: 'request' });
  await apply(false);
  t.same(told, [], 'nothing before the commit is known');
  onApplied(entries);
  onApplied(entries);
  t.match(told, [
    { state: 'draft', agentId: 'agent1', by: 'system', version: 1 },
    { state: 'draft', agentId: null, by: 'system' },
  ]);
  t.equal(told.length, 2, 'each once; none for a call that nobody answered, or whose agent wrote a ticket meanwhile');
  await apply(false);
  onApplied(entries);
  t.equal(told.length, 2);
  const [row] = await db.select().from(ticketTable).where(eq(ticketTable.missingOfCall, answered));
  t.match(row, { openedAt: new Date(start + 60_000), callerNumber: number });
});

t.test('earlier tickets of a number, for the pop', async (t) => {
  const { db, service, time } = await setUp(t);
  for (let n = 1; n <= 12; n++) {
    time.now += 1000;
    await service.create(agent, { type: 'request', title: `第${n}件`, callerNumber: '138 0000 0001' });
  }
  time.now += 1000;
  await service.create(agent, { type: 'request', state: 'draft', callerNumber: number });
  await service.create(agent, { type: 'request', callerNumber: '13800000002' });
  const found = await earlierTickets(db, number);
  t.equal(found.length, 10);
  t.match(found[0], { type: 'request', state: 'open', title: '第12件', at: '2026-11-21T08:00:12.000Z' });
  t.equal(found.at(-1)?.title, '第3件');
  t.same(await earlierTickets(db, '+8613800000009'), []);
  await db.execute(sql`SET enable_seqscan = off`);
  const { rows } = await db.execute(
    sql`EXPLAIN SELECT * FROM ticket WHERE caller_number = ${number} ORDER BY id DESC LIMIT 10`,
  );
  t.match(JSON.stringify(rows), /ticket_caller/, 'there is an index for it');
});

t.test('lists: pages without holes, newest first, filtered', async (t) => {
  const { service, time, addCall } = await setUp(t);
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) {
    time.now += n % 2;
    const unitId = n === 3 ? 'riverside-east' : n === 4 ? 'health' : null;
    const who = n < 5 ? agent : person('agent2');
    ids.push((await service.create(who, { type: 'request', unitId, state: n === 0 ? 'draft' : 'open' })).ticketId);
  }
  const paged = async (who: Viewer, limit: number) => {
    const found: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page = await service.list(who, { limit, after });
      t.ok(page.items.length <= limit);
      found.push(...page.items.map(({ ticketId }) => ticketId));
      after = page.next;
    }
    return found;
  };
  const all = [...ids].sort().reverse();
  for (const limit of [1, 2, 3, 7, 100]) t.same(await paged(supervisor, limit), all, `pages of ${limit}`);
  const listed = async (who: Viewer, query: Partial<Parameters<typeof service.list>[1]> = {}) =>
    (await service.list(who, { limit: 100, ...query })).items.map(({ ticketId }) => ids.indexOf(ticketId)).sort();
  t.same(await listed(agent), [0, 1, 2, 3, 4], 'agents: their own');
  t.same(await listed(person('agent3')), []);
  t.same(await listed(person('leader', 'leader')), [1, 2, 3, 4, 5, 6], 'no foreign drafts');
  t.same(await listed(person('h', 'unitHandler', 'health')), [4]);
  t.same(await listed(person('h', 'unitHead', 'riverside-town')), [3]);
  t.same(await listed(person('h', 'unitHead', null)), []);
  t.same(await listed(supervisor, { state: 'draft' }), [0]);
  t.same(await listed(supervisor, { unitId: 'health' }), [4]);
  t.same(await listed(supervisor, { mine: true }), []);
  t.same(await listed(person('agent2', 'seniorAgent'), { mine: true }), [5, 6]);
  t.same(await listed(supervisor, { callId: addCall() }), []);
  const one = await service.read(supervisor, ids[2] ?? '');
  t.same(await listed(supervisor, { number: `${one.number.slice(0, 8)} ${one.number.slice(8)}` }), [2]);
  const wrong = `${one.number.slice(0, 13)}${(Number(one.number.slice(13)) + 1) % 10}`;
  await t.rejects(listed(supervisor, { number: wrong }), { code: 'request.invalid', details: { field: 'number' } });
});

async function putCall(db: Db, { answeredAt, agentId }: { answeredAt: Date | null; agentId: string | null }) {
  const id = newId();
  const row = { id, channelId: id, callerNumber: number, dialled: '12345', recording: `${id}.wav`, state: 'ended' };
  await db.insert(callTable).values({ ...row, arrivedAt: new Date(start), answeredAt, agentId });
  return id;
}
