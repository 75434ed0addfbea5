import fc from 'fast-check';
import t from 'tap';
import { bridgeIdOf, callIdOf, callOfBridge, callOfLeg, legIdOf } from '../../src/call/call-id.js';

t.test('a channel always gives the same call id, a UUIDv7 of its time', async (t) => {
  const at = Date.UTC(2026, 10, 21);
  const id = callIdOf('hotline-1763683200.12', at);
  t.equal(callIdOf('hotline-1763683200.12', at), id);
  t.not(callIdOf('hotline-1763683200.13', at), id);
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(Number.parseInt(id.replace('-', '').slice(0, 12), 16), at);
});

t.test('legs and bridges name their call, and nothing else does', async (t) => {
  fc.assert(
    fc.property(fc.string(), fc.nat(2 ** 41), fc.nat(99), (channel, at, n) => {
      const id = callIdOf(channel, at);
      return callOfLeg(legIdOf(id, n)) === id && callOfBridge(bridgeIdOf(id)) === id && callOfLeg(id) === null;
    }),
  );
  for (const other of ['', 'call-', 'hotline-1763683200.12', 'call-123', '123.4']) {
    t.equal(callOfLeg(other), null);
    t.equal(callOfBridge(other), null);
  }
});
