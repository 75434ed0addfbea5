import fc from 'fast-check';
import t from 'tap';
import { type Role, roles, type Viewer } from '../../src/account/account.js';
import {
  applyChange,
  moveBetween,
  openTicket,
  type Ticket,
  type TicketState,
  ticketStates,
} from '../../src/ticket/ticket.js';
import { mayChange, reaches, reachOf } from '../../src/ticket/ticket-access.js';
import { parseTicketNumber, ticketDay, ticketNumber, ticketNumberPattern } from '../../src/ticket/ticket-number.js';
import { demoUnits } from '../../src/unit/demo-units.js';

const now = new Date('2026-11-21T08:00:00.000Z');
const later = new Date('2026-11-21T08:05:00.000Z');
const agent = { id: 'a1', name: 'agent1' };
const { ticket: open, entry: opening } = openTicket(
  {
    id: 't1',
    number: '20261121000011',
    state: 'open',
    agentId: 'a1',
    fields: { type: 'complaint', title: '路灯不亮', callerName: '', callerNumber: '+8613800000001' },
  },
  agent,
  now,
);

t.test('ticket numbers: every wrong digit and every swap of neighbours is noticed', async (t) => {
  const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-30'), noInvalidDate: true });
  const count = fc.integer({ min: 1, max: 99_999 });
  fc.assert(
    fc.property(day, count, fc.nat(13), fc.integer({ min: 1, max: 9 }), (at, n, position, add) => {
      const number = ticketNumber(ticketDay(at), n);
      const digits = [...number];
      digits[position] = String((Number(digits[position]) + add) % 10);
      const swapped = number.replace(new RegExp(`^(.{${position}})(.)(.)`), '$1$3$2');
      return (
        new RegExp(ticketNumberPattern).test(number) &&
        parseTicketNumber(number) === number &&
        parseTicketNumber(number.replace(/^(.{8})(.{5})/, '$1-$2 ')) === number &&
        parseTicketNumber(digits.join('')) === null &&
        (swapped === number || parseTicketNumber(swapped) === null)
      );
    }),
    { numRuns: 5000 },
  );
  t.equal(
    parseTicketNumber(`２０２６１１２１ 00001 ${ticketNumber('20261121', 1).slice(-1)}`),
    ticketNumber('20261121', 1),
  );
  const fitted = (digits: string) =>
    Array.from({ length: 10 }, (_, check) => parseTicketNumber(`${digits}${check}`)).filter((found) => found);
  t.same(fitted('2026112100001').length, 1);
  for (const wrong of ['2026113100001', '2026130100001', '2026022900001', '2026112100000'])
    t.same(fitted(wrong), [], wrong);
  for (const wrong of ['', '12345', 'abcdefghijklmn', `${open.number}0`]) t.equal(parseTicketNumber(wrong), null);
  t.equal(ticketDay(new Date('2026-11-21T15:59:59.999Z')), '20261121');
  t.equal(ticketDay(new Date('2026-11-21T16:00:00.000Z')), '20261122', 'the day begins in Shanghai');
  t.throws(() => ticketNumber('20261121', 0), RangeError);
  t.throws(() => ticketNumber('20261121', 100_000), RangeError);
});

t.test('opening', async (t) => {
  t.match(open, { version: 1, state: 'open', urgency: 'normal', callerName: null, openedBy: 'a1', openedAt: now });
  t.match(opening, { version: 1, what: 'opened', by: 'a1', byName: 'agent1', at: now });
  t.same(
    opening.changes.map(({ field }) => field),
    ['type', 'title', 'callerNumber', 'state'],
  );
  const bare = { id: 't2', number: open.number, agentId: null, fields: {} };
  t.equal(openTicket({ ...bare, state: 'draft' }, agent, now).ticket.type, null);
  t.throws(() => openTicket({ ...bare, state: 'open' }, agent, now), { code: 'ticket.incomplete' });
});

t.test('every move between states', async (t) => {
  const expected: Record<TicketState, Partial<Record<TicketState, string>>> = {
    draft: { open: 'submit', closed: 'discard' },
    open: { closed: 'close' },
    closed: { open: 'reopen' },
  };
  for (const from of ticketStates)
    for (const to of ticketStates) {
      const move = expected[from][to];
      t.equal(moveBetween(from, to), move, `${from} → ${to}`);
      if (from === to) continue;
      const change = () => applyChange({ ...open, state: from }, { state: to }, agent, later);
      if (move) t.match(change(), { ticket: { state: to, version: 2 }, entry: { what: move } });
      else t.throws(change, { code: 'ticket.moveNotAllowed', details: { allowed: Object.keys(expected[from]) } });
    }
  const untyped = { ...open, state: 'draft', type: null } as const;
  t.throws(() => applyChange(untyped, { state: 'open' }, agent, later), { code: 'ticket.incomplete' });
  t.match(applyChange(untyped, { state: 'open', type: 'praise' }, agent, later).ticket, { state: 'open' });
  t.match(applyChange(untyped, { state: 'closed' }, agent, later).ticket, { type: null });
});

t.test('changes', async (t) => {
  const change = { title: '路灯不亮两天', place: '东街', type: 'request', urgency: undefined } as const;
  const { ticket, entry } = applyChange(open, change as object, agent, later);
  t.match(ticket, { version: 2, title: '路灯不亮两天', urgency: 'normal', changedAt: later, openedAt: now });
  t.same(entry, {
    version: 2,
    at: later,
    by: 'a1',
    byName: 'agent1',
    what: 'changed',
    changes: [
      { field: 'type', before: 'complaint', after: 'request' },
      { field: 'title', before: '路灯不亮', after: '路灯不亮两天' },
      { field: 'place', before: null, after: '东街' },
    ],
  });
  t.equal(open.title, '路灯不亮', 'the old ticket is untouched');
  const idle = applyChange(open, { title: '路灯不亮', callerName: '', categoryPath: [], state: 'open' }, agent, later);
  t.same(idle, { ticket: open, entry: null }, 'what changes nothing makes no version');
  const closed: Ticket = { ...open, state: 'closed' };
  t.throws(() => applyChange(closed, { title: '别的' }, agent, later), { code: 'ticket.closed' });
  t.match(applyChange(closed, { title: '别的', state: 'open' }, agent, later).entry, { what: 'reopen' });
  for (const text of ['a\u0000b', 'a\ud800b', '\u001b[31m'])
    t.throws(() => applyChange(open, { text }, agent, later), { code: 'request.invalid', details: { field: 'text' } });
  t.throws(() => applyChange(open, { categoryPath: ['a', '\u0000'] }, agent, later), { code: 'request.invalid' });
  t.equal(applyChange(open, { text: '第一行\n第二行\t😀' }, agent, later).ticket.text, '第一行\n第二行\t😀');
});

t.test('who sees and changes which ticket', async (t) => {
  const viewer = (role: Role, accountId = 'x', unitId: string | null = null): Viewer => {
    return { accountId, name: accountId, roles: [role], unitId };
  };
  const town = { ...open, unitId: 'riverside-east' };
  const sees = (who: Viewer, ticket: Ticket) => reaches(reachOf(who, demoUnits), ticket);
  const draft = { ...town, state: 'draft' } as const;
  const seeing = new Set<Role>([
    'seniorAgent',
    'dispatcher',
    'supervisor',
    'qualityInspector',
    'leader',
    'oversightOfficer',
    'disciplineInspector',
    'auditor',
  ]);
  const changing = new Set<Role>(['seniorAgent', 'dispatcher', 'supervisor']);
  for (const role of roles) {
    t.equal(sees(viewer(role), town), seeing.has(role), `${role} sees a foreign ticket: ${seeing.has(role)}`);
    t.equal(sees(viewer(role), draft), role === 'supervisor', `${role} and a foreign draft`);
    t.equal(mayChange(viewer(role), town), changing.has(role), `${role} changes a foreign ticket`);
  }
  t.ok(sees(viewer('agent', 'a1'), draft), 'the maker');
  t.ok(mayChange(viewer('agent', 'a1'), draft));
  t.ok(sees(viewer('agent', 'a2'), { ...draft, agentId: 'a2' }), 'who answered the call');
  t.ok(sees(viewer('seniorAgent', 'a1'), draft));
  for (const role of ['unitHandler', 'unitHead'] as const) {
    t.ok(sees(viewer(role, 'u', 'riverside-east'), town));
    t.ok(sees(viewer(role, 'u', 'riverside-town'), town), 'of the unit below');
    t.notOk(sees(viewer(role, 'u', 'riverside-east'), { ...town, unitId: 'riverside-town' }), 'not of the unit above');
    t.notOk(sees(viewer(role, 'u', 'health'), town));
    t.notOk(sees(viewer(role, 'u', 'riverside-east'), { ...town, unitId: null }));
    t.notOk(sees(viewer(role, 'u', 'riverside-east'), draft));
    t.notOk(mayChange(viewer(role, 'u', 'riverside-east'), town));
  }
  t.notOk(sees(viewer('leader', 'a1'), { ...draft }), 'a leader’s id gives no right to drafts');
});
