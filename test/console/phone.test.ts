import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Page } from 'playwright-core';
import t from 'tap';
import { createTelephony } from '../../src/platform/asterisk/create-telephony.js';
import type { TelephonyEvent } from '../../src/platform/asterisk/port.js';
import { createEdge } from '../../src/platform/edge/edge-server.js';
import { startAsterisk } from '../support/asterisk.js';
import { launchChromium } from '../support/chromium.js';
import { freePort } from '../support/ports.js';
import { startStandIn } from './stand-in.js';
import { answer, end, offer } from './stories.js';
import { ready, root, until } from './visitor.js';

t.test('the phone in the page and a real Asterisk, through the edge', async (t) => {
  const asterisk = await startAsterisk({ role: 'hotline' });
  t.teardown(() => asterisk.stop());
  const events: TelephonyEvent[] = [];
  const telephony = createTelephony('websocket', asterisk.ari);
  t.teardown(() => telephony.stop());
  await new Promise<void>((connected) =>
    telephony.start({
      onConnected: () => connected(),
      onDisconnected: () => undefined,
      onReplaced: () => undefined,
      onEvent: (event) => events.push(event),
    }),
  );
  await telephony.putPhone({ phone: '1001-web', password: 'web-secret', kind: 'webrtc', displayName: '1001' });
  const standIn = await startStandIn();
  t.teardown(() => standIn.app.close());
  const edge = createEdge({ serverPort: Number(new URL(standIn.url).port), ariPort: asterisk.ari.port });
  const sockets = new Set<Socket>();
  edge.on('connection', (socket) => sockets.add(socket));
  const port = await freePort();
  edge.listen(port, '127.0.0.1');
  await once(edge, 'listening');
  const drop = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  t.teardown(() => {
    edge.close();
    drop();
  });

  const browser = await launchChromium(t);
  const context = await browser.newContext({ permissions: ['microphone'] });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const thrown: string[] = [];
  page.on('pageerror', (error) => thrown.push(String(error.stack)));
  await page.goto(`http://127.0.0.1:${port}`);
  await ready({ page, standIn });
  const heard = (type: TelephonyEvent['type'], channelId: string) => () =>
    events.some((event) => event.type === type && 'channelId' in event && event.channelId === channelId);
  const ring = async (channelId: string, callId: string) => {
    offer(standIn, callId);
    const shape = { endpoint: 'PJSIP/1001-web', args: ['agent'], callerNumber: '13800000001', timeoutMs: 20_000 };
    await telephony.dial({ channelId, ...shape });
    await page.getByRole('button', { name: '拒接' }).waitFor();
    await page.getByRole('button', { name: '接听', exact: true }).click();
    await until(page, heard('channelEntered', channelId));
    answer(standIn, callId);
    await telephony.startMusic(channelId);
    await page.getByRole('button', { name: '静音', exact: true }).waitFor();
  };

  await t.test('a call is heard, and ended by the page', async (t) => {
    await ring('leg-1', 'call-1');
    t.ok((await loudness(page)) > 0.001, 'the other side is heard');
    await page.getByRole('button', { name: '挂断', exact: true }).click();
    await until(page, heard('channelHungUp', 'leg-1'));
    end(standIn, 'call-1');
  });

  await t.test('a call outlives the loss of its WebSocket; the other side can still end it', async (t) => {
    await ring('leg-2', 'call-2');
    const lostAt = performance.now();
    drop();
    await page.getByText('正在重新注册').waitFor();
    await page.getByText('已注册').waitFor();
    t.comment(`registered again after ${Math.round(performance.now() - lostAt)} ms`);
    t.ok((await loudness(page)) > 0.001, 'the other side is still heard');
    t.notOk(heard('channelHungUp', 'leg-2')(), 'the call goes on');
    await telephony.hangUp('leg-2', 'normal');
    await page.getByRole('button', { name: '挂断', exact: true }).waitFor({ state: 'hidden' });
    end(standIn, 'call-2');
  });

  await t.test('and so can the page', async () => {
    await ring('leg-3', 'call-3');
    drop();
    await page.getByText('正在重新注册').waitFor();
    await page.getByText('已注册').waitFor();
    await page.getByRole('button', { name: '挂断', exact: true }).click();
    await until(page, heard('channelHungUp', 'leg-3'));
    end(standIn, 'call-3');
  });

  await t.test('a call is rejected', async () => {
    offer(standIn, 'call-4');
    const shape = { endpoint: 'PJSIP/1001-web', args: ['agent'], callerNumber: null, timeoutMs: 20_000 };
    await telephony.dial({ channelId: 'leg-4', ...shape });
    await page.getByRole('button', { name: '拒接' }).click();
    await until(page, () =>
      events.some((event) => event.type === 'channelHungUp' && event.channelId === 'leg-4' && event.cause === 17),
    );
  });
  t.strictSame(thrown, []);
});

/** How loud the other side is in the page, 0 to 1, over the first 5 s in which there is anything. */
function loudness(page: Page): Promise<number> {
  return root(page).evaluate(async (html) => {
    const { AudioContext } = html.ownerDocument.defaultView;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(html.querySelector('#app > audio').srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (let tries = 0; tries < 100 && loudest < 0.001; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      analyser.getFloatTimeDomainData(samples);
      loudest = Math.max(...samples.map(Math.abs));
    }
    await context.close();
    return loudest;
  });
}
