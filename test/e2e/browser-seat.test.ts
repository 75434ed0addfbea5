/**
 * A seat whose phone speaks SIP over the WebSocket of the page: it runs through the edge, which outlives the server. Killed with -9
 * while that seat talks, the server takes neither the conversation nor the registration with it.
 */
import { spawn } from 'node:child_process';
import t from 'tap';
import { Hotline, until } from '../support/hotline.js';
import { freePort } from '../support/ports.js';
import { openSipWsPhone } from '../support/sip-ws-phone.js';

const citizenHz = 440;
const agentHz = 1_000;

t.test('kill -9 of the server with a seat on the SIP WebSocket', async (t) => {
  const hotline = await Hotline.start(t);
  const edgePort = await freePort();
  const edge = spawn(process.execPath, ['--import', 'tsx', 'src/edge.ts'], {
    env: { ...process.env, ...hotline.env, HTTP_PORT: String(edgePort) },
    stdio: 'ignore',
  });
  t.teardown(() => edge.kill('SIGKILL'));
  const edgeUrl = `http://127.0.0.1:${edgePort}`;
  await until('the edge answers', async () => (await fetch(`${edgeUrl}/api/health`).catch(() => null))?.ok);

  const api = await hotline.signIn(hotline.namesWith('agent')[0] ?? '');
  const supervisor = await hotline.signIn(hotline.namesWith('supervisor')[0] ?? '');
  const { seat } = (await api('PUT', '/api/seat', { seat: '1001', state: 'ready' })).body;
  const phone = await openSipWsPhone({
    url: `${edgeUrl.replace('http', 'ws')}${seat.sip.wsPath}`,
    headers: { authorization: `Bearer ${api.token}` },
    user: seat.sip.user,
    password: seat.sip.password,
    policy: { kind: 'answer' },
    toneHz: agentHz,
  });
  t.teardown(() => phone.close());
  await phone.registered;
  await until('the phone is reachable', async () => (await api('GET', '/api/seat')).body.seat.phoneReachable);

  const call = hotline.exchange.call({ press: 'W1', toneHz: citizenHz, listen: true });
  const leg = await phone.nextCall();
  t.ok(await call.heard(agentHz), 'the citizen hears the agent');
  await hotline.killServer();
  const killedAt = Date.now();
  t.equal((await fetch(`${edgeUrl}/api/health`)).status, 503, 'the edge says that the server is away');
  t.ok(await call.heard(agentHz, { since: killedAt + 500 }), 'the citizen still hears the agent');
  t.ok(await leg.heard(citizenHz, { since: killedAt + 500 }), 'the agent still hears the citizen');
  await hotline.startServer();
  t.match(await hotline.record(supervisor, (found) => found.state === 'talking'), { seat: '1001' });
  t.equal(phone.connections, 1, 'the phone’s socket was never broken');
  await call.hangUp();
  await leg.ended;
  t.pass('the agent’s phone is told of the end');

  await until('ready again', async () => (await api('PUT', '/api/seat', { state: 'ready' })).status === 200);
  const next = hotline.exchange.call({ press: 'W1', listen: true });
  await phone.nextCall();
  t.ok(await next.heard(agentHz), 'the next call reaches the same registration');
  await next.hangUp();
});
