/** The server is killed with -9 in every state of a call, and Asterisk too: nobody is dropped that Asterisk still holds. */
import t from 'tap';
import { hasTone, levelDb, readWav, slice } from '../support/audio.js';
import { Hotline, until } from '../support/hotline.js';

const citizenHz = 440;
const agentHz = 1_000;
/** Until a fresh process has taken all calls over. */
const takeoverLimitMs = 3_000;

t.test('the server is killed', async (t) => {
  const hotline = await Hotline.start(t);
  const agent = await hotline.agent(0, { kind: 'answer', afterMs: 300, toneHz: agentHz, listen: true });
  const supervisor = await hotline.signIn(hotline.namesWith('supervisor')[0] ?? '');
  const live = await hotline.live(supervisor);
  const restart = async () => {
    await hotline.killServer();
    const killedAt = Date.now();
    await hotline.startServer();
    return killedAt;
  };
  const takenOver = (id: string) =>
    hotline.record(supervisor, ({ timeline, ...found }) => {
      const entries = timeline as { type: string; at: string }[];
      return found.id === id && entries.some((entry) => entry.type === 'call.takenOver');
    });

  await t.test('while talking: they go on talking, the record and the recording are whole', async (t) => {
    const call = hotline.exchange.call({ press: 'W1', toneHz: citizenHz, listen: true });
    const leg = await agent.phone.nextCall();
    t.ok(await call.heard(agentHz));
    await hotline.killServer();
    const killedAt = Date.now();
    t.ok(await call.heard(agentHz, { since: killedAt + 500 }), 'the citizen hears the agent without a server');
    t.ok(await leg.heard(citizenHz, { since: killedAt + 500 }), 'the agent hears the citizen without a server');
    await hotline.startServer();
    const { id } = (await supervisor('GET', '/api/calls')).body.items[0];
    const record = await takenOver(id);
    const at = record.timeline.find((entry: { type: string }) => entry.type === 'call.takenOver').at;
    t.match(record, { state: 'talking' });
    t.comment(`taken over ${Date.parse(at) - killedAt} ms after the kill (1 s of it the test's own wait)`);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await call.hangUp();
    const ended = await hotline.record(supervisor, (found) => found.state === 'ended');
    t.match(ended, { endedBy: 'citizen', endedDuring: 'talking', seat: agent.seat });
    const wav = await fetch(`${hotline.url}/api/calls/${id}/recording`, {
      headers: { authorization: `Bearer ${supervisor.token}` },
    });
    const { rate, channels } = readWav(Buffer.from(await wav.arrayBuffer()));
    const [citizen, seat] = channels;
    if (!citizen || !seat) return t.fail('two channels');
    const from = killedAt - Date.parse(ended.arrivedAt);
    for (const offset of [300, 800]) {
      t.ok(
        hasTone(slice(citizen, rate, from + offset, from + offset + 400), rate, citizenHz),
        `citizen on the left ${offset} ms after the kill`,
      );
      t.ok(
        hasTone(slice(seat, rate, from + offset, from + offset + 400), rate, agentHz),
        `agent on the right ${offset} ms after the kill`,
      );
    }
    await until(
      'the seat is in wrap-up',
      async () => (await agent.api('GET', '/api/seat')).body.seat.state === 'wrapUp',
    );
    await agent.api('PUT', '/api/seat', { state: 'offline' });
  });

  await t.test('in the menu: the key counts', async (t) => {
    const call = hotline.exchange.call({});
    await call.answered;
    const { id } = await hotline.record(supervisor, (found) => found.state === 'menu');
    const killedAt = await restart();
    const record = await takenOver(id);
    const entry = record.timeline.find(({ type }: { type: string }) => type === 'call.takenOver');
    t.ok(
      Date.parse(entry.at) - killedAt < takeoverLimitMs,
      `taken over ${Date.parse(entry.at) - killedAt} ms after the kill`,
    );
    await call.press('9');
    t.match(await hotline.record(supervisor, (found) => found.state === 'waiting'), { queue: 'english' });
    await call.hangUp();
    await hotline.record(supervisor, (found) => found.state === 'ended');
  });

  await t.test('in the queue: music goes on, the order stays', async (t) => {
    const first = hotline.exchange.call({ press: 'W1', listen: true });
    await first.answered;
    const ear = await first.startListening();
    const one = await hotline.record(supervisor, (found) => found.state === 'waiting');
    const second = hotline.exchange.call({ press: 'W1' });
    const two = await hotline.record(supervisor, (found) => found.state === 'waiting' && found.id !== one.id);
    await hotline.killServer();
    const killedAt = Date.now();
    const sound = await ear.heardSound({ since: killedAt + 1_000 });
    if (!t.ok(sound, 'music without a server')) {
      const levels = Array.from({ length: 14 }, (_, n) =>
        levelDb(ear.samples(killedAt - 4_000 + n * 500, killedAt - 3_500 + n * 500)).toFixed(0),
      );
      t.comment(levels.join(' '));
    }
    await hotline.startServer();
    await Promise.all([
      takenOver(two.id),
      hotline.record(supervisor, (found) => found.id === one.id && found.state === 'waiting', 1),
    ]);
    t.equal((await hotline.record(supervisor, (found) => found.id === two.id)).queuedAt, two.queuedAt);
    await until(
      'the agent is ready',
      async () => (await agent.api('PUT', '/api/seat', { state: 'ready' })).status === 200,
    );
    await hotline.record(supervisor, (found) => found.id === one.id && found.state === 'talking', 1);
    t.pass('the first in line comes first');
    await Promise.all([first.hangUp(), second.hangUp()]);
    await hotline.record(supervisor, (found) => found.id === one.id && found.state === 'ended', 1);
  });

  await t.test('while the phone rings, and answered without a server', async (t) => {
    agent.phone.policy = { kind: 'answer', afterMs: 1_500, toneHz: agentHz };
    await until(
      'the agent is ready',
      async () => (await agent.api('PUT', '/api/seat', { state: 'ready' })).status === 200,
    );
    const call = hotline.exchange.call({ press: 'W1', listen: true });
    const { id } = await hotline.record(supervisor, (found) => found.state === 'offered');
    await hotline.killServer();
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    await hotline.startServer();
    t.ok(await call.heard(agentHz), 'joined by the fresh server');
    t.match(await hotline.record(supervisor, (found) => found.state === 'talking'), {
      id,
      offerCount: 1,
      seat: agent.seat,
    });
    await call.hangUp();
    await hotline.record(supervisor, (found) => found.state === 'ended');
  });

  await t.test('a console that reconnects misses nothing', async (t) => {
    const last = Math.max(...live.messages.map(({ seq }) => seq));
    const back = await hotline.live(supervisor, last);
    const ended = await back.next('call.ended', ({ seq }) => seq > last);
    t.ok(ended, 'what happened meanwhile is told');
    t.same(
      [...back.messages.map(({ seq }) => seq)],
      [...back.messages.map(({ seq }) => seq)].sort((a, b) => a - b),
      'in order',
    );
  });

  await t.test(
    'new callers without a server hear the apology and reach a seat by the emergency queue (V21)',
    async (t) => {
      agent.phone.policy = { kind: 'answer', toneHz: agentHz };
      await hotline.killServer();
      const call = hotline.exchange.call({ listen: true });
      t.ok(await call.heard(agentHz, { withinMs: 25_000 }), 'a registered seat answers');
      await call.hangUp();
      await hotline.startServer();
      const record = await hotline.record(supervisor, (found) => found.endedDuring === 'emergency');
      t.match(record, { seat: agent.seat, state: 'ended' });
      const wav = await fetch(`${hotline.url}/api/calls/${record.id}/recording`, {
        headers: { authorization: `Bearer ${supervisor.token}` },
      });
      t.equal(wav.status, 200, 'recorded too');
      await wav.body?.cancel();
    },
  );
});

t.test('Asterisk is killed', async (t) => {
  const hotline = await Hotline.start(t);
  const agent = await hotline.agent(0, { kind: 'answer' });
  const supervisor = await hotline.signIn(hotline.namesWith('supervisor')[0] ?? '');
  hotline.exchange.call({ press: 'W1' });
  await hotline.record(supervisor, (found) => found.state === 'talking');
  hotline.exchange.call({ press: 'W1' });
  await hotline.record(supervisor, (found) => found.state === 'waiting');
  await hotline.asterisk.kill('SIGKILL');
  const killedAt = Date.now();
  await hotline.asterisk.start();
  for (const index of [0, 1]) {
    const record = await hotline.record(supervisor, (found) => found.state === 'ended', index);
    t.match(record, { endedBy: 'asterisk', endCause: 'asteriskLost' });
  }
  await until(
    'the agent is ready',
    async () => (await agent.api('PUT', '/api/seat', { state: 'ready' })).status === 200,
  );
  await until(
    'the phone is reachable',
    async () => (await agent.api('GET', '/api/seat')).body.seat.phoneReachable,
    20_000,
  );
  const next = hotline.exchange.call({ press: 'W1' });
  await hotline.record(supervisor, (found) => found.state === 'talking');
  t.comment(`a new call talks ${Date.now() - killedAt} ms after Asterisk was killed`);
  t.ok(Date.now() - killedAt < 10_000, 'service is back within 10 s');
  await next.hangUp();
});
