import t from 'tap';
import {
  moveSeat,
  type Seat,
  type SeatMove,
  type SeatState,
  seatStates,
  statesAllowing,
  takeSeat,
} from '../../src/seat/seat.js';

const taken = takeSeat('1001', { agentId: 'a1', agentName: '张三', queues: ['general'] }, 1_000);
const inState = (state: SeatState): Seat => ({ ...taken, state, callId: state === 'offline' ? null : 'c1' });
const moves: SeatMove[] = [
  { type: 'ready', by: 'agent' },
  { type: 'offline', by: 'agent' },
  { type: 'offer', callId: 'c2' },
  { type: 'withdraw' },
  { type: 'miss', reason: 'busy' },
  { type: 'answer' },
  { type: 'callEnd', wrapUpMs: 30_000 },
  { type: 'wake' },
];
/** State → move → state; what is not named is refused. */
const expected: Record<SeatState, Record<string, SeatState>> = {
  offline: { ready: 'ready' },
  ready: { offline: 'offline', offer: 'offered' },
  offered: { withdraw: 'ready', miss: 'notResponding', answer: 'talking' },
  talking: { callEnd: 'wrapUp' },
  wrapUp: { ready: 'ready', offline: 'offline', wake: 'ready' },
  notResponding: { ready: 'ready', offline: 'offline' },
};

t.test('every move in every state', async (t) => {
  for (const state of seatStates) {
    for (const move of moves) {
      const to = expected[state][move.type] ?? null;
      t.equal(moveSeat(inState(state), move, 5_000)?.state ?? null, to, `${state} + ${move.type} → ${to ?? 'refused'}`);
    }
  }
  t.same(statesAllowing('ready'), ['offline', 'wrapUp', 'notResponding']);
});

t.test('a seat keeps what people need to know', async (t) => {
  const ready = moveSeat(taken, { type: 'ready', by: 'agent' }, 2_000);
  const offered = ready && moveSeat(ready, { type: 'offer', callId: 'c1' }, 3_000);
  const withdrawn = offered && moveSeat(offered, { type: 'withdraw' }, 4_000);
  t.match(
    withdrawn,
    { state: 'ready', idleSince: 2_000, since: 4_000, callId: null },
    'a withdrawn offer keeps the idle time',
  );
  const missed = offered && moveSeat(offered, { type: 'miss', reason: 'rejected' }, 4_000);
  t.match(missed, { state: 'notResponding', reason: 'rejected' }, 'the seat is told why');
  const talking = offered && moveSeat(offered, { type: 'answer' }, 4_000);
  const wrapUp = talking && moveSeat(talking, { type: 'callEnd', wrapUpMs: 30_000 }, 9_000);
  t.match(wrapUp, { state: 'wrapUp', callId: 'c1', wakeAt: 39_000 });
  t.match(wrapUp && moveSeat(wrapUp, { type: 'wake' }, 39_000), {
    state: 'ready',
    idleSince: 39_000,
    wakeAt: null,
    callId: null,
  });
  t.match(talking && moveSeat(talking, { type: 'callEnd', wrapUpMs: 0 }, 9_000), {
    state: 'ready',
    idleSince: 9_000,
    wakeAt: null,
  });
});
