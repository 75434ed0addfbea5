import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Exchange, startExchange } from '../../../scripts/citizen/exchange.js';
import { findTone, isSilent, toneShare } from '../../support/audio.js';
import { openRegistrar } from '../../support/sip-registrar.js';

const rtp = { rtpStart: 25000, rtpEnd: 25999 };
const called = '12345';

/** Two exchanges that call each other; `far` stands for the hotline. */
async function pair(t: Test): Promise<{ near: Exchange; far: Exchange }> {
  // Nothing of the far exchange dials, so its own hotline is nobody.
  const far = await startExchange({ hotline: { host: '127.0.0.1', port: 9 }, ports: rtp });
  const near = await startExchange({ hotline: { host: '127.0.0.1', port: far.ports.sip }, ports: rtp });
  t.teardown(() => Promise.all([near.stop(), far.stop()]));
  return { near, far };
}

const foldersLeft = () => readdirSync(tmpdir()).filter((name) => name.startsWith('hotline-exchange-'));
const processesOf = (folder: string) =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // It ended while we looked.
    }
  });

t.test('calls between two exchanges', async (t) => {
  const { near, far } = await pair(t);
  const phone = far.phone({ user: called, register: false });

  t.test('both directions carry their own tone, and keys arrive', async (t) => {
    phone.policy = { kind: 'answer', afterMs: 200, toneHz: 700, listen: true };
    const call = near.call({ from: '13800000001', toneHz: 1000, listen: true });
    const there = await phone.nextCall();
    t.equal(there.from, '13800000001');
    const [ringing, answered, answeredThere] = await Promise.all([call.ringing, call.answered, there.answered]);
    if (ringing === null || answered === null || answeredThere === null) return t.fail('not answered');
    t.ok(call.placedAt <= there.invitedAt && there.invitedAt <= ringing && ringing <= answered, 'times are in order');
    t.ok(answered - there.invitedAt >= 200, 'rang as long as the phone was told to');

    const [heardHere, heardThere] = await Promise.all([call.heard(700), there.heard(1000)]);
    if (heardHere === null || heardThere === null) return t.fail('a tone was not heard');
    t.ok(heardHere - answered < 1000, 'heard within a second of the answer');
    t.equal(await call.heard(1000, { withinMs: 300 }), null, 'the citizen does not hear their own tone');

    const [ear, earThere] = [await call.startListening(), await there.startListening()];
    await ear.heardSound({ since: heardHere + 500, withinMs: 2000 });
    const here = ear.samples(heardHere + 100, heardHere + 500);
    t.equal(findTone(here, 8000).hz, 700);
    t.ok(toneShare(here, 8000, 700) > 0.99, 'a pure tone');
    t.equal(findTone(earThere.samples(heardThere + 100, heardThere + 500), 8000).hz, 1000);

    await there.playTone(1500);
    t.ok(await call.heard(1500), 'the tone changes while they talk');
    const stopped = Date.now();
    await there.stopTone();
    const silent = await call.startListening().then((ear) => ear.heardSilence({ since: stopped, forMs: 400 }));
    if (silent === null) return t.fail('no silence');
    t.ok(isSilent(ear.samples(silent, silent + 400)));

    await call.stopTone();
    await call.press('1w5');
    t.equal(there.keys, '15');
    // Key 5 would be 770 and 1336 Hz; as RFC 4733 events nobody makes it audible again.
    t.ok(isSilent(earThere.samples(Date.now() - 300)), 'keys are not sent as sound');

    const endedThere = await there.hangUp();
    const ended = await call.ended;
    t.match(ended, { cause: 16, byUs: false });
    t.match(endedThere, { cause: 16, byUs: true });
  });

  for (const [policy, cause, sipStatus] of [
    ['busy', 17, 486],
    ['reject', 21, 603],
  ] as const)
    t.test(`${policy} reaches the citizen`, async (t) => {
      phone.policy = { kind: policy };
      const call = near.call();
      t.match(await call.ended, { cause, sipStatus, byUs: false });
      t.equal(await call.answered, null);
      t.match(await (await phone.nextCall()).ended, { byUs: true });
    });

  t.test('no answer: it rings until the citizen gives up', async (t) => {
    phone.policy = { kind: 'ring' };
    const call = near.call({ hangUpAfterMs: 400 });
    t.ok(await call.ringing);
    t.match(await call.ended, { byUs: true });
    t.equal(await call.answered, null);
    t.match(await (await phone.nextCall()).ended, { byUs: false, sipStatus: 487 });
  });

  t.test('nobody there', async (t) => {
    const call = near.call({ to: '99999' });
    t.match(await call.ended, { byUs: false });
    t.equal(await call.ringing, null);
  });

  t.test('a withheld number stays withheld', async (t) => {
    phone.policy = { kind: 'answer', talkMs: 0 };
    near.call({ from: null });
    const there = await phone.nextCall();
    t.equal(there.from, null);
    t.match(await there.ended, { byUs: true });
  });

  t.test('the exchange is killed: every call ends here, the far side learns nothing', async (t) => {
    phone.policy = { kind: 'answer' };
    const call = near.call();
    const there = await phone.nextCall();
    await call.answered;
    await near.kill();
    t.match(await call.ended, { cause: 0, byUs: true });
    t.equal(there.end, null);
    t.notOk(existsSync(`/proc/${near.pid}`));
    const late = near.call();
    t.match(await late.ended, { cause: 0 });
    t.ok(late.failure);
  });
});

t.test('phones register with digest, and are found there', async (t) => {
  const registrar = await openRegistrar(
    new Map([
      ['1001', 'secret-one'],
      ['1002', 'secret-two'],
    ]),
  );
  t.teardown(() => registrar.close());
  const host = '127.0.0.1';
  const exchange = await startExchange({ hotline: { host, port: registrar.port }, ports: rtp });
  t.teardown(() => exchange.stop());

  const right = exchange.phone({ user: '1001', password: 'secret-one' });
  const wrong = exchange.phone({ user: '1002', password: 'no' });
  await right.registered;
  t.same([...registrar.contacts.keys()], ['1001']);
  t.match(registrar.contacts.get('1001'), new RegExp(`^sip:1001@127.0.0.1:${exchange.ports.sip}`));
  await t.rejects(wrong.registered, { message: 'the registrar refused the phone' });
  t.throws(() => exchange.phone({ user: '1001' }), /has a phone here already/);

  const city = await startExchange({ hotline: { host, port: exchange.ports.sip }, ports: rtp });
  t.teardown(() => city.stop());
  right.policy = { kind: 'answer' };
  t.ok(await city.call({ to: '1001' }).answered, 'an INVITE to the contact rings the phone');

  await right.unregister();
  t.equal(registrar.contacts.size, 0);
  await right.register();
  t.equal(registrar.contacts.size, 1);
  await exchange.stop();
  t.equal(registrar.contacts.size, 0, 'a stopped exchange takes its phones off the list');
});

/** The temporary folder of a running exchange. */
const folderOf = (pid: number | string) =>
  /hotline-exchange-\w+/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[0] ?? 'none';

t.test('nothing is left behind', async (t) => {
  const exchange = await startExchange({ hotline: { host: '127.0.0.1', port: 9 }, ports: rtp });
  const folder = folderOf(exchange.pid);
  t.ok(foldersLeft().includes(folder));
  t.equal(processesOf(folder).length, 2, 'the exchange and its watcher');
  await exchange.stop();
  t.same(processesOf(folder), []);
  t.notOk(foldersLeft().includes(folder));
});

t.test('nothing is left behind when the program is killed with -9', async (t) => {
  const module = new URL('../../../scripts/citizen/exchange.ts', import.meta.url).href;
  const program = `
    import { startExchange } from '${module}';
    const exchange = await startExchange({ hotline: { host: '127.0.0.1', port: 9 }, ports: ${JSON.stringify(rtp)} });
    console.log(exchange.pid);
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const folder = folderOf(first.toString().trim());
  t.ok(foldersLeft().includes(folder));
  child.kill('SIGKILL');
  for (const limit = Date.now() + 5000; Date.now() < limit && foldersLeft().includes(folder); ) await sleep(20);
  t.notOk(foldersLeft().includes(folder));
  t.same(processesOf(folder), []);
});
