import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import t from 'tap';
import { launchChromium } from '../support/chromium.js';
import { me, type StandIn, startStandIn } from './stand-in.js';
import { answer, end, offer, record } from './stories.js';
import { ready, root, signIn, until } from './visitor.js';

const browser = await launchChromium(t);

interface Desk {
  page: Page;
  standIn: StandIn;
  /** What the browser complained of, but for answers that are meant to be errors. */
  complaints: string[];
}

async function openPage(test: Pick<typeof t, 'teardown'>, options: BrowserContextOptions = {}): Promise<Desk> {
  const standIn = await startStandIn();
  const { page, complaints } = await newPage(browser, standIn, options);
  test.teardown(async () => {
    await page.context().close();
    await standIn.app.close();
  });
  return { page, standIn, complaints };
}

async function newPage(of: Browser, standIn: StandIn, options: BrowserContextOptions) {
  const context = await of.newContext({
    viewport: { width: 1280, height: 720 },
    permissions: ['microphone'],
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('console', (message) => {
    const answered = /the server responded with a status of/.test(message.text());
    if ((message.type() === 'error' || message.type() === 'warning') && !answered) complaints.push(message.text());
  });
  await page.goto(standIn.url);
  return { page, complaints };
}

const keptDrafts = (page: Page) =>
  root(page).evaluate((html) =>
    Object.keys(html.ownerDocument.defaultView.sessionStorage).filter((key) => key.includes('draft')),
  );
const answerButton = (page: Page) => page.getByRole('button', { name: '接听', exact: true });
const isFocused = (page: Page, selector: string) =>
  root(page).evaluate((html, wanted) => html.ownerDocument.activeElement?.matches(wanted) ?? false, selector);

t.test('signing in: a wrong password is told, the right one opens the desk, signing out closes it', async (t) => {
  const { page, complaints } = await openPage(t);
  await page.getByLabel('用户名').fill('1001');
  await page.getByLabel('密码').fill('wrong');
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('alert').getByText('用户名或密码错误。请重新输入').waitFor();
  t.ok(await isFocused(page, 'input[type=password]'), 'the password can be typed again at once');
  await page.keyboard.type('right-password');
  await page.keyboard.press('Enter');
  await page.getByText(me.name, { exact: true }).waitFor();
  await page.getByText('实时连接正常').waitFor();
  await page.reload();
  await page.getByText('实时连接正常').waitFor();
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByRole('heading', { name: '登录话务台' }).waitFor();
  t.strictSame(complaints, []);
});

t.test('the page and its script: cached by ETag, nothing from elsewhere, no inline script', async (t) => {
  const { page, standIn } = await openPage(t);
  for (const path of ['/', '/assets/console.js', '/assets/console.css', '/assets/console.svg']) {
    const first = await fetch(new URL(path, standIn.url));
    t.equal(first.status, 200, path);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(new URL(path, standIn.url), { headers: { 'if-none-match': etag } });
    t.equal(again.status, 304, `${path} again`);
    t.match(first.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'/);
  }
  const foreign = await page.evaluate((own) => {
    const names = performance.getEntriesByType('resource').map(({ name }) => name);
    return names.filter((name) => !name.startsWith(own));
  }, standIn.url);
  t.strictSame(foreign, []);
});

t.test('the pop comes up with the focus on its answer button', async (t) => {
  const desk = await openPage(t);
  const { page, standIn, complaints } = desk;
  await ready(desk);
  offer(standIn);
  await answerButton(page).waitFor();
  t.ok(await isFocused(page, 'button.answer'), 'the answer button has the focus');
  t.match(await page.title(), /138 0000 0001/);
  for (const words of [
    '138 0000 0001',
    '江苏 连云港',
    '欢迎语 [1]',
    '重复来电 2 次',
    '小区夜间施工噪声扰民，希望尽快处理',
  ])
    t.ok(await page.locator('.call').getByText(words).first().isVisible(), words);
  answer(standIn);
  await page.locator('.call[data-phase=talking]').waitFor();
  end(standIn);
  await page.getByText('通话已结束').waitFor();
  await page.getByText('自动就绪还有').waitFor();
  await page.getByRole('button', { name: '整理完毕，就绪' }).click();
  await page.locator('.state[data-state=ready]').waitFor();
  t.strictSame(complaints, []);
});

t.test('an offer that goes elsewhere, without a phone in the page', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  offer(standIn);
  await page.getByText('请在话机上接听').waitFor();
  t.ok(await isFocused(page, '#call-title'), 'the heading of the pop has the focus');
  standIn.setSeat({ state: 'notResponding', reason: 'noAnswer' });
  await page.locator('.call[data-phase=missed]').waitFor();
  await page.getByText('上一来电振铃超时未接').waitFor();
});

t.test('the phone in the page: registers, answers, talks, hangs up, and is back at once after a loss', async (t) => {
  const desk = await openPage(t);
  const { page, standIn, complaints } = desk;
  await ready(desk);
  offer(standIn);
  await answerButton(page).waitFor();
  // A peer connection in the same page plays Asterisk's side of the media.
  const sdp = await root(page).evaluate(async (html) => {
    const window = html.ownerDocument.defaultView;
    const peer = new window.RTCPeerConnection();
    Object.assign(window, { peer });
    peer.addTransceiver('audio');
    await peer.setLocalDescription();
    while (peer.iceGatheringState !== 'complete')
      await new Promise((resolve) => peer.addEventListener('icegatheringstatechange', resolve, { once: true }));
    return peer.localDescription?.sdp ?? '';
  });
  const picked = standIn.ring(sdp);
  await page.getByRole('button', { name: '拒接' }).waitFor();
  // By key, but not within half a second of the pop: that key was meant for something else.
  await page.waitForTimeout(600);
  await page.keyboard.press('Enter');
  const answerSdp = await picked;
  t.match(answerSdp, /m=audio .*\r\n(.*\r\n)*a=candidate/, 'the answer has a candidate');
  answer(standIn);
  const connected = await root(page).evaluate(async (html, answered) => {
    const { peer, MediaStream } = html.ownerDocument.defaultView;
    await peer.setRemoteDescription({ type: 'answer', sdp: answered });
    while (peer.connectionState !== 'connected')
      await new Promise((resolve) => peer.addEventListener('connectionstatechange', resolve, { once: true }));
    return html.querySelector('audio')?.srcObject instanceof MediaStream;
  }, answerSdp);
  t.ok(connected, 'media flows and the other side can be heard');
  await page.getByRole('button', { name: '静音', exact: true }).click();
  await page.getByRole('button', { name: '取消静音' }).waitFor();
  await page.getByRole('button', { name: '挂断', exact: true }).click();
  await standIn.hungUp();

  const before = standIn.registered;
  const lostAt = performance.now();
  standIn.dropPhones();
  await until(page, () => standIn.registered > before);
  t.ok(performance.now() - lostAt < 1000, `registered again after ${Math.round(performance.now() - lostAt)} ms`);
  await page.getByText('已注册').waitFor();
  t.strictSame(complaints, []);
});

t.test('a microphone that is refused is explained, and nothing registers', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await page.addInitScript(() => {
    const devices = (globalThis as { navigator?: { mediaDevices?: object } }).navigator?.mediaDevices;
    const refuse = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    if (devices) Object.assign(devices, { getUserMedia: refuse });
  });
  await page.reload();
  await signIn(page);
  await page.getByRole('button', { name: '入座' }).click();
  await page.getByLabel('网页电话').check();
  await page.getByText('麦克风权限被拒绝').waitFor();
  t.equal(standIn.registered, 0);
});

t.test('the ticket is saved while it is typed, and is there again after a reload', async (t) => {
  const desk = await openPage(t);
  const { page, standIn, complaints } = desk;
  await ready(desk, false);
  const callId = offer(standIn);
  answer(standIn);
  await page.getByRole('radio', { name: '求助' }).check();
  await page.getByLabel('诉求内容').fill('路灯不亮');
  await page.getByLabel('事发地点').fill('解放路');
  await page.locator('[data-save=saved]').waitFor();
  await until(page, () => [...standIn.tickets.values()].some(({ place }) => place === '解放路'));
  const [ticket] = [...standIn.tickets.values()];
  t.match(ticket, { callId, type: 'request', text: '路灯不亮', place: '解放路' });
  t.equal(standIn.writes.filter((write) => write === 'POST').length, 1, 'one ticket only');

  await page.getByLabel('标题').fill('路灯');
  await page.reload();
  await page.getByText('138 0000 0001').waitFor();
  t.equal(standIn.sinces.at(-1), String(offeredSeq(standIn)), 'the live messages begin again at the pop');
  await page.getByText('工单号 20261121000017').waitFor();
  t.equal(await page.getByLabel('诉求内容').inputValue(), '路灯不亮');
  t.equal(await page.getByLabel('标题').inputValue(), '路灯', 'also what was typed last');
  t.ok(await page.getByRole('radio', { name: '求助' }).isChecked());
  await until(page, () => ticket?.title === '路灯');
  t.equal(standIn.tickets.size, 1, 'still one ticket');
  t.strictSame(complaints, []);
});

/** What `since` must be for the last pop to be replayed. */
function offeredSeq(standIn: StandIn): number {
  return standIn.log.findLastIndex(({ type }) => type === 'call.offered');
}

t.test('a ticket is submitted once its type is chosen', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  const ticket = { ticketId: 'ticket-1', number: '20261121000017', version: 1, state: 'draft', type: null };
  const empty = { title: '', text: '', place: '', callerName: '' };
  // The program opened it by itself, so nobody chose its type.
  standIn.tickets.set('ticket-1', { ...ticket, ...empty, callId: offer(standIn) });
  answer(standIn);
  await page.getByText('草稿').waitFor();
  await page.getByLabel('标题').fill('公园几点开门');
  await page.getByRole('button', { name: '提交工单' }).click();
  await page.getByText('请先选择类型').waitFor();
  t.ok(await isFocused(page, 'input[type=radio]'), 'the types have the focus');
  await page.getByRole('radio', { name: '咨询' }).check();
  await page.getByRole('button', { name: '提交工单' }).click();
  await page.getByText('已提交', { exact: true }).waitFor();
  t.match([...standIn.tickets.values()], [{ type: 'consultation', state: 'open', title: '公园几点开门' }]);
  t.notOk(await page.getByRole('button', { name: '提交工单' }).isVisible());
});

t.test('a refused change of state says what is allowed, in the page’s words', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  // The page has not been told yet.
  standIn.seat = { ...standIn.seat, state: 'talking' };
  await page.getByRole('button', { name: '离线', exact: true }).click();
  await page.getByRole('alert').getByText('坐席当前状态不允许此操作。允许：就绪, 话后整理').waitFor();
  await page.getByRole('button', { name: '知道了' }).click();
  await page.locator('.state[data-state=talking]').waitFor();
  t.equal(await page.locator('.notice').isVisible(), false);
});

t.test('while the server is away nothing typed is lost, not even by a reload', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  offer(standIn);
  answer(standIn);
  standIn.away = true;
  await page.getByLabel('标题').fill('停水');
  await page.getByText('暂未保存').waitFor();
  await page.reload();
  await page.getByText('138 0000 0001').waitFor();
  t.equal(await page.getByLabel('标题').inputValue(), '停水');
  standIn.away = false;
  await page.locator('[data-save=saved]').waitFor();
  t.match([...standIn.tickets.values()], [{ title: '停水' }]);
  t.strictSame(await keptDrafts(page), []);
});

t.test('a ticket that was changed elsewhere: the newer content shows, the agent chooses', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  offer(standIn);
  answer(standIn);
  await page.getByLabel('标题').fill('噪声');
  await page.locator('[data-save=saved]').waitFor();
  const [ticket] = [...standIn.tickets.values()];
  if (!ticket) throw new Error('no ticket');
  Object.assign(ticket, { version: ticket.version + 1, title: '夜间噪声', place: '海连路' });
  await page.getByLabel('标题').fill('施工噪声');
  await page.getByRole('alert').getByText('夜间噪声').waitFor();
  t.equal(await page.getByLabel('事发地点').inputValue(), '海连路', 'untouched fields take the newer content');
  t.equal(ticket.title, '夜间噪声', 'nothing was overwritten');
  await page.getByRole('button', { name: '保留我的内容' }).click();
  await until(page, () => ticket.title === '施工噪声');
  Object.assign(ticket, { version: ticket.version + 1, text: '每晚十点后' });
  standIn.push('ticket.changed', { ...ticket, agentId: me.id });
  await until(page, async () => (await page.getByLabel('诉求内容').inputValue()) === '每晚十点后');
});

t.test('a lost live connection: the page goes on behind the last message and shows the pop it missed', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  await ready(desk, false);
  await page.locator('.events li').first().waitFor();
  const seen = standIn.log.length;
  standIn.refuseLive = true;
  standIn.dropLive();
  await page.getByText('连接中断，正在重连').waitFor();
  offer(standIn);
  standIn.refuseLive = false;
  await page.getByText('138 0000 0001').waitFor();
  t.equal(standIn.sinces.at(-1), String(seen));
  await page.getByText('实时连接正常').waitFor();
});

t.test('calls: the list, a timeline, a recording that plays on while the list changes', async (t) => {
  const desk = await openPage(t);
  const { page, standIn, complaints } = desk;
  const answered = { answeredAt: '2026-11-21T01:20:16.000Z', endedBy: 'citizen', endCause: 'hungUp' };
  standIn.calls = [record('call-a', { ...answered, talkMs: 64000 }), record('call-b')];
  await signIn(page);
  await page.locator('.call-row').first().click();
  await page.getByText('进入队列 政务服务，前面 2 人').waitFor();
  const audio = page.locator('#call-call-a audio');
  await audio.evaluate((element) => element.play());
  standIn.calls.unshift(record('call-c'));
  await page.getByRole('button', { name: '刷新' }).click();
  await page.locator('.call-row').nth(2).waitFor();
  t.notOk(await audio.evaluate((element) => element.paused), 'still playing');
  t.strictSame(complaints, []);
});

t.test('the language switch leaves no word untranslated, in no state', async (t) => {
  const desk = await openPage(t);
  const { page, standIn } = desk;
  const data = [me.name, '王小明', '江苏', '连云港', '小区夜间施工噪声扰民，希望尽快处理', '切换为中文', '中文'];
  const check = async (state: string) => {
    const words = await root(page).evaluate((html) => {
      const { title, body } = html.ownerDocument;
      const labels = [...html.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'));
      return [title, body.querySelector('#app').textContent, ...labels].join('\n');
    });
    const rest = data.reduce((left, word) => left.replaceAll(word, ''), words);
    t.notMatch(rest, /[\p{Script=Han}{}]|undefined/u, state);
  };
  await page.getByRole('button', { name: 'Switch to English' }).click();
  await check('signed out');
  await page.getByLabel('Name', { exact: true }).fill('1001');
  await page.getByLabel('Password').fill('right-password');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take seat' }).waitFor();
  await check('without a seat');
  await page.getByRole('button', { name: 'Take seat' }).click();
  await page.getByRole('button', { name: 'Ready', exact: true }).click();
  await page.locator('.state[data-state=ready]').waitFor();
  await check('ready');
  standIn.push('queue.changed', {
    queue: 'english',
    waiting: 1,
    longestWaitingSince: new Date().toISOString(),
    freeSeats: 1,
  });
  offer(standIn);
  await page.getByText('Answer on your desk phone').waitFor();
  await check('offered');
  answer(standIn);
  await page.getByLabel('Title').fill('Street light');
  await page.getByText('Saved at').waitFor();
  await page.getByRole('button', { name: 'Ready', exact: true }).isDisabled();
  end(standIn);
  await page.getByText('Call ended', { exact: true }).waitFor();
  await check('wrap-up');
  await page.locator('.call-row').first().click();
  await page.locator('.timeline li').first().waitFor();
  await check('record');
  await page.getByRole('button', { name: '切换为中文' }).click();
  await page.getByText('通话已结束', { exact: true }).waitFor();
  t.equal(await page.getByLabel('标题').inputValue(), 'Street light', 'the form keeps its content');
  t.equal(await root(page).getAttribute('lang'), 'zh-CN');
});

t.test('narrow and wide: nothing sticks out, every control has a name', async (t) => {
  for (const viewport of [
    { width: 1280, height: 720 },
    { width: 390, height: 844 },
  ]) {
    const desk = await openPage(t, { viewport });
    const { page, standIn } = desk;
    await ready(desk, false);
    offer(standIn);
    await page.locator('.call[data-phase=offered]').waitFor();
    const { wide, nameless } = await root(page).evaluate((html) => ({
      wide: html.scrollWidth - html.clientWidth,
      nameless: [...html.querySelectorAll('input, select, textarea, button')].filter(
        (control) => !(control.labels?.[0]?.textContent || control.ariaLabel || control.textContent),
      ).length,
    }));
    t.equal(wide, 0, `${viewport.width} wide`);
    t.equal(nameless, 0, 'controls without a name');
    await until(page, async () => {
      const top = (await page.locator('.call').boundingBox())?.y ?? -1;
      return top >= 0 && top < 200;
    });
  }
});
