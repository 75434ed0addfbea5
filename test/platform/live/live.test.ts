import { once } from 'node:events';
import fc from 'fast-check';
import pino from 'pino';
import t from 'tap';
import Type from 'typebox';
import { WebSocket } from 'ws';
import { buildHttp } from '../../../src/platform/http/http.js';
import { openJournal } from '../../../src/platform/journal/journal.js';
import { LiveHub, type LiveHubParts } from '../../../src/platform/live/live-hub.js';
import { type LiveMessage, liveType } from '../../../src/platform/live/live-message.js';
import { liveRoutes } from '../../../src/platform/live/live-routes.js';

const silent = pino({ level: 'silent' });
const at = 1_700_000_000_000;

/** Everybody gets `said`, its words only who may; `whispered` reaches one person. */
const types = [
  liveType<{ text: string }>({
    type: 'probe.said',
    summary: 'Somebody said something',
    schema: Type.Object({ text: Type.String() }),
    audience: ({ text }, { roles }) => ({ text: roles.includes('hears') ? text : '***' }),
  }),
  liveType<{ to: string }>({
    type: 'probe.whispered',
    summary: 'For one',
    schema: Type.Object({ to: Type.String() }),
    audience: (data, { accountId }) => (data.to === accountId ? data : null),
  }),
];
const people = {
  anna: { accountId: 'anna', name: '安娜', roles: ['hears'] },
  bert: { accountId: 'bert', name: '伯特', roles: [] },
};
const rights = {
  'GET /api/live': 'signedIn',
  'GET /api/asyncapi.json': 'public',
  'GET /api/docs/*': 'public',
  'GET /api/docs': 'public',
  'GET /api/openapi.json': 'public',
} as const;
const said = (text: string) => ({ at, type: 'probe.said', data: { text } });
const whispered = (to: string) => ({ at, type: 'probe.whispered', data: { to } });
const hidden = { at, type: 'state.secret', data: {} };

async function start(t: Pick<Tap, 'teardown' | 'testdir'>, options: Partial<LiveHubParts> = {}, dir = t.testdir()) {
  const journal = await openJournal({ dir, log: silent, checkpoint: () => null });
  const snapshot = ({ accountId }: { accountId: string }) => ({ for: accountId });
  const hub = new LiveHub({ types, snapshot, log: silent, clock: () => at, ...options });
  await hub.start(journal);
  const callerOf = async (token: string) => people[token as keyof typeof people] ?? null;
  const app = await buildHttp({ log: silent, language: 'zh', version: '0', rights, callerOf });
  await app.register(liveRoutes({ hub, types, snapshotSchema: Type.Object({ for: Type.String() }), version: '0' }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(async () => {
    hub.close();
    await app.close();
    await journal.close();
  });
  return {
    app,
    hub,
    journal,
    url: url.replace('http', 'ws'),
    tell: (...entries: (typeof hidden)[]) => hub.publish(journal.append(entries)),
  };
}
type Tap = typeof t;

/** A console: collects messages; `next` waits for so many more. */
async function listen(url: string, token: string, since?: number) {
  const query = since === undefined ? '' : `?since=${since}`;
  const socket = new WebSocket(`${url}/api/live${query}`, { headers: { authorization: `Bearer ${token}` } });
  const messages: LiveMessage[] = [];
  let told: () => void = () => undefined;
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    told();
  });
  await once(socket, 'open');
  return {
    socket,
    messages,
    async next(count: number): Promise<LiveMessage[]> {
      while (messages.length < count)
        await new Promise<void>((done) => {
          told = done;
        });
      return messages.splice(0, count);
    },
  };
}

t.test('a console gets what it may see, as it may see it', async (t) => {
  const { url, tell } = await start(t);
  const [anna, bert] = await Promise.all([listen(url, 'anna'), listen(url, 'bert')]);
  t.match(await anna.next(1), [{ v: 1, seq: 0, type: 'reset', data: { snapshot: { for: 'anna' } } }]);
  await bert.next(1);
  tell(hidden, said('words'), whispered('anna'), whispered('bert'));
  t.same(await anna.next(2), [
    { v: 1, seq: 2, at: '2023-11-14T22:13:20.000Z', type: 'probe.said', data: { text: 'words' } },
    { v: 1, seq: 3, at: '2023-11-14T22:13:20.000Z', type: 'probe.whispered', data: { to: 'anna' } },
  ]);
  t.match(await bert.next(2), [{ data: { text: '***' } }, { seq: 4 }]);
});

t.test('a console that comes back gets what it missed, also from a new process', async (t) => {
  const dir = t.testdir();
  const first = await start(t, {}, dir);
  const { url, tell } = first;
  tell(said('1'), hidden, whispered('bert'), whispered('anna'), said('5'));
  const again = await listen(url, 'anna', 1);
  t.match(await again.next(2), [{ seq: 4 }, { seq: 5, data: { text: '5' } }]);
  tell(said('6'));
  t.match(await again.next(1), [{ seq: 6 }]);
  const upToDate = await listen(url, 'anna', 6);
  tell(said('7'));
  t.match(await upToDate.next(1), [{ seq: 7 }], 'nothing again');
  t.match(
    await (await listen(url, 'anna', 8)).next(1),
    [{ type: 'reset', seq: 7 }],
    'ahead of us: not from this journal',
  );
  first.hub.close();
  await first.journal.close();

  const second = await start(t, {}, dir);
  const back = await listen(second.url, 'anna', 4);
  t.match(await back.next(3), [{ seq: 5 }, { seq: 6 }, { seq: 7 }]);
  second.tell(said('8'));
  t.match(await back.next(1), [{ seq: 8 }]);
});

t.test('who was away too long gets a reset', async (t) => {
  const { url, tell } = await start(t, { kept: 4 });
  for (let n = 1; n <= 20; n++) tell(said(String(n)));
  t.match(await (await listen(url, 'anna', 5)).next(1), [{ type: 'reset', seq: 20 }]);
  t.match(await (await listen(url, 'anna', 17)).next(3), [{ seq: 18 }, { seq: 19 }, { seq: 20 }]);
});

t.test('property: whenever a console reconnects, it sees every message of its own once and in order', async (t) => {
  const { url, tell, journal } = await start(t, { kept: 1000 });
  const step = fc.constantFrom('anna', 'bert', 'all', 'hidden', 'drop');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let since = journal.lastId;
      const seen: number[] = [];
      const expected: number[] = [];
      let console = await listen(url, 'anna', since);
      const drop = async () => {
        console.socket.terminate();
        await once(console.socket, 'close');
        for (const { seq } of console.messages) seen.push(seq);
        since = seen.at(-1) ?? since;
      };
      for (const step of steps) {
        if (step === 'drop') {
          await drop();
          console = await listen(url, 'anna', since);
        } else if (step === 'hidden') tell(hidden);
        else {
          tell(step === 'all' ? said('x') : whispered(step));
          if (step !== 'bert') expected.push(journal.lastId);
        }
      }
      tell(whispered('anna'));
      expected.push(journal.lastId);
      while (console.messages.at(-1)?.seq !== journal.lastId) await once(console.socket, 'message');
      await drop();
      if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error(`${seen} instead of ${expected}`);
    }),
    { numRuns: 25 },
  );
});

t.test('signed out, too slow, silent, or the server going away: closed with a code', async (t) => {
  const code = async ({ socket }: { socket: WebSocket }) => (await once(socket, 'close'))[0] as number;
  await t.test('signed out', async (t) => {
    let holds = true;
    const { url, hub } = await start(t, {
      heartbeatMs: 500,
      stillSignedIn: async (token) => holds || token !== 'bert',
    });
    const [anna, bert, other] = await Promise.all([listen(url, 'anna'), listen(url, 'bert'), listen(url, 'anna')]);
    hub.signedOut('anna');
    t.same(await Promise.all([code(anna), code(other)]), [4001, 4001]);
    t.equal(bert.socket.readyState, WebSocket.OPEN);
    holds = false;
    t.equal(await code(bert), 4001, 'found out at a heartbeat');
  });
  await t.test('too slow', async (t) => {
    const { url, tell } = await start(t, { bufferedBytes: 100_000 });
    const slow = await listen(url, 'anna');
    await slow.next(1);
    slow.socket.pause();
    for (let n = 0; n < 400; n++) tell(said('x'.repeat(50_000)));
    slow.socket.resume();
    t.equal(await code(slow), 4008);
    const seen = slow.messages.at(-1)?.seq ?? 0;
    const resumed = await listen(url, 'anna', seen);
    t.equal((await resumed.next(1))[0]?.seq, seen + 1, 'and it may resume');
  });
  await t.test('a console whose machine is gone', async (t) => {
    const { url, hub } = await start(t, { heartbeatMs: 20 });
    const socket = new WebSocket(`${url}/api/live`, { headers: { authorization: 'Bearer anna' }, autoPong: false });
    await once(socket, 'open');
    t.equal(await code({ socket }), 1006);
    t.equal(hub.size, 0);
  });
  await t.test('the server', async (t) => {
    const { url, hub } = await start(t);
    const anna = await listen(url, 'anna');
    hub.close();
    t.equal(await code(anna), 1001);
  });
});

t.test('only who is signed in, from our own pages, with a whole number', async (t) => {
  const { app, url } = await start(t);
  const status = async (query: string, headers: Record<string, string>) => {
    const socket = new WebSocket(`${url}/api/live${query}`, { headers });
    const [, response] = await once(socket, 'unexpected-response');
    response.resume();
    return response.statusCode as number;
  };
  t.equal(await status('', {}), 401);
  t.equal(await status('', { cookie: 'hotline_sign_in=nobody' }), 401);
  t.equal(await status('', { cookie: 'hotline_sign_in=anna', origin: 'http://evil.example' }), 403);
  t.equal(await status('?since=-1', { cookie: 'hotline_sign_in=anna' }), 400);
  t.equal(await status('?since=yesterday', { cookie: 'hotline_sign_in=anna' }), 400);
  const plain = await app.inject({ url: '/api/live', headers: { authorization: 'Bearer anna' } });
  t.match([plain.statusCode, plain.json().code], [426, 'request.upgradeNeeded']);
});

t.test('AsyncAPI lists every type with the schema that it is sent by', async (t) => {
  const { app } = await start(t);
  const api = (await app.inject('/api/asyncapi.json')).json();
  t.equal(api.asyncapi, '3.0.0');
  t.same(Object.keys(api.components.messages), ['probe.said', 'probe.whispered', 'reset']);
  t.same(Object.keys(api.channels.live.messages), Object.keys(api.components.messages));
  t.match(api.components.messages['probe.said'].payload.properties, {
    type: { const: 'probe.said' },
    data: { properties: { text: { type: 'string' } } },
  });
});
