/** The call path through a real Asterisk and a real PostgreSQL: V1, V4, V10, V11, V12, V15, V19, W1. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { hasTone, readWav, slice, toneShare } from '../support/audio.js';
import { Hotline, until } from '../support/hotline.js';

const citizenHz = 440;
const agentHz = 1_000;

t.test('the whole path', async (t) => {
  const hotline = await Hotline.start(t);
  const agent = await hotline.agent(0, { kind: 'answer', afterMs: 500, toneHz: agentHz, listen: true });
  const call = hotline.exchange.call({ from: '13800000001', press: 'W1', toneHz: citizenHz, listen: true });
  const pop = await agent.live.next('call.offered');
  t.match(pop.data, {
    seat: agent.seat,
    pop: {
      callerNumber: '+8613800000001',
      callerDisplay: '138 0000 0001',
      dialled: '12345',
      queue: 'general',
      menuPath: [{ digit: null }, { digit: '1' }, {}],
      history: { complete: true, calls: [], tickets: [] },
    },
  });
  const ring = await agent.phone.nextCall();
  t.equal(ring.from, '13800000001', 'the phone shows who calls');
  const popAt = Date.parse(pop.at);
  t.ok(popAt <= ring.invitedAt, `the pop was stamped ${ring.invitedAt - popAt} ms before the INVITE reached the phone`);
  t.ok(await call.heard(agentHz), 'the citizen hears the agent');
  t.ok(await ring.heard(citizenHz), 'the agent hears the citizen');
  await agent.live.next('call.answered');
  await agent.live.next('seat.changed', (message) => message.data.state === 'talking');

  const ticket = await agent.api('POST', '/api/tickets', {
    callId: pop.data.callId,
    type: 'consultation',
    title: '测试事项',
    text: '路灯不亮',
  });
  t.equal(ticket.status, 201);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await call.hangUp();
  t.match(await agent.live.next('call.ended'), { data: { by: 'citizen', cause: 'hungUp' } });
  t.equal((await ring.ended).byUs, false, 'the agent’s phone is hung up');
  const wrapUp = await agent.live.next('seat.changed', (message) => message.data.state === 'wrapUp');
  t.ok(wrapUp.data.wakeAt, 'wrap-up has an end');
  const ready = await agent.api('PUT', '/api/seat', { state: 'ready' });
  t.equal(ready.body.seat.state, 'ready', 'and the agent may end it sooner');

  const record = await hotline.record(agent.api, (found) => found.state === 'ended' && found.q850 !== null);
  t.match(record, {
    id: pop.data.callId,
    queue: 'general',
    seat: agent.seat,
    endedBy: 'citizen',
    endCause: 'hungUp',
    endedDuring: 'talking',
    q850: 16,
    tickets: [{ id: ticket.body.ticketId }],
  });
  const types = record.timeline.map((entry: { type: string }) => entry.type);
  for (const type of [
    'call.arrived',
    'call.menuStepped',
    'call.queued',
    'queue.routed',
    'call.offered',
    'call.seatRang',
    'call.answered',
    'call.ended',
  ]) {
    t.ok(types.includes(type), `the timeline has ${type}`);
  }

  const wav = await fetch(`${hotline.url}/api/calls/${record.id}/recording`, {
    headers: { authorization: `Bearer ${agent.api.token}` },
  });
  t.equal(wav.headers.get('content-type'), 'audio/wav');
  const { rate, channels } = readWav(Buffer.from(await wav.arrayBuffer()));
  const [citizen, seat] = channels;
  t.equal(rate, 8_000);
  t.ok(citizen && seat && channels.length === 2, 'two channels');
  if (!citizen || !seat) return;
  const seconds = citizen.length / rate;
  const arrived = Date.parse(record.arrivedAt);
  const ended = Date.parse(record.endedAt);
  t.ok(Math.abs(seconds - (ended - arrived) / 1_000) < 1, `the recording has the whole call: ${seconds} s`);
  const lastSecond = (seconds - 1.2) * 1_000;
  const left = slice(citizen, rate, lastSecond, lastSecond + 1_000);
  const right = slice(seat, rate, lastSecond, lastSecond + 1_000);
  t.ok(hasTone(left, rate, citizenHz), 'citizen left');
  t.ok(toneShare(left, rate, agentHz) < 0.05, 'and not the agent');
  t.ok(hasTone(right, rate, agentHz), 'agent right');
  t.ok(toneShare(right, rate, citizenHz) < 0.05, 'and not the citizen');
  const part = await fetch(`${hotline.url}/api/calls/${record.id}/recording`, {
    headers: { authorization: `Bearer ${agent.api.token}`, range: 'bytes=0-43' },
  });
  t.equal(part.status, 206);
  t.equal((await part.arrayBuffer()).byteLength, 44);

  const again = hotline.exchange.call({ from: '13800000001', press: 'W2' });
  const second = await agent.live.next('call.offered', (message) => message.seq > pop.seq);
  t.match(second.data.pop, {
    queue: 'enterprise',
    history: { calls: [{ callId: pop.data.callId, answered: true }], tickets: [{ ticketId: ticket.body.ticketId }] },
  });
  await again.hangUp();
});

t.test('offers that fail and callers who go', async (t) => {
  const hotline = await Hotline.start(t);
  const first = await hotline.agent(0, { kind: 'busy' });
  const second = await hotline.agent(1, { kind: 'reject' });
  const third = await hotline.agent(2, { kind: 'answer', afterMs: 200 });
  const supervisor = await hotline.signIn(hotline.namesWith('supervisor')[0] ?? '');

  const call = hotline.exchange.call({ press: 'W1', listen: true });
  await third.live.next('call.answered');
  t.match(await first.live.next('seat.changed', (message) => message.data.state === 'notResponding'), {
    data: { reason: 'busy' },
  });
  t.match(await second.live.next('seat.changed', (message) => message.data.state === 'notResponding'), {
    data: { reason: 'rejected' },
  });
  t.equal(first.live.messages.filter(({ type }) => type === 'call.offered').length, 1);
  t.notOk(
    third.live.messages.some((message) => message.type === 'seat.changed' && message.data.seat !== third.seat),
    'an agent is told of the own seat only',
  );
  const [callId] = third.live.messages.filter(({ type }) => type === 'call.offered').map(({ data }) => data.callId);
  t.notOk(
    first.live.messages.some((message) => message.type === 'call.offered' && message.data.seat !== first.seat),
    'a pop goes to the offered agent only',
  );
  await call.hangUp();
  await third.live.next('call.ended');
  t.equal(
    (await first.api('GET', `/api/calls/${callId}`)).status,
    403,
    'not the call of an agent who did not answer it',
  );
  t.equal((await supervisor('GET', `/api/calls/${callId}`)).status, 200);

  await t.test('in the menu, in the queue, while the phone rings', async (t) => {
    const inMenu = hotline.exchange.call({ talkMs: 800 });
    await inMenu.ended;
    t.match(await hotline.record(supervisor, (found) => found.state === 'ended'), {
      endedDuring: 'menu',
      endedBy: 'citizen',
      queue: null,
    });
    const inQueue = hotline.exchange.call({ press: 'W1', listen: true });
    await inQueue.answered;
    await hotline.record(supervisor, (found) => found.state === 'waiting');
    const ear = await inQueue.startListening();
    t.ok(await ear.heardSound(), 'who waits hears something');
    await inQueue.hangUp();
    t.match(await hotline.record(supervisor, (found) => found.state === 'ended'), {
      endedDuring: 'waiting',
      queue: 'general',
    });

    third.phone.policy = { kind: 'ring' };
    await third.api('PUT', '/api/seat', { state: 'ready' });
    const ringing = hotline.exchange.call({ press: 'W1' });
    const leg = await third.phone.nextCall().then(() => third.phone.nextCall());
    await ringing.hangUp();
    t.equal((await leg.ended).byUs, false, 'the phone stops ringing');
    t.match(await hotline.record(supervisor, (found) => found.state === 'ended'), { endedDuring: 'offered' });
    await until(
      'the seat is ready again',
      async () => (await third.api('GET', '/api/seat')).body.seat.state === 'ready',
    );
  });

  await t.test('no answer: the next seat is tried', async (t) => {
    await third.api('PUT', '/api/seat', { state: 'ready' });
    first.phone.policy = { kind: 'answer' };
    const calling = hotline.exchange.call({ press: 'W1' });
    await third.live.next('call.offered', ({ data }) => data.callId !== callId);
    await first.api('PUT', '/api/seat', { state: 'ready' });
    t.match(
      await until(
        'not responding',
        async () => {
          const { seat } = (await third.api('GET', '/api/seat')).body;
          return seat.state === 'notResponding' && seat;
        },
        30_000,
      ),
      { reason: 'noAnswer' },
    );
    await until('the next seat talks', async () => (await first.api('GET', '/api/seat')).body.seat.state === 'talking');
    await calling.hangUp();
  });

  await t.test('two callers, one agent', async (t) => {
    await until('first is free', async () => (await first.api('PUT', '/api/seat', { state: 'ready' })).status === 200);
    await third.api('PUT', '/api/seat', { state: 'offline' });
    const before = first.phone.calls.length;
    const one = hotline.exchange.call({ press: 'W1' });
    const two = hotline.exchange.call({ press: 'W1' });
    await until('both are in', async () => {
      const { items } = (await supervisor('GET', '/api/calls?limit=2')).body;
      return (
        items
          .map(({ state }: { state: string }) => state)
          .sort()
          .join() === 'talking,waiting'
      );
    });
    t.equal(first.phone.calls.length, before + 1);
    await Promise.all([one.hangUp(), two.hangUp()]);
  });
});

t.test('a broken menu file changes nothing', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'menu.yaml');
  const good = (queue: string) =>
    ['name: test', 'start: go', 'nodes:', '  go:', '    kind: queue', `    queue: ${queue}`, ''].join('\n');
  await writeFile(file, good('enterprise'));
  const hotline = await Hotline.start(t, { MENU_FILE: file });
  const supervisor = await hotline.signIn(hotline.namesWith('supervisor')[0] ?? '');
  const queueOfNextCall = async () => {
    const call = hotline.exchange.call({});
    const record = await hotline.record(supervisor, (found) => found.state === 'waiting');
    await call.hangUp();
    await hotline.record(supervisor, (found) => found.id === record.id && found.state === 'ended');
    return record.queue;
  };
  t.equal(await queueOfNextCall(), 'enterprise');
  await writeFile(`${file}.new`, `${good('enterprise')}    prompts: nothing\n`);
  await rename(`${file}.new`, file);
  await until('the error is logged', async () => /menu\.yaml.*\b7\b/.test(hotline.log()));
  t.equal(await queueOfNextCall(), 'enterprise', 'the old one stays');
  await writeFile(file, good('english'));
  await until('the new one holds', async () => (await queueOfNextCall()) === 'english');
  t.pass('a good file goes live without a restart');
});
