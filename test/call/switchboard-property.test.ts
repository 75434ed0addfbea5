import fc from 'fast-check';
import t from 'tap';
import { Model } from './model.js';
import { testSettings } from './settings.js';

/**
 * Thousands of random stories: citizens come, press and go, phones answer, refuse or stay silent, agents come and go, the
 * connection, the server and Asterisk are lost, all in any order. Whatever happens, no call is lost, none has two agents, no
 * seat has two calls.
 */
const actions = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const) }) },
    { weight: 25, arbitrary: fc.record({ do: fc.constant('tell' as const), pick: fc.nat(50) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('tellAll' as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('promptEnds' as const), pick: fc.nat(50) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('press' as const),
        pick: fc.nat(50),
        digit: fc.constantFrom('0', '1', '9', '7'),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('citizenHangsUp' as const), pick: fc.nat(50) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('answer' as const), pick: fc.nat(50) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('legDrops' as const),
        pick: fc.nat(50),
        cause: fc.constantFrom(16, 17, 19, 20, 21, 44),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 5_000, 22_000, 40_000) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('seat' as const),
        seat: fc.nat(3),
        to: fc.constantFrom('ready' as const, 'ready' as const, 'offline' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('phone' as const), seat: fc.nat(3), reachable: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('lose' as const),
        what: fc.constantFrom('connection', 'server', 'serverFromCheckpoint', 'asterisk'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const) }) },
  ),
  { minLength: 40, maxLength: 200, size: 'max' },
);
type Action = typeof actions extends fc.Arbitrary<(infer A)[]> ? A : never;

function seats(model: Model): string[] {
  const names = ['1001', '1002', '1003', '1004'];
  for (const [index, seat] of names.entries()) {
    const queues = index === 3 ? ['general', 'english'] : ['general', 'enterprise'];
    model.input({ type: 'seatTaken', seat, agentId: `agent-${seat}`, agentName: seat, queues });
    model.setPhone(seat, true);
    model.input({ type: 'seatMoved', seat, to: 'ready', by: 'agent' });
  }
  return names;
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)];
}

function run(model: Model, action: Action, names: readonly string[]): void {
  const channels = [...model.channels.values()].map((channel) => channel);
  const ids = (kind: 'citizen' | 'leg') =>
    channels.filter((c) => c.kind === kind && !c.gone).map((c) => c.view.channelId);
  switch (action.do) {
    case 'arrive':
      if (model.connected) model.arrive();
      return;
    case 'tell':
      model.tell(
        pick(
          channels.map((c) => c.view.channelId),
          action.pick,
        ) ?? '',
      );
      return;
    case 'tellAll':
      return model.tellAll();
    case 'promptEnds':
      return model.promptEnds(pick(ids('citizen'), action.pick) ?? '');
    case 'press':
      return model.press(pick(ids('citizen'), action.pick) ?? '', action.digit);
    case 'citizenHangsUp':
      return model.drop(pick(ids('citizen'), action.pick) ?? '');
    case 'answer':
      return model.answer(pick(ids('leg'), action.pick) ?? '');
    case 'legDrops':
      return model.drop(pick(ids('leg'), action.pick) ?? '', action.cause);
    case 'pass':
      return model.pass(action.ms);
    case 'seat':
      model.input({ type: 'seatMoved', seat: names[action.seat] ?? '', to: action.to, by: 'agent' });
      return;
    case 'phone':
      return model.setPhone(names[action.seat] ?? '', action.reachable);
    case 'lose':
      if (action.what === 'connection') model.disconnect();
      else if (action.what === 'asterisk') model.killAsterisk();
      else model.killServer(action.what === 'serverFromCheckpoint');
      return;
    case 'connect':
      if (!model.connected) model.connect();
      return;
  }
}

/** What must be true after every step. */
function broken(model: Model): string | null {
  const { board } = model;
  const holders = new Map<string, string>();
  for (const call of board.calls.values()) {
    if ((call.state === 'offered') !== (call.offer !== null)) return `${call.state} with offer ${call.offer !== null}`;
    if ((call.state === 'talking') !== (call.talk !== null)) return `${call.state} with talk ${call.talk !== null}`;
    const seat = call.offer?.seat ?? call.talk?.seat;
    if (!seat) continue;
    if (holders.has(seat)) return `seat ${seat} has two calls`;
    holders.set(seat, call.callId);
    const state = board.seats.get(seat)?.state;
    if (state !== (call.offer ? 'offered' : 'talking')) return `seat of a call that is ${call.state} is ${state}`;
  }
  for (const seat of board.seats.values()) {
    const busy = seat.state === 'offered' || seat.state === 'talking';
    if (busy && holders.get(seat.seat) !== seat.callId) return `seat ${seat.seat} is ${seat.state} without its call`;
    if (busy && !seat.callId) return `seat ${seat.seat} is ${seat.state} on no call`;
  }
  for (const members of model.bridges.values()) if (members.size > 2) return 'three in one bridge';
  const free = [...board.seats.values()].filter((seat) => seat.state === 'ready' && board.phones.has(seat.seat));
  for (const call of board.calls.values()) {
    const fits = free.some((seat) => call.queue && seat.queues.includes(call.queue.name));
    if (board.online && call.state === 'waiting' && fits) return 'a caller waits beside a fitting free seat';
  }
  return null;
}

/** What must be true once everyone has hung up and everything was told. */
function lost(model: Model): string | null {
  if (!model.connected) model.connect();
  for (const channel of [...model.channels.values()])
    if (channel.kind === 'citizen') model.drop(channel.view.channelId);
  model.tellAll();
  model.disconnect();
  model.connect();
  model.tellAll();
  if (model.board.calls.size > 0) return 'a call is still open';
  if ([...model.channels.values()].some((channel) => channel.kind === 'leg' && !channel.gone))
    return 'a leg rings or talks to nobody';
  if (model.bridges.size > 0) return 'a bridge is left';
  const count = (type: string) => {
    const counts = new Map<string, number>();
    for (const fact of model.facts) {
      if (fact.type === type && 'callId' in fact.data)
        counts.set(String(fact.data.callId), (counts.get(String(fact.data.callId)) ?? 0) + 1);
    }
    return counts;
  };
  const arrived = count('call.arrived');
  const ended = count('call.ended');
  for (const [callId, times] of arrived)
    if (times !== 1 || ended.get(callId) !== 1) return `a call arrived ${times} and ended ${ended.get(callId)} times`;
  if (ended.size !== arrived.size) return 'a call ended that never arrived';
  for (const [, times] of count('call.answered')) if (times > 1) return 'a call had two agents';
  if (model.board.channels.size > 0) return 'channels of ended calls are still looked up';
  const busy = [...model.board.seats.values()].filter((seat) => seat.state === 'offered' || seat.state === 'talking');
  return busy.length > 0 ? 'a seat is busy without a call' : null;
}

t.test('no call is lost, none has two agents, no seat has two calls', async (t) => {
  const answered = { calls: 0, stories: 0 };
  fc.assert(
    fc.property(actions, (story) => {
      const model = new Model(testSettings());
      const names = seats(model);
      for (const action of story) {
        run(model, action, names);
        const wrong = broken(model);
        if (wrong) throw new Error(`after ${JSON.stringify(action)}: ${wrong}`);
      }
      const end = lost(model);
      if (end) throw new Error(end);
      answered.calls += model.facts.filter((fact) => fact.type === 'call.answered').length;
      answered.stories += 1;
    }),
    { numRuns: 3_000, includeErrorInReport: true },
  );
  t.ok(
    answered.calls > answered.stories / 4,
    `the stories reach talking: ${answered.calls} answers in ${answered.stories} stories`,
  );
});
