import pino from 'pino';
import t from 'tap';
import { accountRoutes } from '../../src/account/account-routes.js';
import { rights } from '../../src/account/rights.js';
import { callLiveTypes, SnapshotSchema } from '../../src/call/call-live.js';
import { callRoutes } from '../../src/call/call-routes.js';
import { menuRoutes } from '../../src/ivr/menu-routes.js';
import { buildHttp, type HttpApp } from '../../src/platform/http/http.js';
import { pageRoutes } from '../../src/platform/http/pages.js';
import { systemRoutes } from '../../src/platform/http/system-routes.js';
import { liveRoutes } from '../../src/platform/live/live-routes.js';
import { queueRoutes } from '../../src/queue/queue-routes.js';
import { recordingRoutes } from '../../src/recording/recording-routes.js';
import { seatRoutes } from '../../src/seat/seat-routes.js';
import { ticketLiveType } from '../../src/ticket/ticket-live.js';
import { ticketRoutes } from '../../src/ticket/ticket-routes.js';
import { unitRoutes } from '../../src/unit/unit-routes.js';

/** Every route of the server; nothing behind them, no request gets that far. */
async function allRoutes(register: (app: HttpApp) => void = () => undefined): Promise<HttpApp> {
  const nothing = {} as never;
  const log = pino({ level: 'silent' });
  const app = await buildHttp({ log, language: 'zh', version: '1.2.3', rights, callerOf: async () => null });
  register(app);
  await app.register(pageRoutes);
  const types = [...callLiveTypes, ticketLiveType(() => [])];
  for (const routes of [
    systemRoutes(nothing),
    accountRoutes(nothing),
    liveRoutes({ hub: nothing, types, snapshotSchema: SnapshotSchema, version: '1.2.3' }),
    seatRoutes(nothing),
    queueRoutes(nothing),
    menuRoutes(nothing),
    callRoutes(nothing),
    recordingRoutes(nothing),
    ticketRoutes(nothing),
    unitRoutes(nothing),
  ])
    await app.register(routes);
  await app.ready();
  return app;
}

t.test('every route is in the table of rights, and every row has a route', async (t) => {
  const found = new Set<string>();
  const app = await allRoutes((app) => {
    app.addHook('onRoute', ({ method, url }) => void found.add(`${method} ${url}`));
  });
  t.teardown(() => app.close());
  // Registered before the hook above.
  for (const early of ['GET /api/docs', 'GET /api/docs/*', 'GET /api/openapi.json']) found.add(early);
  const used = (row: string) =>
    [...found].some((route) => route === row || (row.endsWith('*') && route.startsWith(row.slice(0, -1))));
  const without = Object.keys(rights).filter((row) => !used(row));
  t.same(without, []);
});

t.test('who is not signed in gets nothing but what is public', async (t) => {
  const app = await allRoutes();
  t.teardown(() => app.close());
  for (const [route, right] of Object.entries(rights)) {
    if (right === 'public') continue;
    const [method, url = ''] = route.split(' ');
    const answer = await app.inject({ method: method as 'GET', url: url.replace(':id', 'x') });
    t.match([answer.statusCode, answer.json().code], [401, 'account.notSignedIn'], route);
  }
});

t.test('both descriptions name every route and every message', async (t) => {
  const app = await allRoutes();
  t.teardown(() => app.close());
  const { paths, info } = (await app.inject('/api/openapi.json')).json();
  t.equal(info.version, '1.2.3');
  for (const route of Object.keys(rights)) {
    const [method = '', url = ''] = route.split(' ');
    if (!url.startsWith('/api/') || url.startsWith('/api/docs')) continue;
    const operation = paths[url.replace(':id', '{id}')]?.[method.toLowerCase()];
    t.ok(operation?.summary && operation.operationId && operation.responses['4XX'], route);
  }
  const live = (await app.inject('/api/asyncapi.json')).json();
  t.same(Object.keys(live.components.messages).sort(), [
    'call.answered',
    'call.ended',
    'call.offered',
    'queue.changed',
    'reset',
    'seat.changed',
    'ticket.changed',
  ]);
});
