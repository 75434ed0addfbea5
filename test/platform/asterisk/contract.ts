/**
 * What every `Telephony` must do, whoever stands behind it. The suite runs on the fake and on both adapters with a real
 * Asterisk, real SIP calls and real phones. Each test has calls of its own; all share one exchange.
 */
import type { Test } from 'tap';
import type {
  ChannelView,
  Telephony,
  TelephonyEvent,
  TelephonyListener,
  TelephonySnapshot,
} from '../../../src/platform/asterisk/port.js';
import { TelephonyError } from '../../../src/platform/asterisk/port.js';
import { until } from '../../support/until.js';

/** The far ends, and faults, as the suite needs them. */
export interface World {
  /** Not started. All stand before the same exchange and have the same application name. */
  telephony(): Telephony;
  /** A citizen dials; resolves with a handle for the line's far end. */
  call(number: string): Promise<string>;
  press(line: string, digit: string): Promise<unknown>;
  hangUp(line: string): Promise<unknown>;
  /** Whether the far end still has the line. */
  isLive(line: string): boolean;
  register(phone: string, password: string): Promise<unknown>;
  unregister(phone: string): Promise<unknown>;
  setManner(phone: string, manner: 'answer' | 'ring' | 'busy' | 'reject'): void;
  /** The phone that rings is answered, or hung up while it rings or talks. */
  answerPhone(phone: string): Promise<unknown>;
  hangUpPhone(phone: string): Promise<unknown>;
  /** A short sound that exists, and how to wait for its end. */
  readonly sound: string;
  letPlay(channelId: string): void;
  /** A sound that does not exist fails; a fake must be told. */
  letFail(channelId: string): void;
  /** Cuts the connection under the telephony; it can come back at once. */
  cut(telephony: Telephony): void;
  /** Kills the exchange with SIGKILL and starts it again. */
  restart(): Promise<void>;
  /** Both parties of a bridge hear each other. */
  proveAudio(test: Test, line: string, phone: string): Promise<void>;
  /** Extension of the context `from-trunk` … where `leave` may send a caller; the far end stays connected there. */
  readonly dialplan: { context: string; extension: string };
}

const because = (reason: TelephonyError['reason']) => ({ name: 'TelephonyError', reason });

/** Remembers all that a telephony tells, and lets tests wait for it. */
export class Observer implements TelephonyListener {
  readonly events: TelephonyEvent[] = [];
  readonly snapshots: TelephonySnapshot[] = [];
  readonly disconnections: string[] = [];
  replaced = false;

  onConnected(snapshot: TelephonySnapshot) {
    this.snapshots.push(snapshot);
  }
  onDisconnected(reason: string) {
    this.disconnections.push(reason);
  }
  onReplaced() {
    this.replaced = true;
  }
  onEvent(event: TelephonyEvent) {
    this.events.push(event);
  }

  connected = (times: number) => until(() => this.snapshots[times - 1] ?? null, `connection ${times}`, 15_000);

  /** The first event of the type that fits. */
  event<T extends TelephonyEvent['type']>(
    type: T,
    fits: (event: Extract<TelephonyEvent, { type: T }>) => boolean = () => true,
    withinMs = 5000,
  ): Promise<Extract<TelephonyEvent, { type: T }>> {
    const isIt = (event: TelephonyEvent): event is Extract<TelephonyEvent, { type: T }> =>
      event.type === type && fits(event as Extract<TelephonyEvent, { type: T }>);
    return until(() => this.events.find(isIt), `event ${type}`, withinMs);
  }
}

const phone = '1001';
const password = 'a-password-for-tests';
let lastNumber = 13800000000;
let lastId = 0;

export function contract(test: Test, world: World): void {
  test.test('keeps the contract', async (t) => {
    const observer = new Observer();
    const telephony = world.telephony();
    telephony.start(observer);
    t.teardown(() => telephony.stop());
    const first = await observer.connected(1);

    /** A citizen in our application. */
    async function arrive(): Promise<{ line: string; number: string; channel: ChannelView }> {
      lastNumber += 1;
      const number = String(lastNumber);
      const line = await world.call(number);
      const channel = await observer.event('channelEntered', (event) => event.callerNumber === number);
      return { line, number, channel };
    }
    const fresh = (what: string) => {
      lastId += 1;
      return `${what}-${process.pid}-${lastId}`;
    };
    const dial = (channelId: string, timeoutMs = 10_000, originatorChannelId?: string) =>
      telephony.dial({
        channelId,
        endpoint: `PJSIP/${phone}`,
        args: ['agent', channelId],
        callerNumber: '13800000000',
        timeoutMs,
        ...(originatorChannelId !== undefined && { originatorChannelId }),
      });

    await t.test('the first snapshot tells what the exchange is and holds', async (t) => {
      t.match(first.version, /^\d+\.\d+/);
      t.ok(first.startedAt > Date.UTC(2026, 0) && first.startedAt <= Date.now() + 1000);
      t.same(first.channels, []);
      t.same(first.bridges, []);
    });

    await t.test('a caller enters with words, numbers and times', async (t) => {
      const { line, number, channel } = await arrive();
      t.equal(channel.args[0], 'inbound');
      t.equal(channel.callerNumber, number);
      t.equal(channel.dialled, '12345');
      t.equal(channel.state, 'ringing');
      t.equal(channel.inApplication, true);
      t.ok(Math.abs(channel.createdAt - Date.now()) < 5000);
      t.equal(world.isLive(line), true);
      await telephony.answer(channel.channelId);
      await world.hangUp(line);
      const left = await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      t.ok(left.at >= channel.createdAt);
    });

    await t.test('media play one after the other under one id, and can be stopped', async (t) => {
      const { line, channel } = await arrive();
      const { channelId } = channel;
      await telephony.answer(channelId);
      const both = fresh('play');
      await telephony.play(channelId, both, [`sound:${world.sound}`, `sound:${world.sound}`]);
      world.letPlay(channelId);
      const finished = await observer.event('playbackFinished', ({ playbackId }) => playbackId === both);
      t.match(finished, { channelId, failed: false });

      const stopped = fresh('play');
      const next = fresh('play');
      await telephony.play(channelId, stopped, ['tone:ring']);
      await telephony.play(channelId, next, [`sound:${world.sound}`]);
      await telephony.stopPlayback(stopped);
      t.match(await observer.event('playbackFinished', ({ playbackId }) => playbackId === stopped), { failed: false });
      world.letPlay(channelId);
      await observer.event('playbackFinished', ({ playbackId }) => playbackId === next);
      const ids = observer.events.flatMap((event) => (event.type === 'playbackFinished' ? [event.playbackId] : []));
      t.same(
        ids.filter((id) => [both, stopped, next].includes(id)),
        [both, stopped, next],
        'once each, in order',
      );
      await t.rejects(telephony.stopPlayback(stopped), because('gone'));

      const missing = fresh('play');
      await telephony.play(channelId, missing, ['sound:no-such-sound']);
      world.letFail(channelId);
      t.match(await observer.event('playbackFinished', ({ playbackId }) => playbackId === missing), { failed: true });
      await world.hangUp(line);
      await observer.event('channelLeft', (event) => event.channelId === channelId);
    });

    await t.test('music, and a prompt over it', async (t) => {
      const { line, channel } = await arrive();
      await telephony.answer(channel.channelId);
      await telephony.startMusic(channel.channelId);
      const id = fresh('play');
      await telephony.play(channel.channelId, id, [`sound:${world.sound}`]);
      world.letPlay(channel.channelId);
      await observer.event('playbackFinished', ({ playbackId }) => playbackId === id);
      await telephony.stopMusic(channel.channelId);
      await telephony.stopMusic(channel.channelId);
      await world.hangUp(line);
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      t.pass();
    });

    await t.test('each digit is told once', async (t) => {
      const { line, channel } = await arrive();
      await telephony.answer(channel.channelId);
      for (const digit of ['1', '#', '0']) {
        await world.press(line, digit);
        await observer.event('digitPressed', (event) => event.channelId === channel.channelId && event.digit === digit);
      }
      await world.hangUp(line);
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      const digits = observer.events.flatMap((event) =>
        event.type === 'digitPressed' && event.channelId === channel.channelId ? [event.digit] : [],
      );
      t.same(digits, ['1', '#', '0']);
    });

    await t.test('a phone is made live and told of as it comes and goes', async (t) => {
      const account = { phone, password, kind: 'sip' as const, displayName: '一号坐席' };
      await telephony.putPhone(account);
      await telephony.putPhone(account);
      await t.rejects(dial(fresh('leg')), because('failed'), 'not registered: cannot ring');
      await world.register(phone, password);
      const came = await observer.event('phoneChanged', (event) => event.phone === phone);
      t.equal(came.reachable, true);
      await world.unregister(phone);
      await observer.event('phoneChanged', (event) => event.phone === phone && !event.reachable);
      const before = observer.events.length;
      await world.register(phone, password);
      await until(
        () => observer.events.slice(before).some((event) => event.type === 'phoneChanged' && event.reachable),
        'phone is back',
      );
    });

    await t.test('a phone that answers enters with our words', async (t) => {
      const { line, channel } = await arrive();
      world.setManner(phone, 'ring');
      const leg = fresh('leg');
      await dial(leg, 10_000, channel.channelId);
      await observer.event('channelRinging', ({ channelId }) => channelId === leg);
      await world.answerPhone(phone);
      const entered = await observer.event('channelEntered', ({ channelId }) => channelId === leg);
      t.same(entered.args, ['agent', leg]);
      t.equal(entered.state, 'up');

      await telephony.answer(channel.channelId);
      await telephony.startMusic(channel.channelId);
      await telephony.stopMusic(channel.channelId);
      const bridge = fresh('bridge');
      await telephony.createBridge(bridge);
      await t.rejects(telephony.createBridge(bridge), because('conflict'), 'there already');
      await telephony.addToBridge(bridge, [channel.channelId, leg]);
      await world.proveAudio(t, line, phone);
      await telephony.removeFromBridge(bridge, [leg]);
      await t.rejects(telephony.removeFromBridge(bridge, [leg]), because('conflict'), 'not in it any more');
      await telephony.destroyBridge(bridge);
      await telephony.destroyBridge(bridge);
      await world.hangUpPhone(phone);
      await observer.event('channelLeft', ({ channelId }) => channelId === leg);
      t.equal(world.isLive(line), true, 'the citizen is still there');
      await telephony.hangUp(channel.channelId, 'normal');
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      await until(() => !world.isLive(line), 'the citizen’s line ends');
    });

    await t.test('a phone that does not take the call ends with the cause', async (t) => {
      for (const [manner, cause] of [
        ['busy', 17],
        ['reject', 21],
      ] as const) {
        world.setManner(phone, manner);
        const leg = fresh('leg');
        await dial(leg);
        const ended = await observer.event('channelHungUp', ({ channelId }) => channelId === leg);
        t.equal(ended.cause, cause, manner);
      }
      world.setManner(phone, 'ring');
      const unanswered = fresh('leg');
      const begun = Date.now();
      await dial(unanswered, 900);
      const ended = await observer.event('channelHungUp', ({ channelId }) => channelId === unanswered);
      t.equal(ended.cause, 19, 'no answer');
      t.ok(Date.now() - begun >= 900, 'rang as long as asked');

      const withdrawn = fresh('leg');
      await dial(withdrawn);
      await observer.event('channelRinging', ({ channelId }) => channelId === withdrawn);
      await t.rejects(dial(withdrawn), because('conflict'), 'the id is taken');
      await telephony.hangUp(withdrawn, 'normal');
      await observer.event('channelHungUp', ({ channelId }) => channelId === withdrawn);
      t.notOk(
        observer.events.some((event) => event.type === 'channelEntered' && event.channelId === withdrawn),
        'never answered',
      );
    });

    await t.test('a caller who hangs up while the phone rings', async (t) => {
      const { line, channel } = await arrive();
      world.setManner(phone, 'ring');
      const leg = fresh('leg');
      await dial(leg, 10_000, channel.channelId);
      await observer.event('channelRinging', ({ channelId }) => channelId === leg);
      await world.hangUp(line);
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      await telephony.hangUp(leg, 'normal');
      await observer.event('channelHungUp', ({ channelId }) => channelId === leg);
      t.pass();
    });

    await t.test('what is gone and what does not fit has its reason', async (t) => {
      const gone = because('gone');
      await t.rejects(telephony.answer('no-such-channel'), gone);
      await t.rejects(telephony.play('no-such-channel', fresh('play'), ['tone:ring']), gone);
      await t.rejects(telephony.startMusic('no-such-channel'), gone);
      await t.rejects(telephony.leave('no-such-channel', world.dialplan), gone);
      await t.rejects(telephony.addToBridge('no-such-bridge', ['no-such-channel']), gone);
      const bridge = fresh('bridge');
      await telephony.createBridge(bridge);
      await t.rejects(telephony.addToBridge(bridge, ['no-such-channel']), gone);
      await telephony.destroyBridge(bridge);
      await telephony.hangUp('no-such-channel', 'normal');
      const error = await telephony.answer('13800000001').catch((thrown: unknown) => thrown);
      t.ok(error instanceof TelephonyError);
      t.notMatch(String(error), /13800000001/, 'no argument in the text');
      world.setManner(phone, 'ring');
      const leg = fresh('leg');
      await dial(leg);
      await observer.event('channelRinging', ({ channelId }) => channelId === leg);
      await t.rejects(telephony.startMusic(leg), because('conflict'), 'it only rings');
      await telephony.hangUp(leg, 'normal');
      await observer.event('channelHungUp', ({ channelId }) => channelId === leg);
    });

    await t.test('a caller is sent back to the dialplan', async (t) => {
      const { line, channel } = await arrive();
      await telephony.answer(channel.channelId);
      await telephony.leave(channel.channelId, world.dialplan);
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      // Asterisk tells the end a moment before it forgets that the channel was ours.
      const refusal = await until(
        () =>
          telephony.startMusic(channel.channelId).then(
            () => null,
            (error: unknown) => error,
          ),
        'a command is refused',
      );
      t.match(refusal, because('conflict'), 'not ours any more');
      t.equal(world.isLive(line), true);
      await telephony.hangUp(channel.channelId, 'normal');
      await until(() => !world.isLive(line), 'the line ends');
    });

    await t.test('a lost connection comes back with all that is held', async (t) => {
      const { line, channel } = await arrive();
      await telephony.answer(channel.channelId);
      const bridge = fresh('bridge');
      await telephony.createBridge(bridge);
      await telephony.addToBridge(bridge, [channel.channelId]);
      const gone = await arrive();
      world.cut(telephony);
      await until(() => observer.disconnections.length === 1, 'the loss is told');
      await t.rejects(telephony.answer(channel.channelId), because('unavailable'));
      await world.hangUp(gone.line);
      const snapshot = await observer.connected(2);
      t.equal(snapshot.startedAt, first.startedAt, 'the same exchange');
      const held = snapshot.channels.find(({ channelId }) => channelId === channel.channelId);
      t.match(held, { state: 'up', inApplication: true, dialled: '12345' });
      t.equal(held?.args[0], 'inbound', 'the words are not lost');
      t.same(
        snapshot.bridges.find(({ bridgeId }) => bridgeId === bridge),
        { bridgeId: bridge, channelIds: [channel.channelId] },
      );
      t.same(snapshot.phones, [{ phone, reachable: true }]);
      await world.press(line, '7');
      await observer.event('digitPressed', (event) => event.digit === '7');
      await telephony.destroyBridge(bridge);
      await telephony.hangUp(channel.channelId, 'normal');
      await observer.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
    });

    await t.test('an exchange that dies and comes back is another one; phones stay', async (t) => {
      await arrive();
      const losses = observer.disconnections.length;
      const connections = observer.snapshots.length;
      await world.restart();
      await until(() => observer.disconnections.length > losses, 'the loss is told');
      const snapshot = await observer.connected(connections + 1);
      t.ok(snapshot.startedAt > first.startedAt, 'started later');
      t.same(snapshot.channels, []);
      t.same(
        snapshot.phones.map((entry) => entry.phone),
        [phone],
        'the account is there',
      );
      const reachable = () =>
        snapshot.phones[0]?.reachable ||
        observer.events.some(
          (event) => event.type === 'phoneChanged' && event.reachable && event.at > snapshot.startedAt,
        );
      await until(reachable, 'the registration is there');
      world.setManner(phone, 'answer');
      const leg = fresh('leg');
      await dial(leg);
      await observer.event('channelEntered', ({ channelId }) => channelId === leg);
      await telephony.hangUp(leg, 'normal');
      await telephony.removePhone(phone);
      await telephony.removePhone(phone);
    });

    await t.test('whoever comes later with our name replaces us, and we stay away', async (t) => {
      const { line, channel } = await arrive();
      const second = world.telephony();
      t.teardown(() => second.stop());
      const successor = new Observer();
      second.start(successor);
      const snapshot = await successor.connected(1);
      await until(() => observer.replaced, 'the replaced one is told');
      t.equal(snapshot.channels[0]?.channelId, channel.channelId);
      await t.rejects(telephony.answer(channel.channelId), because('unavailable'));
      await second.answer(channel.channelId);
      await world.hangUp(line);
      await successor.event('channelLeft', ({ channelId }) => channelId === channel.channelId);
      t.equal(successor.replaced, false);
    });
  });
}
