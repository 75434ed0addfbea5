import fc from 'fast-check';
import t from 'tap';
import { bestCandidate, Matcher } from '../../src/queue/matcher.js';
import { type QueueSettings, queuesFor } from '../../src/queue/queue.js';

const call = (callId: string, waitingSince: number, queue = 'general', priority = 0) => ({
  callId,
  queue,
  priority,
  waitingSince,
});
const seat = (name: string, idleSince: number, queues = ['general']) => ({ seat: name, queues, idleSince });
const pairs = (matcher: Matcher, now = 1_000) => matcher.match(now).map((match) => `${match.callId}>${match.seat}`);

t.test('the longest idle seat gets the call', async (t) => {
  const matcher = new Matcher();
  matcher.addSeat(seat('1002', 300));
  matcher.addSeat(seat('1001', 200));
  matcher.addSeat(seat('1003', 100, ['english']));
  matcher.addCall(call('a', 500));
  t.same(pairs(matcher), ['a>1001'], 'idle longer, and serving the queue');
  t.same(pairs(matcher), [], 'nobody is matched twice');
});

t.test('a seat that comes free takes the highest priority, then the longest wait, over its queues', async (t) => {
  const matcher = new Matcher();
  matcher.addCall(call('late', 300));
  matcher.addCall(call('early', 100));
  matcher.addCall(call('other', 50, 'english'));
  matcher.addCall(call('vip', 400, 'general', 5));
  t.equal(matcher.ahead('late'), 2);
  for (const [index, expected] of ['vip', 'other', 'early', 'late'].entries()) {
    matcher.addSeat(seat('1001', 600 + index, ['general', 'english']));
    t.same(pairs(matcher), [`${expected}>1001`]);
  }
});

t.test('a queue tells its callers, the longest wait and free seats', async (t) => {
  const matcher = new Matcher();
  t.same(matcher.queue('general'), { waiting: 0, longestWaitingSince: null, freeSeats: 0 });
  matcher.addCall(call('a', 100));
  matcher.addCall(call('b', 50, 'general', -1));
  t.same(matcher.queue('general'), { waiting: 2, longestWaitingSince: 50, freeSeats: 0 });
  matcher.removeCall('b');
  matcher.addSeat(seat('1001', 1));
  matcher.removeSeat('1001');
  t.same(matcher.queue('general'), { waiting: 1, longestWaitingSince: 100, freeSeats: 0 });
});

t.test('a ledger row replays to the same choice', async (t) => {
  const matcher = new Matcher();
  for (let n = 0; n < 20; n += 1) matcher.addSeat(seat(`10${n + 10}`, (n * 7) % 20));
  matcher.addCall(call('a', 500));
  const [match] = matcher.match(1_000);
  t.ok(match);
  if (!match) return;
  t.equal(match.candidateCount, 20);
  t.equal(match.candidates.length, 5);
  t.equal(match.inputVersion, 21);
  t.equal(match.waitingCount, 1);
  t.equal(match.reason, 'longestIdle');
  t.equal(bestCandidate([...match.candidates].reverse()), match.seat, 'whatever the order in which they are read');
});

t.test('skills decide which queues an agent serves', async (t) => {
  const queue = (name: string, skill: QueueSettings['skill']): QueueSettings => ({
    name,
    labels: { zh: name, en: name },
    language: 'zh',
    skill,
    offerTimeoutMs: 1,
    wrapUpMs: 1,
    announceEveryMs: 1,
  });
  const queues = [queue('general', null), queue('english', { name: 'english', level: 3 })];
  t.same(queuesFor({}, queues), ['general']);
  t.same(queuesFor({ english: 2 }, queues), ['general']);
  t.same(queuesFor({ english: 3 }, queues), ['general', 'english']);
});

t.test('property: any order of comings and goings', async (t) => {
  const names = ['general', 'english', 'enterprise'];
  const action = fc.oneof(
    fc.record({ type: fc.constant('call' as const), id: fc.nat(30), queue: fc.nat(2), priority: fc.nat(2) }),
    fc.record({ type: fc.constant('gone' as const), id: fc.nat(30) }),
    fc.record({ type: fc.constant('seat' as const), id: fc.nat(10), queues: fc.subarray(names, { minLength: 1 }) }),
    fc.record({ type: fc.constant('away' as const), id: fc.nat(10) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const matcher = new Matcher();
      const waiting = new Map<string, ReturnType<typeof call>>();
      const free = new Map<string, string[]>();
      for (const [now, act] of actions.entries()) {
        if (act.type === 'call') {
          const coming = call(`c${act.id}`, now, names[act.queue], act.priority);
          waiting.set(coming.callId, coming);
          matcher.addCall(coming);
        } else if (act.type === 'gone') {
          waiting.delete(`c${act.id}`);
          matcher.removeCall(`c${act.id}`);
        } else if (act.type === 'seat') {
          free.set(`s${act.id}`, act.queues);
          matcher.addSeat(seat(`s${act.id}`, now, act.queues));
        } else {
          free.delete(`s${act.id}`);
          matcher.removeSeat(`s${act.id}`);
        }
        for (const match of matcher.match(now)) {
          const matched = waiting.get(match.callId);
          if (!matched || !free.get(match.seat)?.includes(matched.queue)) return false;
          const before = [...waiting.values()].filter(
            (other) =>
              other.queue === matched.queue &&
              (other.priority > matched.priority ||
                (other.priority === matched.priority && other.waitingSince < matched.waitingSince)),
          );
          if (before.length > 0) return false;
          waiting.delete(match.callId);
          free.delete(match.seat);
        }
        for (const { queue } of waiting.values()) {
          if ([...free.values()].some((queues) => queues.includes(queue))) return false;
        }
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
  t.pass('only real callers and free seats, in turn, and never a caller beside a fitting free seat');
});
