import { randomBytes } from 'node:crypto';
import pino from 'pino';
import t from 'tap';
import type { Role, Viewer } from '../../src/account/account.js';
import { rights } from '../../src/account/rights.js';
import { buildHttp } from '../../src/platform/http/http.js';
import { uuidv7 } from '../../src/platform/ids.js';
import { ticketRoutes } from '../../src/ticket/ticket-routes.js';
import { TicketService } from '../../src/ticket/ticket-service.js';
import { demoUnits } from '../../src/unit/demo-units.js';
import { unitRoutes } from '../../src/unit/unit-routes.js';
import { addUnits, listUnits } from '../../src/unit/unit-store.js';
import { openTestDatabase } from '../support/database.js';

const start = Date.parse('2026-11-21T08:00:00.000Z');
const person = (accountId: string, role: Role, unitId: string | null = null): Viewer => {
  return { accountId, name: accountId, roles: [role], unitId };
};
/** By token. */
const people = new Map<string, Viewer>(
  [
    person('agent1', 'agent'),
    person('agent2', 'agent'),
    person('senior', 'seniorAgent'),
    person('boss', 'supervisor'),
    person('leader', 'leader'),
    person('handler', 'unitHandler', 'health'),
    person('admin', 'admin'),
  ].map((viewer) => [viewer.accountId, viewer]),
);
const full = '+8613800000001';
const masked = '138****0001';

async function setUp(test: Pick<typeof t, 'teardown'>) {
  const { db } = await openTestDatabase(test);
  await addUnits(db, demoUnits);
  const callId = uuidv7(start, randomBytes(10));
  const clock = () => start;
  const service = new TicketService({
    db,
    clock,
    areaCode: '0518',
    findCall: async (id) => (id === callId ? { callerNumber: full, agentId: 'agent1' } : null),
    changed: () => undefined,
  });
  const app = await buildHttp({
    rights,
    callerOf: async (token) => people.get(token) ?? null,
    log: pino({ level: 'silent' }),
    language: 'zh',
    version: '0',
  });
  const viewerOf = ({ caller }: { caller: unknown }) => caller as Viewer;
  await app.register(ticketRoutes({ service, db, clock, viewerOf }));
  await app.register(unitRoutes({ list: () => listUnits(db) }));
  test.teardown(() => app.close());
  const ask = async (
    who: string | null,
    method: 'GET' | 'POST' | 'PATCH',
    url: string,
    payload?: object,
    key?: string,
  ) => {
    const headers = {
      ...(who === null ? {} : { authorization: `Bearer ${who}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const answer = await app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  return { ask, callId };
}

t.test('a ticket from a call: opened, read, changed, closed', async (t) => {
  const { ask, callId } = await setUp(t);
  const made = await ask('agent1', 'POST', '/api/tickets', {
    callId,
    type: 'complaint',
    title: '路灯不亮',
    categoryPath: ['城市管理', '路灯'],
    urgency: 'urgent',
    place: '东街',
    callerName: '张三',
  });
  const { ticketId } = made.body;
  t.equal(made.status, 201);
  t.equal(made.headers.location, `/api/tickets/${ticketId}`);
  t.match(made.body, {
    version: 1,
    state: 'open',
    callId,
    callerNumber: full,
    callerName: '张三',
    agentId: 'agent1',
    openedBy: 'agent1',
    categoryPath: ['城市管理', '路灯'],
    unitId: null,
    openedAt: '2026-11-21T08:00:00.000Z',
  });
  const changed = await ask('agent1', 'PATCH', `/api/tickets/${ticketId}`, {
    version: 1,
    unitId: 'health',
    callerNumber: '138 0000 0001',
    callerName: '',
  });
  t.match(changed, { status: 200, body: { version: 2, unitId: 'health', callerNumber: full, callerName: null } });
  const late = await ask('senior', 'PATCH', `/api/tickets/${ticketId}`, { version: 1, title: '别的' });
  t.match(late, {
    status: 409,
    body: {
      code: 'ticket.changedMeanwhile',
      current: { ticketId, version: 2, title: '路灯不亮', callerNumber: masked },
    },
  });
  t.equal((await ask('agent1', 'PATCH', `/api/tickets/${ticketId}`, { version: 2, state: 'closed' })).status, 200);
  t.match(await ask('agent1', 'PATCH', `/api/tickets/${ticketId}`, { version: 3, state: 'draft' }), {
    status: 409,
    body: { code: 'ticket.moveNotAllowed', allowed: ['open'] },
  });
  t.match(await ask('agent1', 'PATCH', `/api/tickets/${ticketId}`, { version: 3, title: '改' }), {
    status: 409,
    body: { code: 'ticket.closed' },
  });
  t.match(await ask('agent1', 'PATCH', `/api/tickets/${ticketId}`, { version: 3, state: 'open' }), {
    status: 403,
    body: { code: 'account.notAllowed', allowed: ['seniorAgent', 'dispatcher', 'supervisor'] },
  });
  t.match(await ask('boss', 'PATCH', `/api/tickets/${ticketId}`, { version: 3, state: 'open' }), {
    status: 200,
    body: { version: 4, state: 'open' },
  });

  const record = await ask('agent1', 'GET', `/api/tickets/${ticketId}`);
  t.match(record.body.calls, [
    { callId, url: `/api/calls/${callId}`, recordingUrl: `/api/calls/${callId}/recording`, linkedAt: /Z$/ },
  ]);
  t.same(
    record.body.history.map(({ version, what, by }: Record<string, unknown>) => [version, what, by]),
    [
      [1, 'opened', 'agent1'],
      [2, 'changed', 'agent1'],
      [3, 'close', 'agent1'],
      [4, 'reopen', 'boss'],
    ],
  );
  t.match(record.body.history[1].changes, [
    { field: 'callerName', before: '张三', after: null },
    { field: 'unitId', before: null, after: 'health' },
  ]);

  for (const who of ['handler', 'leader', 'senior']) {
    const seen = await ask(who, 'GET', `/api/tickets/${ticketId}`);
    t.equal(seen.body.callerNumber, masked, `${who} sees no whole number`);
    t.notMatch(JSON.stringify(seen.body), /13800000001|张三/, 'nor in the history');
    const listed = await ask(who, 'GET', '/api/tickets');
    t.notMatch(JSON.stringify(listed.body), /13800000001|张三/);
    t.equal(listed.body.items.length, 1);
  }
  for (const who of ['agent1', 'boss'])
    t.equal((await ask(who, 'GET', '/api/tickets')).body.items[0].callerNumber, full, `${who} sees the number`);
});

t.test('rights', async (t) => {
  const { ask, callId } = await setUp(t);
  const { body } = await ask('agent1', 'POST', '/api/tickets', { callId, type: 'request', state: 'draft' });
  const url = `/api/tickets/${body.ticketId}`;
  const change = { version: 1, title: 'x' };
  const refused = async (who: string | null, status: number, code: string) => {
    t.match(await ask(who, 'GET', url), { status, body: { code } }, `${who} reads`);
    t.match(await ask(who, 'PATCH', url, change), { status: status }, `${who} changes`);
  };
  await refused(null, 401, 'account.notSignedIn');
  await refused('agent2', 403, 'ticket.notYours');
  await refused('senior', 403, 'ticket.notYours');
  await refused('leader', 403, 'ticket.notYours');
  await refused('handler', 403, 'ticket.notYours');
  await refused('admin', 403, 'account.notAllowed');
  t.match(await ask('leader', 'POST', '/api/tickets', { type: 'request' }), { status: 403 });
  t.match(await ask('agent2', 'POST', '/api/tickets', { type: 'request', callId }), {
    status: 403,
    body: { code: 'call.notYours' },
  });
  t.match(await ask('boss', 'GET', url), { status: 200, body: { version: 1, title: null } }, 'nothing was changed');
  t.match(await ask('agent2', 'GET', `/api/tickets?callId=${callId}`), {
    status: 200,
    body: { items: [], next: null },
  });
  t.match(await ask('boss', 'PATCH', url, change), { status: 200, body: { version: 2 } });
});

t.test('bad input: which field, what is allowed; nothing is changed', async (t) => {
  const { ask, callId } = await setUp(t);
  const { body } = await ask('agent1', 'POST', '/api/tickets', { type: 'request', title: '原样' });
  const url = `/api/tickets/${body.ticketId}`;
  const types = ['consultation', 'request', 'complaint', 'report', 'suggestion', 'praise'];
  const posts: [object, number, string, unknown][] = [
    [{}, 400, 'type', types],
    [{ type: 'wish' }, 400, 'body.type', types],
    [{ type: 'request', urgency: 'very' }, 400, 'body.urgency', ['normal', 'urgent', 'critical']],
    [{ type: 'request', title: 'x'.repeat(201) }, 400, 'body.title', undefined],
    [{ type: 'request', title: 7 }, 400, 'body.title', undefined],
    [{ type: 'request', text: 'a\u0000' }, 400, 'text', undefined],
    [{ type: 'request', callerNumber: 'who knows' }, 400, 'callerNumber', undefined],
    [{ type: 'request', categoryPath: Array(7).fill('x') }, 400, 'body.categoryPath', undefined],
    [{ type: 'request', state: 'closed' }, 400, 'body.state', ['draft', 'open']],
    [{ type: 'request', colour: 'red' }, 400, 'body.colour', undefined],
    [{ type: 'request', callId: 'call-7' }, 400, 'body.callId', undefined],
    [{ type: 'request', callId: uuidv7(start, randomBytes(10)) }, 404, 'callId', undefined],
    [{ type: 'request', unitId: 'nobody' }, 404, 'unitId', demoUnits.map(({ id }) => id).sort()],
  ];
  for (const [payload, status, field, allowed] of posts) {
    const answer = await ask('agent1', 'POST', '/api/tickets', payload);
    t.match(answer, { status, body: { field, code: String, message: String, hint: String } }, `${status} ${field}`);
    if (status === 400) t.ok(answer.body.allowed, 'says what is allowed');
    if (allowed) t.same([...answer.body.allowed].sort(), [...(allowed as string[])].sort());
  }
  const patches: [object, number, string][] = [
    [{ title: 'x' }, 400, 'body.version'],
    [{ version: 0 }, 400, 'body.version'],
    [{ version: 1, type: null }, 400, 'body.type'],
    [{ version: 1, state: 'lost' }, 400, 'body.state'],
    [{ version: 1, number: '1' }, 400, 'body.number'],
    [{ version: 1, unitId: 'nobody' }, 404, 'unitId'],
    [{ version: 1, callerNumber: '00' }, 400, 'callerNumber'],
  ];
  for (const [payload, status, field] of patches)
    t.match(await ask('agent1', 'PATCH', url, payload), { status, body: { field } }, `${status} ${field}`);
  for (const query of ['state=lost', 'limit=0', 'limit=101', 'cursor=x', 'number=123', 'colour=red'])
    t.match(
      await ask('boss', 'GET', `/api/tickets?${query}`),
      { status: 400, body: { code: 'request.invalid' } },
      query,
    );
  for (const id of ['nothing', uuidv7(start, randomBytes(10))]) {
    t.match(await ask('boss', 'GET', `/api/tickets/${id}`), { status: 404, body: { code: 'ticket.unknown' } });
    t.match(await ask('boss', 'PATCH', `/api/tickets/${id}`, { version: 1 }), { status: 404 });
  }
  t.match(await ask('agent1', 'GET', url), { body: { version: 1, title: '原样' } });
  t.equal((await ask('boss', 'GET', '/api/tickets')).body.items.length, 1, `no ticket for call ${callId.length > 0}`);
});

t.test('a repeated request with the same key makes one ticket', async (t) => {
  const { ask, callId } = await setUp(t);
  const draft = { callId, state: 'draft', title: '一' };
  const post = (payload: object, key?: string) => ask('agent1', 'POST', '/api/tickets', payload, key);
  const both = await Promise.all([post(draft, 'key-00001'), post(draft, 'key-00001')]);
  const again = await post(draft, 'key-00001');
  t.same(
    [...both, again].map(({ status }) => status),
    [201, 201, 201],
  );
  t.equal(new Set([...both, again].map(({ body }) => body.ticketId)).size, 1);
  t.match(await post({ ...draft, title: '二' }, 'key-00001'), { status: 422, body: { code: 'request.keyReused' } });
  t.equal((await post(draft, 'key-00002')).status, 201, 'another key, another matter');
  t.equal((await ask('agent1', 'GET', `/api/tickets?callId=${callId}`)).body.items.length, 2);
});

t.test('lists and units over HTTP', async (t) => {
  const { ask } = await setUp(t);
  for (let n = 0; n < 5; n++) await ask('agent1', 'POST', '/api/tickets', { type: 'praise', title: `${n}` });
  const first = await ask('agent1', 'GET', '/api/tickets?limit=3&mine=true');
  const second = await ask('agent1', 'GET', `/api/tickets?limit=3&mine=true&cursor=${first.body.next}`);
  t.same([first.body.items.length, second.body.items.length, second.body.next], [3, 2, null]);
  t.equal((await ask('boss', 'GET', '/api/tickets?mine=true')).body.items.length, 0);
  t.equal((await ask('boss', 'GET', '/api/tickets?mine=false')).body.items.length, 5);
  const { number } = first.body.items[0];
  t.equal((await ask('boss', 'GET', `/api/tickets?number=${number}`)).body.items[0].number, number);
  const units = await ask('handler', 'GET', '/api/units');
  t.match(units, { status: 200, body: { next: null } });
  t.equal(units.body.items.length, demoUnits.length);
  t.match(units.body.items[0], { id: String, name: String, kind: String });
  t.equal((await ask(null, 'GET', '/api/units')).status, 401);
});
