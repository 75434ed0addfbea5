import t from 'tap';
import { eventTypes, readSnapshot, translate } from '../../../src/platform/asterisk/ari-events.js';
import {
  endpointSettings,
  hangUp,
  makeLeg,
  pathOf,
  play,
  reasonOf,
  removeFromBridge,
  ringLeg,
  startMusic,
  writeAuth,
} from '../../../src/platform/asterisk/ari-requests.js';

// As Asterisk 22.10.1 sent them, with other numbers.
const timestamp = '2026-11-21T09:04:40.035+0000';
const at = Date.UTC(2026, 10, 21, 9, 4, 40, 35);
const citizen = {
  id: 'hotline-f0146ce3-1795251880.4',
  name: 'PJSIP/trunk-00000000',
  state: 'Ring',
  protocol_id: 'c51b0168-b9ca-4932-be6e-96d482dbdfd7',
  caller: { name: '', number: '13800000001' },
  connected: { name: '', number: '' },
  accountcode: '',
  dialplan: {
    context: 'from-trunk',
    exten: '12345',
    priority: 2,
    app_name: 'Stasis',
    app_data: 'hotline,inbound,12345',
  },
  creationtime: timestamp,
  language: 'en',
};
const leg = {
  ...citizen,
  id: 'call.1',
  name: 'PJSIP/1001-00000004',
  state: 'Ringing',
  dialplan: { context: 'from-seat', exten: 's', priority: 1, app_name: 'Stasis', app_data: 'hotline,agent,x' },
};
const common = { timestamp, application: 'hotline', asterisk_id: '02:6e:09:20:75:07' };

t.test('events in our words', async (t) => {
  const told = (message: object) => translate({ ...common, ...message });
  t.same(told({ type: 'StasisStart', args: ['inbound', '12345'], channel: citizen }), {
    kind: 'event',
    event: {
      type: 'channelEntered',
      at,
      channelId: citizen.id,
      state: 'ringing',
      inApplication: true,
      args: ['inbound', '12345'],
      callerNumber: '13800000001',
      dialled: '12345',
      createdAt: at,
    },
  });
  t.same(told({ type: 'StasisEnd', channel: citizen }), {
    kind: 'event',
    event: { type: 'channelLeft', at, channelId: citizen.id },
  });
  t.same(told({ type: 'ChannelDestroyed', cause: 21, cause_txt: 'Call Rejected', channel: leg }), {
    kind: 'event',
    event: { type: 'channelHungUp', at, channelId: 'call.1', cause: 21 },
  });
  t.same(told({ type: 'ChannelStateChange', channel: leg }), {
    kind: 'event',
    event: { type: 'channelRinging', at, channelId: 'call.1' },
  });
  t.same(told({ type: 'StasisStart', args: ['agent', 'x'], channel: { ...leg, state: 'Down' } }), {
    kind: 'legMade',
    channelId: 'call.1',
  });
  t.match(told({ type: 'ChannelStateChange', channel: { ...leg, state: 'Up' } }), {
    event: { type: 'channelEntered', channelId: 'call.1', inApplication: true, args: ['agent', 'x'] },
  });
  t.same(told({ type: 'ChannelStateChange', channel: { ...citizen, state: 'Up' } }), { kind: 'ignored' });
  t.same(told({ type: 'ChannelHangupRequest', cause: 16, channel: citizen }), {
    kind: 'event',
    event: { type: 'hangUpRequested', at, channelId: citizen.id, cause: 16 },
  });
  t.same(told({ type: 'ChannelHangupRequest', channel: citizen }), { kind: 'ignored' });
  t.same(told({ type: 'ChannelDtmfReceived', digit: '#', duration_ms: 80, channel: citizen }), {
    kind: 'event',
    event: { type: 'digitPressed', at, channelId: citizen.id, digit: '#' },
  });
  const playback = { id: 'p1', media_uri: 'sound:beep', target_uri: `channel:${citizen.id}`, language: 'en' };
  for (const [state, failed] of [
    ['done', false],
    ['failed', true],
  ] as const) {
    t.same(told({ type: 'PlaybackFinished', playback: { ...playback, state } }), {
      kind: 'event',
      event: { type: 'playbackFinished', at, playbackId: 'p1', channelId: citizen.id, failed },
    });
  }
  t.same(told({ type: 'PlaybackFinished', playback: { ...playback, target_uri: 'bridge:b', state: 'done' } }), {
    kind: 'ignored',
  });
  t.same(told({ type: 'ApplicationReplaced' }), { kind: 'replaced' });
});

t.test('a phone is reachable in every state but three; the trunk is no phone', async (t) => {
  const device = (name: string, state: string) =>
    translate({ ...common, type: 'DeviceStateChanged', device_state: { name, state } });
  for (const [state, reachable] of [
    ['NOT_INUSE', true],
    ['RINGING', true],
    ['INUSE', true],
    ['BUSY', true],
    ['UNAVAILABLE', false],
    ['INVALID', false],
    ['UNKNOWN', false],
  ] as const)
    t.match(device('PJSIP/1001', state), { event: { type: 'phoneChanged', phone: '1001', reachable } });
  t.same(device('PJSIP/trunk', 'INUSE'), { kind: 'ignored' });
  t.same(device('Local/write@phone-store', 'NOT_INUSE'), { kind: 'ignored' });
});

t.test('a withheld number is null', async (t) => {
  for (const number of ['', 'anonymous', 'Anonymous', 'unavailable', 'Restricted'])
    t.match(
      translate({ ...common, type: 'StasisStart', args: [], channel: { ...citizen, caller: { name: '', number } } }),
      { event: { callerNumber: null } },
    );
});

t.test('what cannot be used is named by its type and goes no further', async (t) => {
  t.same(translate({ ...common, type: 'ChannelVarset', variable: 'X' }), { kind: 'unknown', type: 'ChannelVarset' });
  t.same(translate({ ...common, type: 'constructor' }), { kind: 'unknown', type: 'constructor' });
  t.same(translate({ ...common, type: 'StasisEnd' }), { kind: 'malformed', type: 'StasisEnd' });
  t.same(translate({ ...common, type: 'StasisEnd', channel: citizen, timestamp: 'soon' }), {
    kind: 'malformed',
    type: 'StasisEnd',
  });
  t.same(translate({ ...common, type: 'ChannelDtmfReceived', digit: '12', channel: citizen }), {
    kind: 'malformed',
    type: 'ChannelDtmfReceived',
  });
  for (const odd of [null, 7, 'text', [], {}, { type: 5 }])
    t.same(translate(odd), { kind: 'malformed', type: '(none)' }, JSON.stringify(odd));
  t.ok(eventTypes.includes('RESTResponse'), 'else every request on the socket stays unanswered');
});

t.test('the snapshot', async (t) => {
  const parts = {
    info: {
      system: { version: '22.10.1+dfsg+~cs6', entity_id: '02:6e' },
      config: { name: 'hotline-1' },
      status: { startup_time: timestamp, last_reload_time: timestamp },
    },
    channels: [
      citizen,
      leg,
      {
        ...citizen,
        id: 'in-dialplan',
        dialplan: { context: 'emergency', exten: 's', app_name: 'Queue', app_data: 'emergency' },
      },
    ],
    bridges: [{ id: 'call-x', technology: 'softmix', channels: [citizen.id] }],
    endpoints: [
      { technology: 'PJSIP', resource: '1001', state: 'online', channel_ids: [] },
      { technology: 'PJSIP', resource: '1002', state: 'offline', channel_ids: [] },
      { technology: 'PJSIP', resource: 'trunk', state: 'offline', channel_ids: [] },
    ],
  };
  const read = readSnapshot(parts);
  t.equal(read?.systemName, 'hotline-1');
  t.match(read?.snapshot, {
    startedAt: at,
    version: '22.10.1',
    bridges: [{ bridgeId: 'call-x', channelIds: [citizen.id] }],
    phones: [
      { phone: '1001', reachable: true },
      { phone: '1002', reachable: false },
    ],
  });
  t.same(
    read?.snapshot.channels.map(({ channelId, inApplication, args }) => [channelId, inApplication, args]),
    [
      [citizen.id, true, ['inbound', '12345']],
      ['call.1', false, []],
      ['in-dialplan', false, []],
    ],
  );
  t.equal(readSnapshot({ ...parts, channels: [{ id: 'x' }] }), null);
});

t.test('requests', async (t) => {
  t.equal(pathOf(startMusic('a/b?c')), 'channels/a%2Fb%3Fc/moh', 'an id cannot leave its place in the path');
  t.match(play('c', 'p', ['sound:a', 'tone:ring']).query, { media: 'sound:a,tone:ring' });
  const options = { channelId: 'l', endpoint: 'PJSIP/1001', args: ['agent', 'x'], callerNumber: null, timeoutMs: 1200 };
  t.same(makeLeg(options).query, { endpoint: 'PJSIP/1001', channelId: 'l', app: 'hotline', appArgs: 'agent,x' });
  t.same(ringLeg(options).query, { timeout: '2' });
  t.match(hangUp('c', 'rejected').query, { reason_code: '21' });
  for (const [status, reason] of [
    [404, 'gone'],
    [409, 'conflict'],
    [412, 'conflict'],
    [422, 'conflict'],
    [400, 'failed'],
    [500, 'failed'],
  ] as const)
    t.equal(reasonOf(startMusic('c'), status), reason);
  t.equal(reasonOf(removeFromBridge('b', ['c']), 400), 'gone', 'a channel that does not exist');
  const account = { phone: '1001', password: 'p', kind: 'sip' as const, displayName: 'A "B" <1>\r\nX' };
  t.equal(endpointSettings(account).callerid, '"A B 1X" <1001>', 'nothing breaks out of the header');
  t.not(endpointSettings(account).accountcode, endpointSettings({ ...account, kind: 'webrtc' }).accountcode);
  for (const phone of ['', 'trunk', '1001/x', 'a b', '1001\n'])
    t.throws(() => writeAuth({ ...account, phone }), RangeError);
});
