import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import pino from 'pino';
import t from 'tap';
import { type Role, roles, type Viewer } from '../../src/account/account.js';
import { accountRoutes } from '../../src/account/account-routes.js';
import { AccountService } from '../../src/account/account-service.js';
import { maskNumber, showNumber } from '../../src/account/masking.js';
import { mayUse, rights } from '../../src/account/rights.js';
import { accessTo } from '../../src/platform/http/access.js';
import { buildHttp } from '../../src/platform/http/http.js';
import { openDatabase } from '../../src/platform/postgres/client.js';
import { openTestDatabase } from '../support/database.js';
import { createOutage } from '../support/outage.js';

const log = pino({ level: 'silent' });
const start = 1_700_000_000_000;

t.test('numbers are masked by role, and nothing of what is hidden stays', async (t) => {
  for (const [number, masked] of [
    ['+8613800000001', '138****0001'],
    ['+8651887654321', '0518****4321'],
    ['+861087654321', '010****4321'],
    ['+442079460000', '+44****0000'],
    ['12345', '12345'],
    ['10086', '10086'],
    ['+8612', '****'],
    ['', '****'],
  ] as const)
    t.equal(maskNumber(number), masked, number);
  fc.assert(
    fc.property(fc.stringMatching(/^\+861[3-9]\d{9}$/), (number) => {
      const masked = maskNumber(number);
      return /^\d{3}\*{4}\d{4}$/.test(masked) && !masked.includes(number.slice(3, 11));
    }),
  );
  const viewer = (role: Role): Viewer => ({ accountId: 'a', name: 'n', roles: [role], unitId: null });
  const full = roles.filter((role) => showNumber(viewer(role), '+8613800000001') === '+8613800000001');
  t.same(full, ['dispatcher', 'qualityInspector', 'supervisor']);
  t.equal(showNumber(viewer('agent'), '+8613800000001', true), '+8613800000001', 'an agent their own call');
});

t.test('rights: twelve roles, every row names known ones, nobody is let in by chance', async (t) => {
  t.equal(new Set(roles).size, 12);
  for (const [route, right] of Object.entries(rights)) {
    t.match(route, /^(GET|PUT|POST|PATCH|DELETE) \//);
    if (typeof right === 'string') t.ok(['public', 'signedIn'].includes(right), route);
    else t.ok(right.length > 0 && right.every((role) => roles.includes(role)), route);
    t.equal(accessTo(rights, ...(route.split(' ') as [string, string])), right);
    t.equal(mayUse(right, null), right === 'public', route);
  }
  t.equal(accessTo(rights, 'HEAD', '/api/calls'), rights['GET /api/calls']);
  t.equal(accessTo(rights, 'DELETE', '/api/calls'), undefined);
  const open = Object.keys(rights).filter((route) => rights[route] === 'public' && /^(?!GET)/.test(route));
  t.same(open, ['POST /api/sign-in'], 'only one write is open to everybody');
});

async function setUp(t: Tap) {
  const { db } = await openTestDatabase(t);
  const copy = join(t.testdir(), 'cache', 'sign-ins.json');
  let now = start;
  const parts = { db, log, clock: () => now, copy };
  const accounts = new AccountService(parts);
  await accounts.start();
  const id = await accounts.putAccount({ name: '1001', password: 'right', roles: ['agent'], unitId: 'u1' });
  const pass = (ms: number) => {
    now += ms;
  };
  return { accounts, parts, copy, id, db, pass };
}
type Tap = Pick<typeof t, 'teardown' | 'testdir'>;

t.test('sign-in: a random token, of which only the hash is kept', async (t) => {
  const { accounts, parts, copy, id, db, pass } = await setUp(t);
  const [one, two] = [await accounts.signIn('1001', 'right'), await accounts.signIn('1001', 'right')];
  t.match(one.token, /^[\w-]{43}$/);
  t.not(one.token, two.token);
  t.same(await accounts.viewerOf(one.token), { accountId: id, name: '1001', roles: ['agent'], unitId: 'u1' });
  t.equal(await accounts.viewerOf(`${one.token}x`), null);
  await accounts.saved();
  const { rows } = await db.execute(sql`SELECT token_hash, password_hash FROM sign_in, account`);
  t.match(rows, [{ password_hash: /^\$argon2id\$/ }, {}]);
  t.notMatch(JSON.stringify(rows) + readFileSync(copy, 'utf8'), one.token);
  t.equal(statSync(copy).mode & 0o777, 0o600);
  const other = new AccountService({ ...parts, copy: `${copy}.none` });
  await other.start();
  t.match(await other.viewerOf(one.token), { accountId: id }, 'another server knows it from the database');
  pass(13 * 3_600_000);
  t.equal(await accounts.viewerOf(one.token), null, 'it ends');
  t.equal(await other.viewerOf(one.token), null);
  t.equal(
    await accounts.putAccount({ name: '1001', password: 'new', roles: ['agent'] }),
    id,
    'put again: a new password',
  );
  await t.rejects(accounts.signIn('1001', 'right'), { code: 'account.signInRefused' });
  await accounts.signIn('1001', 'new');
});

t.test('a wrong name and a wrong password are told alike, in the same time, and both are locked', async (t) => {
  const { accounts, pass } = await setUp(t);
  const fail = async (name: string) => {
    const begun = performance.now();
    const error = await accounts.signIn(name, 'wrong').then(
      () => ({ code: 'none' }),
      (error: { code: string; details: object }) => ({ code: error.code, ...error.details }),
    );
    return { error, ms: performance.now() - begun };
  };
  const wrong = { known: [] as number[], unknown: [] as number[] };
  for (let n = 1; n <= 5; n++) {
    const [known, unknown] = [await fail('1001'), await fail('nobody')];
    t.same(known.error, { code: 'account.signInRefused', field: 'password' });
    t.same(unknown.error, known.error);
    wrong.known.push(known.ms);
    wrong.unknown.push(unknown.ms);
  }
  const ratio = Math.min(...wrong.known) / Math.min(...wrong.unknown);
  t.ok(ratio > 0.5 && ratio < 2, `quickest of five: ${ratio.toFixed(2)} to 1`);
  t.equal((await fail('1001')).error.code, 'account.locked');
  t.equal((await fail('nobody')).error.code, 'account.locked', 'or the lock would tell which names exist');
  await t.rejects(accounts.signIn('1001', 'right'), { code: 'account.locked' });
  pass(5 * 60_000 + 1);
  await accounts.signIn('1001', 'right');
  t.equal((await fail('1001')).error.code, 'account.signInRefused', 'counted anew after a good one');
});

t.test('PostgreSQL away: who is signed in stays so, also in a new process; who signs out is out', async (t) => {
  const direct = await openTestDatabase(t);
  const outage = await createOutage(t, direct.url);
  const { db, close } = openDatabase({ url: outage.url, log });
  t.teardown(close);
  const parts = { db, log, clock: () => start, copy: join(t.testdir(), 'sign-ins.json') };
  const accounts = new AccountService(parts);
  await accounts.start();
  await accounts.putAccount({ name: '1001', password: 'right', roles: ['agent'] });
  const [stays, goes] = [await accounts.signIn('1001', 'right'), await accounts.signIn('1001', 'right')];
  await outage.begin();
  t.match(await accounts.viewerOf(stays.token), { name: '1001' });
  await accounts.signOut(goes.token);
  t.equal(await accounts.viewerOf(goes.token), null);
  t.equal(await accounts.viewerOf('unknown'), null);
  await accounts.saved();
  const next = new AccountService(parts);
  await next.start();
  t.match(await next.viewerOf(stays.token), { name: '1001' });
  await outage.end();
  t.equal(await next.viewerOf(goes.token), null, 'the database still has it, and is not believed');
  await next.signIn('1001', 'right');
  const { rows } = await direct.db.execute(sql`SELECT count(*)::int AS signed_in FROM sign_in`);
  t.same(rows, [{ signed_in: 2 }], 'deleted as soon as the database was back');
});

t.test('over HTTP: cookie for browsers, token for programs', async (t) => {
  const { accounts, id } = await setUp(t);
  const ended: unknown[][] = [];
  const callerOf = (token: string) => accounts.viewerOf(token);
  const app = await buildHttp({ log, language: 'zh', version: '0', rights, callerOf });
  t.teardown(() => app.close());
  await app.register(accountRoutes({ accounts, onSignOut: (...what) => void ended.push(what) }));
  const signIn = (payload: object, headers = {}) =>
    app.inject({ method: 'POST', url: '/api/sign-in', payload, headers });
  const answer = await signIn({ name: '1001', password: 'right' });
  const { token, account } = answer.json();
  t.equal(answer.statusCode, 200);
  t.same(account, { id, name: '1001', roles: ['agent'], unitId: 'u1' });
  const cookie = String(answer.headers['set-cookie']);
  t.match(cookie, /HttpOnly; SameSite=Strict/);
  t.notMatch(cookie, /Secure/);
  const secure = await signIn({ name: '1001', password: 'right' }, { 'x-forwarded-proto': 'https' });
  t.match(String(secure.headers['set-cookie']), /; Secure/);
  const me = (headers: Record<string, string>) => app.inject({ url: '/api/me', headers });
  t.equal((await me({})).statusCode, 401);
  t.match((await me({ cookie: cookie.split(';')[0] ?? '' })).json(), { id });
  t.match((await me({ authorization: `Bearer ${token}` })).json(), { id });
  t.match((await signIn({ name: '1001' })).json(), { code: 'request.invalid', field: 'body.password' });
  const wrong = await signIn({ name: '1001', password: 'wrong-secret' });
  t.match([wrong.statusCode, wrong.json().code], [401, 'account.signInRefused']);
  t.notMatch(wrong.body, /wrong-secret|1001/);
  const out = await app.inject({ method: 'POST', url: '/api/sign-out', headers: { authorization: `Bearer ${token}` } });
  t.equal(out.statusCode, 204);
  t.match(String(out.headers['set-cookie']), /hotline_sign_in=; .*Expires=Thu, 01 Jan 1970/);
  t.same(ended, [[id, token]]);
  t.equal((await me({ authorization: `Bearer ${token}` })).statusCode, 401);
  for (let n = 0; n < 300; n++) await signIn({});
  const many = await signIn({ name: '1001', password: 'right' });
  t.match([many.statusCode, many.json().code], [429, 'request.tooMany']);
  t.ok(many.headers['retry-after']);
});
