import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import pino from 'pino';
import t from 'tap';
import Type from 'typebox';
import { errorRegistry, HotlineError } from '../../../src/platform/errors.js';
import { errorStatus } from '../../../src/platform/http/error-status.js';
import { errorsPage } from '../../../src/platform/http/errors-page.js';
import { buildHttp, type HttpApp } from '../../../src/platform/http/http.js';
import { IdempotencyHeaders, runOnce } from '../../../src/platform/http/idempotency.js';
import { systemRoutes } from '../../../src/platform/http/system-routes.js';
import { openTestDatabase } from '../../support/database.js';

const agent = { accountId: 'a1', name: '张三', roles: ['agent'] };
const rights = {
  'GET /api/docs/*': 'public',
  'GET /api/docs': 'public',
  'GET /api/openapi.json': 'public',
  'GET /api/health': 'public',
  'GET /api/ready': 'public',
  'GET /api/mine': 'signedIn',
  'GET /api/audit': ['auditor', 'admin'],
  'POST /api/probes': 'signedIn',
  'GET /api/fails': 'public',
} as const;

const ProbeSchema = Type.Object(
  {
    kind: Type.Enum(['one', 'two']),
    count: Type.Integer({ minimum: 1, maximum: 5 }),
    note: Type.Optional(Type.Union([Type.String({ maxLength: 3 }), Type.Null()])),
    lines: Type.Optional(Type.Array(Type.Object({ text: Type.String() }), { maxItems: 2 })),
  },
  { additionalProperties: false },
);
const ok = { 200: Type.Any() };

interface Options {
  log?: pino.Logger;
  fails?: () => unknown;
  routes?: (app: HttpApp) => void;
}

async function build({ log = pino({ level: 'silent' }), fails, routes }: Options = {}): Promise<HttpApp> {
  const callerOf = async (token: string) => (token === 'good' ? agent : null);
  const app = await buildHttp({ log, language: 'zh', version: '0.0.0', rights, callerOf });
  const readiness = async () => ({ database: { ready: false, since: 1 }, journal: { ready: true } });
  await app.register(systemRoutes({ telephony: () => true, readiness }));
  app.get('/api/mine', { schema: { summary: 'Mine', response: ok } }, async ({ caller }) => caller);
  app.get('/api/audit', { schema: { summary: 'Audit', response: ok } }, async () => ({}));
  app.post('/api/probes', { schema: { summary: 'Probe', body: ProbeSchema, response: ok } }, async ({ body }) => body);
  const query = Type.Object({ limit: Type.Optional(Type.Integer({ maximum: 100 })) });
  app.get('/api/fails', { schema: { summary: 'Fails', querystring: query, response: ok } }, async () => {
    throw fails?.() ?? new Error('nothing');
  });
  routes?.(app);
  await app.ready();
  return app;
}

const signedIn = { authorization: 'Bearer good' };

t.test('every error code has a status and texts in both languages', async (t) => {
  t.same(Object.keys(errorStatus).sort(), Object.keys(errorRegistry).sort());
  for (const [code, { zh, en, hint, hintZh }] of Object.entries(errorRegistry)) {
    t.match(zh + hintZh, /\p{Script=Han}/u, code);
    t.ok(en && hint && !/\p{Script=Han}/u.test(en + hint), code);
  }
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  t.equal(page, errorsPage(), 'docs/errors.md is up to date (npx tsx scripts/errors-page.ts)');
});

t.test('a route that is not in the table of rights, or has no schema, stops the start', async (t) => {
  const open = (app: HttpApp) => void app.get('/api/forgotten', { schema: { summary: 'x', response: ok } }, () => ({}));
  await t.rejects(build({ routes: open }), /GET \/api\/forgotten is not in the table of rights/);
  await t.rejects(
    build({ routes: (app) => void app.get('/api/docs/x', () => ({})) }),
    /GET \/api\/docs\/x has no schema/,
  );
});

t.test('rights', async (t) => {
  const app = await build();
  t.teardown(() => app.close());
  const status = async (url: string, headers = {}) => (await app.inject({ url, headers })).statusCode;
  t.equal(await status('/api/mine'), 401);
  t.equal(await status('/api/mine', { authorization: 'Bearer wrong' }), 401);
  t.equal(await status('/api/mine', signedIn), 200);
  t.equal(await status('/api/mine', { cookie: 'hotline_sign_in=good' }), 200);
  const refused = await app.inject({ url: '/api/audit', headers: signedIn });
  t.equal(refused.statusCode, 403);
  t.match(refused.json(), { code: 'account.notAllowed', allowed: ['auditor', 'admin'] });
  t.equal((await app.inject({ method: 'HEAD', url: '/api/mine' })).statusCode, 401);
  t.equal(await status('/api/nothing', signedIn), 404);
  t.match((await app.inject('/api/nothing')).json(), { code: 'request.notFound' });
});

t.test('pages of other sites cannot write with the cookie', async (t) => {
  const app = await build();
  t.teardown(() => app.close());
  const post = (origin: string | undefined, headers = {}) =>
    app.inject({
      method: 'POST',
      url: '/api/probes',
      headers: { host: 'hotline.example', cookie: 'hotline_sign_in=good', ...(origin ? { origin } : {}), ...headers },
      payload: { kind: 'one', count: 1 },
    });
  t.equal((await post('http://hotline.example')).statusCode, 200);
  t.equal((await post(undefined)).statusCode, 200, 'programs send no origin');
  t.equal((await post('http://evil.example')).statusCode, 403);
  t.equal((await post('null')).json().code, 'request.foreignOrigin');
  t.equal(
    (await post('http://seen.example', { 'x-forwarded-host': 'seen.example' })).statusCode,
    200,
    'by way of the edge',
  );
});

t.test('what does not fit is named by field, with what would fit, without its value', async (t) => {
  const app = await build();
  t.teardown(() => app.close());
  const secret = '13800000001';
  const post = async (payload: unknown) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/probes',
      headers: { ...signedIn, 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    t.equal(answer.statusCode, 400);
    t.equal(answer.json().code, 'request.invalid');
    t.notMatch(answer.body, new RegExp(secret));
    const { field, allowed } = answer.json();
    return [field, allowed];
  };
  t.same(await post({ kind: secret, count: 1 }), ['body.kind', ['one', 'two']]);
  t.same(await post({ kind: 'one', count: 9 }), ['body.count', 'integer, 1 to 5']);
  t.same(await post({ kind: 'one', count: '1' }), ['body.count', 'integer, 1 to 5'], 'a body is taken at its word');
  t.same(await post({ count: 1 }), ['body.kind', ['one', 'two']]);
  t.same(await post({ kind: 'one', count: 1, other: secret }), ['body.other', ['kind', 'count', 'note', 'lines']]);
  t.same(await post({ kind: 'one', count: 1, note: secret }), ['body.note', ['string, at most 3 characters', 'null']]);
  t.same(await post({ kind: 'one', count: 1, lines: [{ text: 1 }] }), ['body.lines.0.text', 'string']);
  t.same(await post(`{"kind":"${secret}`), ['body', 'JSON']);
  t.same(await post(''), ['body', 'JSON']);
  t.same((await app.inject('/api/fails?limit=many')).json().field, 'query.limit');
  const xml = { ...signedIn, 'content-type': 'text/xml' };
  const wrong = await app.inject({ method: 'POST', url: '/api/probes', headers: xml, payload: '<a/>' });
  t.match([wrong.statusCode, wrong.json().code], [415, 'request.mediaType']);
  const large = { kind: 'one', count: 1, note: 'x'.repeat(300_000) };
  const tooLarge = await app.inject({ method: 'POST', url: '/api/probes', headers: signedIn, payload: large });
  t.match([tooLarge.statusCode, tooLarge.json().allowed], [413, 'at most 262144 bytes']);
});

t.test('errors speak the language asked for, carry the request id, and hide what failed', async (t) => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  let thrown: unknown = new Error('secret detail');
  const app = await build({ log, fails: () => thrown });
  t.teardown(() => app.close());
  const get = async (language?: string) => {
    const headers = language ? { 'accept-language': language } : {};
    const answer = await app.inject({ url: '/api/fails?limit=7', headers });
    return { status: answer.statusCode, headers: answer.headers, ...answer.json() };
  };
  const failed = await get();
  t.match(failed, { status: 500, code: 'server.failed', message: '服务器内部错误', requestId: /^[0-9a-f-]{36}$/ });
  t.equal(failed.headers['x-request-id'], failed.requestId);
  t.notMatch(JSON.stringify(failed), /secret detail/);
  t.equal((await get('fr, en;q=0.8')).message, 'The server failed');
  t.equal(lines.filter((line) => line.includes('request failed')).length, 2);
  t.notOk(
    lines.some((line) => line.includes('limit=7')),
    'no query in the log',
  );
  thrown = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  t.match(await get(), { status: 503, code: 'server.databaseAway', headers: { 'retry-after': '2' } });
  thrown = new HotlineError('seat.occupied', { field: 'seat' });
  t.match(await get('en'), { status: 409, field: 'seat', message: 'Another agent sits at this seat' });
});

t.test('headers, health and readiness', async (t) => {
  const app = await build();
  t.teardown(() => app.close());
  const health = await app.inject('/api/health');
  t.match(health.json(), { status: 'ok', telephony: true });
  t.match(health.headers, {
    'x-content-type-options': 'nosniff',
    'content-security-policy': /frame-ancestors 'none'/,
    'cache-control': 'no-store',
  });
  t.notMatch(health.headers['content-security-policy'], /upgrade-insecure/);
  t.notOk(health.headers['strict-transport-security']);
  const secure = await app.inject({ url: '/api/health', headers: { 'x-forwarded-proto': 'https' } });
  t.ok(secure.headers['strict-transport-security']);
  const ready = await app.inject('/api/ready');
  t.equal(ready.statusCode, 503);
  t.match(ready.json(), { ready: false, parts: { database: { ready: false, since: 1 }, journal: { ready: true } } });
});

t.test('OpenAPI 3.1 with every route, its rights and its errors; the page works without other servers', async (t) => {
  const app = await build();
  t.teardown(() => app.close());
  const api = (await app.inject('/api/openapi.json')).json();
  t.equal(api.openapi, '3.1.0');
  t.same(Object.keys(api.paths).sort(), [
    '/api/audit',
    '/api/fails',
    '/api/health',
    '/api/mine',
    '/api/openapi.json',
    '/api/probes',
    '/api/ready',
  ]);
  const { get } = api.paths['/api/audit'];
  t.match(get, {
    operationId: 'getAudit',
    security: [{ bearer: [] }, { cookie: [] }],
    description: 'Roles: auditor, admin.',
  });
  t.equal(get.responses['4XX'].content['application/json'].schema.$ref, '#/components/schemas/Error');
  t.same(api.paths['/api/health'].get.security, []);
  t.ok(api.components.schemas.Error.properties.requestId);
  t.same(api.paths['/api/probes'].post.requestBody.content['application/json'].schema.properties.kind.enum, [
    'one',
    'two',
  ]);
  const page = await app.inject('/api/docs/');
  t.equal(page.statusCode, 200);
  t.notMatch(page.body, /(src|href)="https?:/);
  t.match(page.headers['content-security-policy'], /default-src 'self'/);
});

t.test('Idempotency-Key: once, also when repeated at the same time', async (t) => {
  const { db } = await openTestDatabase(t);
  await db.execute(sql`CREATE TABLE probe (n integer)`);
  let gate: Promise<void> | null = null;
  const callers: Record<string, { accountId: string; name: string; roles: string[] }> = {
    good: agent,
    other: { ...agent, accountId: 'a2' },
  };
  const app = await buildHttp({
    log: pino({ level: 'silent' }),
    language: 'zh',
    version: '0',
    rights,
    callerOf: async (token) => callers[token] ?? null,
  });
  t.teardown(() => app.close());
  const response = { 201: Type.Any() };
  app.post(
    '/api/probes',
    { schema: { summary: 'Probe', body: ProbeSchema, headers: IdempotencyHeaders, response } },
    async (request, reply) => {
      const answer = await runOnce(db, request, Date.now(), async (tx) => {
        await tx.execute(sql`INSERT INTO probe VALUES (${request.body.count})`);
        await gate;
        if (request.body.count === 5) throw new HotlineError('seat.none');
        return { status: 201 as const, body: { made: randomUUID() } };
      });
      return reply.code(answer.status).send(answer.body);
    },
  );
  const post = async (key: string | null, count: number, token = 'good') => {
    const headers = { authorization: `Bearer ${token}`, ...(key ? { 'idempotency-key': key } : {}) };
    const answer = await app.inject({ method: 'POST', url: '/api/probes', headers, payload: { kind: 'one', count } });
    return { status: answer.statusCode, ...answer.json() };
  };
  const rows = async () => (await db.execute(sql`SELECT n FROM probe`)).rows.length;
  const first = await post('key-00001', 1);
  t.same(await post('key-00001', 1), first);
  t.equal(await rows(), 1);
  t.match(await post('key-00001', 2), { status: 422, code: 'request.keyReused' });
  t.not((await post('key-00001', 1, 'other')).made, first.made, 'keys of different people do not meet');
  t.not((await post(null, 1)).made, (await post(null, 1)).made);
  t.equal(await rows(), 4);
  t.match(await post('key-00002', 5), { status: 409 });
  t.match(await post('key-00002', 4), { status: 201 }, 'what failed was not done and frees its key');
  let open: () => void = () => undefined;
  gate = new Promise((done) => {
    open = done;
  });
  const both = Promise.all([post('key-00003', 1), post('key-00003', 1)]);
  setImmediate(open);
  const [one, two] = await both;
  t.same(one, two);
  t.equal(await rows(), 6);
  t.match(await post('short', 1), { status: 400, field: 'headers.idempotency-key' });
});
