import t from 'tap';
import { Model } from './model.js';
import { testSettings } from './settings.js';

/** A model with seats that are ready, longest idle first. */
function withSeats(seats: string[], settings = testSettings()): Model {
  const model = new Model(settings);
  for (const seat of seats) {
    model.input({
      type: 'seatTaken',
      seat,
      agentId: `agent-${seat}`,
      agentName: seat,
      queues: ['general', 'english', 'enterprise'],
    });
    model.setPhone(seat, true);
    model.input({ type: 'seatMoved', seat, to: 'ready', by: 'agent' });
    model.now += 10;
  }
  return model;
}

function arriveAndPress(model: Model, digit: string): string {
  const channel = model.arrive();
  model.tellAll();
  model.press(channel, digit);
  model.tellAll();
  return channel;
}

const callOf = (model: Model, channel: string) => model.board.calls.get(model.board.channels.get(channel) ?? '');
const legOf = (model: Model, channel: string) =>
  callOf(model, channel)?.offer?.legId ?? callOf(model, channel)?.talk?.legId ?? '';
const types = (model: Model) =>
  model.facts.map((fact) => fact.type).filter((type) => type.startsWith('call.') || type === 'queue.routed');
const factOf = (model: Model, type: string) => model.facts.filter((fact) => fact.type === type).at(-1)?.data;
const seatState = (model: Model, seat: string) => model.board.seats.get(seat)?.state;
const actTypes = (model: Model, from = 0) => model.acts.slice(from).map((act) => act.type);

t.test('a citizen presses 1, an agent answers, the citizen hangs up', async (t) => {
  const model = withSeats(['1001']);
  const channel = arriveAndPress(model, '1');
  t.same(actTypes(model), ['answer', 'play', 'stopPlaying', 'ring', 'prepareBridge', 'startMusic']);
  t.equal(seatState(model, '1001'), 'offered');
  model.now += 2_500;
  model.answer(legOf(model, channel));
  model.tellAll();
  t.equal(callOf(model, channel)?.state, 'talking');
  t.match(factOf(model, 'call.answered'), { seat: '1001', queue: 'general', waitMs: 2_500, ringMs: 2_500 });
  const before = model.acts.length;
  model.now += 60_000;
  model.drop(channel);
  model.tellAll();
  t.same(actTypes(model, before), ['hangUp', 'destroyBridge']);
  t.equal(seatState(model, '1001'), 'wrapUp');
  t.match(factOf(model, 'call.ended'), {
    by: 'citizen',
    cause: 'hungUp',
    during: 'talking',
    waitMs: 2_500,
    talkMs: 60_000,
    agentId: 'agent-1001',
  });
  t.match(factOf(model, 'call.released'), { q850: 16 });
  model.pass(30_000);
  t.equal(seatState(model, '1001'), 'ready', 'wrap-up ends by itself');
  t.same(types(model), [
    'call.arrived',
    'call.menuStepped',
    'call.menuStepped',
    'call.menuStepped',
    'call.queued',
    'queue.routed',
    'call.offered',
    'call.answered',
    'call.released',
    'call.ended',
  ]);
});

t.test('the pop is written before the phone is rung, in the same decision', async (t) => {
  const model = withSeats(['1001']);
  const channel = model.arrive();
  model.tellAll();
  model.press(channel, '1');
  const decision = model.input({
    type: 'telephony',
    event: { type: 'digitPressed', at: model.now, channelId: channel, digit: '1' },
  });
  t.ok(decision.facts.some((fact) => fact.type === 'call.offered'));
  t.ok(decision.acts.some((act) => act.type === 'ring'));
});

t.test(
  'nothing pressed goes to a person; nobody free: place in line, music, and the place again in time',
  async (t) => {
    const model = new Model(testSettings());
    const first = model.arrive();
    model.tellAll();
    model.promptEnds(first);
    model.tellAll();
    model.pass(3_000);
    t.equal(callOf(model, first)?.state, 'waiting');
    model.now += 1;
    const channel = arriveAndPress(model, '1');
    t.match(factOf(model, 'call.positionSpoken'), { ahead: 1 });
    const before = model.acts.length;
    model.promptEnds(channel);
    model.tellAll();
    t.same(actTypes(model, before), ['startMusic']);
    model.pass(30_000);
    t.match(model.acts.slice(-1), [{ type: 'play' }], 'told again');
    model.drop(channel);
    model.tellAll();
    t.match(factOf(model, 'call.ended'), { during: 'waiting', by: 'citizen', talkMs: null });
    t.match(model.facts.filter((fact) => fact.type === 'queue.changed').at(-1)?.data, { queue: 'general', waiting: 1 });
  },
);

t.test('no answer, busy and rejected: the next seat is tried, the missing one is told why', async (t) => {
  for (const [cause, reason] of [
    [19, 'noAnswer'],
    [17, 'busy'],
    [21, 'rejected'],
    [20, 'unreachable'],
  ] as const) {
    const model = withSeats(['1001', '1002']);
    const channel = arriveAndPress(model, '1');
    const leg = legOf(model, channel);
    model.drop(leg, cause);
    model.tellAll();
    t.match(model.board.seats.get('1001'), { state: 'notResponding', reason });
    t.match(callOf(model, channel), { state: 'offered', offer: { seat: '1002', number: 2 } });
    t.not(legOf(model, channel), leg);
  }
  const model = withSeats(['1001', '1002']);
  const channel = arriveAndPress(model, '1');
  model.pass(22_000);
  t.match(
    model.board.seats.get('1001'),
    { state: 'notResponding', reason: 'noAnswer' },
    'also when Asterisk is silent',
  );
  t.match(callOf(model, channel), { offer: { seat: '1002' } });
});

t.test('a phone that cannot be rung is unreachable at once', async (t) => {
  const model = withSeats(['1001', '1002']);
  model.phones.delete('1001');
  const channel = arriveAndPress(model, '1');
  t.match(model.board.seats.get('1001'), { state: 'notResponding', reason: 'unreachable' });
  t.match(callOf(model, channel), { offer: { seat: '1002' } });
});

t.test('the caller is gone while the phone rings: the seat is ready again and keeps its idle time', async (t) => {
  const model = withSeats(['1001']);
  const idleSince = model.board.seats.get('1001')?.idleSince;
  const channel = arriveAndPress(model, '1');
  model.drop(channel);
  model.tellAll();
  t.match(model.board.seats.get('1001'), { state: 'ready', idleSince });
  t.match(factOf(model, 'call.offerEnded'), { reason: 'callerGone' });
  t.match(factOf(model, 'call.ended'), { during: 'offered', by: 'citizen' });
  t.equal(model.channels.size, 0, 'the leg was hung up');
});

t.test('answered in the moment the caller goes: the leg that nobody waits for is hung up', async (t) => {
  const model = withSeats(['1001']);
  const channel = arriveAndPress(model, '1');
  const leg = legOf(model, channel);
  const view = model.channels.get(leg)?.view;
  model.drop(channel);
  model.tellAll();
  t.ok(view);
  if (!view) return;
  const late = { ...view, type: 'channelEntered', at: model.now, inApplication: true } as const;
  const decision = model.input({ type: 'telephony', event: late });
  t.match(decision.acts, [{ type: 'hangUp', channelId: leg }]);
  t.equal(seatState(model, '1001'), 'ready');
});

t.test('two callers and one agent; one caller and two agents: never two offers', async (t) => {
  const one = withSeats(['1001']);
  const first = arriveAndPress(one, '1');
  one.now += 1;
  const second = arriveAndPress(one, '1');
  t.equal(callOf(one, first)?.state, 'offered');
  t.equal(callOf(one, second)?.state, 'waiting');
  const two = withSeats(['1001', '1002']);
  arriveAndPress(two, '1');
  t.equal(two.acts.filter((act) => act.type === 'ring').length, 1);
  t.equal(seatState(two, '1002'), 'ready');
});

t.test('the agent hangs up first', async (t) => {
  const model = withSeats(['1001']);
  const channel = arriveAndPress(model, '1');
  const leg = legOf(model, channel);
  model.answer(leg);
  model.tellAll();
  model.drop(leg);
  model.tellAll();
  t.match(factOf(model, 'call.ended'), { by: 'agent', cause: 'hungUp', during: 'talking' });
  t.equal(model.channels.size, 0, 'the citizen is hung up too');
  t.equal(seatState(model, '1001'), 'wrapUp');
});

t.test('the limits: an apology, and beyond twice the limit no answer (V25)', async (t) => {
  const model = new Model(testSettings({ admission: { newCallsPerSecond: 2, openCalls: 100 } }));
  for (let n = 0; n < 6; n += 1) model.arrive();
  model.tellAll();
  const plays = model.acts.flatMap((act) => (act.type === 'play' ? [act.prompts[0]] : []));
  t.same(plays, ['greeting', 'greeting', 'overload', 'overload']);
  t.equal(model.acts.filter((act) => act.type === 'hangUp' && act.reason === 'congestion').length, 2);
  t.equal(model.board.calls.size, 4);
  for (const call of [...model.board.calls.values()]) model.promptEnds(call.channelId);
  model.tellAll();
  t.equal(model.facts.filter((fact) => fact.type === 'call.ended' && fact.data.cause === 'tooManyCalls').length, 4);
  t.equal(model.board.calls.size, 2, 'those in the menu stay');

  const full = new Model(testSettings({ admission: { newCallsPerSecond: 100, openCalls: 1 } }));
  full.arrive();
  full.arrive();
  full.tellAll();
  t.equal(full.facts.filter((fact) => fact.type === 'call.refused').length, 1, 'too many at once');
  full.input({ type: 'draining' });
});

t.test('a server that is asked to end takes no new calls', async (t) => {
  const model = withSeats(['1001']);
  model.input({ type: 'draining' });
  model.arrive();
  model.tellAll();
  t.match(factOf(model, 'call.refused'), { cause: 'draining' });
});

t.test('killed in each state: the fresh server goes on', async (t) => {
  const model = withSeats(['1001']);
  const menu = model.arrive();
  model.tellAll();
  model.killServer(false);
  t.equal(callOf(model, menu)?.state, 'menu');
  t.match(model.acts.at(-1), { type: 'play', prompts: ['greeting'] }, 'the node is played again');

  model.press(menu, '1');
  model.tellAll();
  const leg = legOf(model, menu);
  model.now += 1_000;
  const second = arriveAndPress(model, '1');
  const since = callOf(model, second)?.queue?.since;
  model.killServer(false);
  t.match(callOf(model, menu), { state: 'offered', offer: { legId: leg } }, 'the phone that rings is left alone');
  t.equal(callOf(model, second)?.queue?.since, since, 'the waiting caller keeps the time of joining');
  t.match(factOf(model, 'call.takenOver'), {});

  model.disconnect();
  model.answer(leg);
  model.killServer(true);
  t.equal(callOf(model, menu)?.state, 'talking', 'answered while no server ran');
  t.equal([...model.bridges.values()][0]?.size, 2);
  const before = model.acts.length;
  model.killServer(false);
  t.same(actTypes(model, before), ['startMusic'], 'who talks is not touched; who waits hears music');

  model.disconnect();
  model.drop(menu);
  model.killServer(false);
  t.match(factOf(model, 'call.ended'), { by: 'unknown', cause: 'endedWhileAway' });
  t.equal(seatState(model, '1001'), 'wrapUp');
});

t.test('Asterisk is killed: calls end with that cause, the seats are free again', async (t) => {
  const model = withSeats(['1001', '1002']);
  const talking = arriveAndPress(model, '1');
  model.answer(legOf(model, talking));
  model.tellAll();
  arriveAndPress(model, '1');
  model.killAsterisk();
  const ends = model.facts.filter((fact) => fact.type === 'call.ended');
  t.equal(ends.length, 2);
  for (const end of ends) t.match(end.data, { by: 'asterisk', cause: 'asteriskLost' });
  t.equal(seatState(model, '1001'), 'wrapUp');
  t.equal(seatState(model, '1002'), 'ready');
});

t.test('a caller whom the supervisor moved to the emergency queue is closed as such', async (t) => {
  const model = new Model(testSettings());
  const channel = arriveAndPress(model, '1');
  model.disconnect();
  const moved = model.channels.get(channel);
  if (moved) moved.view = { ...moved.view, inApplication: false };
  model.killServer(false);
  t.match(factOf(model, 'call.ended'), { cause: 'movedToEmergency', during: 'waiting' });
});
