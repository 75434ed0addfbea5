import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { createTelephony } from '../../../src/platform/asterisk/create-telephony.js';
import type { Telephony } from '../../../src/platform/asterisk/port.js';
import { startAsterisk } from '../../support/asterisk.js';
import { TestExchange } from '../../support/asterisk-exchange.js';
import { toneShare } from '../../support/audio.js';
import { FakeExchange, FakeTelephony } from '../../support/fake-telephony.js';
import { until } from '../../support/until.js';
import { contract, type World } from './contract.js';

t.test('fake', async (t) => {
  const exchange = new FakeExchange();
  const far = (line: string) => exchange.channels.has(line);
  const world: World = {
    telephony: () => new FakeTelephony(exchange),
    call: async (number) => exchange.call(number),
    press: async (line, digit) => exchange.press(line, digit),
    hangUp: async (line) => exchange.hangUp(line),
    isLive: far,
    register: async (phone) => exchange.register(phone),
    unregister: async (phone) => exchange.unregister(phone),
    setManner: (phone, manner) => exchange.setManner(phone, manner),
    answerPhone: async (phone) => exchange.answerPhone(exchange.legOf(phone) ?? ''),
    hangUpPhone: async (phone) => exchange.hangUp(exchange.legOf(phone) ?? ''),
    sound: 'beep',
    letPlay: (channelId) => exchange.playedOut(channelId),
    letFail: (channelId) => exchange.playedOut(channelId, true),
    cut: (telephony) => (telephony as FakeTelephony).breakConnection(),
    restart: async () => exchange.restart(),
    proveAudio: async () => undefined,
    dialplan: { context: 'from-seat', extension: 'echo' },
  };
  contract(t, world);
});

for (const adapter of ['websocket', 'ari-client'] as const) {
  t.test(adapter, async (t) => {
    const hotline = await startAsterisk({ role: 'hotline' });
    t.teardown(() => hotline.stop());
    const exchange = await TestExchange.start(hotline.options.sipPort);
    t.teardown(() => exchange.stop());
    const wires = new Map<Telephony, Wire>();
    const open: Wire[] = [];
    for (let i = 0; i < 2; i++) {
      const wire = await Wire.to(hotline.ari.port);
      t.teardown(() => wire.close());
      open.push(wire);
    }
    const note = (fields: object, message: string) => t.comment(message, fields);
    const world: World = {
      telephony() {
        const wire = open.pop();
        if (!wire) throw new Error('no wire left');
        const telephony = createTelephony(adapter, {
          ...hotline.ari,
          port: wire.port,
          log: { error: note, warn: note },
        });
        wires.set(telephony, wire);
        return telephony;
      },
      call: (number) => exchange.call(number),
      press: (line, digit) => exchange.press(line, digit),
      hangUp: (line) => exchange.hangUp(line),
      isLive: (line) => exchange.isLive(line),
      register: (phone, password) => exchange.register(phone, password),
      unregister: (phone) => exchange.unregister(phone),
      setManner: (phone, manner) => exchange.setManner(phone, manner),
      answerPhone: async (phone) => exchange.ask('POST', `channels/${await exchange.legOf(phone)}/answer`),
      hangUpPhone: (phone) => exchange.hangUpPhone(phone),
      sound: 'beep',
      letPlay: () => undefined,
      letFail: () => undefined,
      cut: (telephony) => wires.get(telephony)?.cut(),
      async restart() {
        await hotline.kill('SIGKILL');
        await hotline.start();
      },
      async proveAudio(t, line, phone) {
        const leg = await exchange.legOf(phone);
        await until(() => exchange.isUp(line), 'the line is up');
        // The first listening may begin before the tone has come through.
        const hears = (channelId: string, hertz: number) =>
          until(async () => toneShare(await exchange.listen(channelId, 500), 8000, hertz) > 0.8, `${hertz} Hz`, 8000);
        await exchange.tone(line, 500);
        t.ok(await hears(leg, 500), 'the agent hears the citizen');
        await exchange.silence(line);
        await exchange.tone(leg, 900);
        t.ok(await hears(line, 900), 'the citizen hears the agent');
        await exchange.silence(leg);
      },
      dialplan: { context: 'from-seat', extension: 'echo' },
    };
    contract(t, world);
    t.test('the log holds no number', async (t) => {
      t.notMatch(hotline.log(), /138000000/);
    });
  });
}

/** A TCP way to a port that can be cut. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(readonly target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.once('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
        socket.on('error', () => socket.destroy());
      }
      near.pipe(far).pipe(near);
    });
  }

  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}
