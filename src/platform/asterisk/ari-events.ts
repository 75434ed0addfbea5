/**
 * From ARI's JSON to our words: pure, shared by both adapters. Whatever does not fit a schema never gets further than
 * here; it is counted by its type.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { BridgeView, ChannelView, TelephonyEvent, TelephonySnapshot } from './port.js';

/** Our application's name: the first word of Stasis() in the dialplan. */
export const application = 'hotline';

const Channel = Type.Object({
  id: Type.String({ minLength: 1 }),
  state: Type.String(),
  caller: Type.Object({ number: Type.String() }),
  dialplan: Type.Object({
    context: Type.String(),
    exten: Type.String(),
    app_name: Type.Optional(Type.String()),
    app_data: Type.Optional(Type.String()),
  }),
  creationtime: Type.String(),
});
type Channel = Static<typeof Channel>;

const event = <T extends string, P extends Type.TProperties>(type: T, properties: P) =>
  Compile(Type.Object({ type: Type.Literal(type), timestamp: Type.String(), ...properties }));

const schemas = {
  StasisStart: event('StasisStart', { args: Type.Array(Type.String()), channel: Channel }),
  StasisEnd: event('StasisEnd', { channel: Channel }),
  ChannelDestroyed: event('ChannelDestroyed', { cause: Type.Integer(), channel: Channel }),
  ChannelHangupRequest: event('ChannelHangupRequest', { cause: Type.Optional(Type.Integer()), channel: Channel }),
  ChannelStateChange: event('ChannelStateChange', { channel: Channel }),
  ChannelDtmfReceived: event('ChannelDtmfReceived', {
    digit: Type.String({ pattern: '^[0-9A-D*#]$' }),
    channel: Channel,
  }),
  PlaybackFinished: event('PlaybackFinished', {
    playback: Type.Object({ id: Type.String(), target_uri: Type.String(), state: Type.String() }),
  }),
  DeviceStateChanged: event('DeviceStateChanged', {
    device_state: Type.Object({ name: Type.String(), state: Type.String() }),
  }),
  ApplicationReplaced: event('ApplicationReplaced', {}),
};
type EventType = keyof typeof schemas;

/**
 * The only events that Asterisk is asked for; unfiltered, a call makes 60 to 80, most of them of variables set. Answers to
 * requests on the event socket count as events here: a filter without them leaves every request unanswered.
 */
export const eventTypes = [...Object.keys(schemas), 'RESTResponse'];

export type Translated =
  | { kind: 'event'; event: TelephonyEvent }
  | { kind: 'replaced' }
  /** A leg of ours is in the application and can be rung now; it enters when it is answered. */
  | { kind: 'legMade'; channelId: string }
  /** Understood, and of no interest to us. */
  | { kind: 'ignored' }
  /** `type` is the event's own word for itself, shortened. */
  | { kind: 'unknown' | 'malformed'; type: string };

/** One message of ARI's event socket, already parsed from JSON. */
export function translate(message: unknown): Translated {
  const type = typeOf(message);
  if (type === null) return { kind: 'malformed', type: '(none)' };
  if (!Object.hasOwn(schemas, type)) return { kind: 'unknown', type };
  if (!schemas[type as EventType].Check(message)) return { kind: 'malformed', type };
  const { timestamp } = message as { timestamp: string };
  const at = Date.parse(timestamp);
  if (Number.isNaN(at)) return { kind: 'malformed', type };
  return translateKnown(type as EventType, message, at);
}

function translateKnown(type: EventType, message: unknown, at: number): Translated {
  // Checked by the caller against the schema of this very type.
  const as = <T extends EventType>(_: T) =>
    message as Static<(typeof schemas)[T] extends { Type(): infer S } ? S & Type.TSchema : never>;
  switch (type) {
    case 'ApplicationReplaced':
      return { kind: 'replaced' };
    case 'StasisStart': {
      const { channel, args } = as(type);
      if (channel.state === 'Down') return { kind: 'legMade', channelId: channel.id };
      return told({ type: 'channelEntered', at, ...channelView(channel), inApplication: true, args });
    }
    case 'StasisEnd':
      return told({ type: 'channelLeft', at, channelId: as(type).channel.id });
    case 'ChannelDestroyed': {
      const { channel, cause } = as(type);
      return told({ type: 'channelHungUp', at, channelId: channel.id, cause });
    }
    case 'ChannelHangupRequest': {
      const { channel, cause } = as(type);
      return cause === undefined
        ? { kind: 'ignored' }
        : told({ type: 'hangUpRequested', at, channelId: channel.id, cause });
    }
    case 'ChannelStateChange': {
      const { channel } = as(type);
      if (channel.state === 'Ringing') return told({ type: 'channelRinging', at, channelId: channel.id });
      const view = channelView(channel);
      // A citizen's channel that we answered entered before; a leg enters by being answered.
      const answeredLeg = channel.state === 'Up' && view.inApplication && view.args[0] !== inbound;
      return answeredLeg ? told({ type: 'channelEntered', at, ...view }) : { kind: 'ignored' };
    }
    case 'ChannelDtmfReceived': {
      const { channel, digit } = as(type);
      return told({ type: 'digitPressed', at, channelId: channel.id, digit });
    }
    case 'PlaybackFinished': {
      const { id, target_uri, state } = as(type).playback;
      const channelId = /^channel:(.+)$/.exec(target_uri)?.[1];
      if (!channelId) return { kind: 'ignored' };
      return told({ type: 'playbackFinished', at, playbackId: id, channelId, failed: state === 'failed' });
    }
    case 'DeviceStateChanged': {
      const { name, state } = as(type).device_state;
      const phone = /^PJSIP\/(.+)$/.exec(name)?.[1];
      if (!phone || phone === trunk) return { kind: 'ignored' };
      return told({ type: 'phoneChanged', at, phone, reachable: !unreachableStates.has(state) });
    }
  }
}

/** First word of the dialplan's Stasis() for calls from the carrier. */
const inbound = 'inbound';
/** Endpoint of the carrier: no phone. */
const trunk = 'trunk';
const unreachableStates = new Set(['UNAVAILABLE', 'INVALID', 'UNKNOWN']);

function told(telephonyEvent: TelephonyEvent): Translated {
  return { kind: 'event', event: telephonyEvent };
}

function typeOf(message: unknown): string | null {
  if (typeof message !== 'object' || message === null || !('type' in message)) return null;
  return typeof message.type === 'string' ? message.type.slice(0, 40) : null;
}

const channelStates: Readonly<Record<string, ChannelView['state']>> = {
  Down: 'down',
  Rsrvd: 'down',
  Ring: 'ringing',
  Ringing: 'ringing',
  Up: 'up',
};

/** Words that stand for a withheld number, as carriers and Asterisk write them. */
const withheld = new Set(['', 'anonymous', 'unknown', 'unavailable', 'restricted', 'private']);

function channelView(channel: Channel): ChannelView {
  const { app_name, app_data, exten } = channel.dialplan;
  const [name, ...args] = app_data?.split(',') ?? [];
  // A leg of ours is in Stasis from the moment it is made, so that it stays there when it is answered while no server
  // runs; until then it only rings.
  const rings = channel.state === 'Down' || channel.state === 'Ringing';
  const inApplication = app_name === 'Stasis' && name === application && !rings;
  return {
    channelId: channel.id,
    state: channelStates[channel.state] ?? 'other',
    inApplication,
    args: inApplication ? args : [],
    callerNumber: withheld.has(channel.caller.number.toLowerCase()) ? null : channel.caller.number,
    dialled: exten,
    createdAt: Date.parse(channel.creationtime),
  };
}

const Info = Compile(
  Type.Object({
    system: Type.Object({ version: Type.String() }),
    config: Type.Object({ name: Type.String() }),
    status: Type.Object({ startup_time: Type.String() }),
  }),
);
const Channels = Compile(Type.Array(Channel));
const Bridges = Compile(Type.Array(Type.Object({ id: Type.String(), channels: Type.Array(Type.String()) })));
const Endpoints = Compile(
  Type.Array(Type.Object({ technology: Type.String(), resource: Type.String(), state: Type.Optional(Type.String()) })),
);

/** Answers of `GET asterisk/info`, `channels`, `bridges`, `endpoints`. */
export interface SnapshotParts {
  info: unknown;
  channels: unknown;
  bridges: unknown;
  endpoints: unknown;
}

/** @returns null when a part does not fit its schema. `systemName` tells which Asterisk answered. */
export function readSnapshot(parts: SnapshotParts): { systemName: string; snapshot: TelephonySnapshot } | null {
  const { info, channels, bridges, endpoints } = parts;
  if (!Info.Check(info) || !Channels.Check(channels) || !Bridges.Check(bridges) || !Endpoints.Check(endpoints))
    return null;
  return {
    systemName: info.config.name,
    snapshot: {
      startedAt: Date.parse(info.status.startup_time),
      version: /^[\d.]+/.exec(info.system.version)?.[0] ?? info.system.version,
      channels: channels.map(channelView),
      bridges: bridges.map((bridge): BridgeView => ({ bridgeId: bridge.id, channelIds: bridge.channels })),
      phones: endpoints
        .filter(({ technology, resource }) => technology === 'PJSIP' && resource !== trunk)
        .map(({ resource, state }) => ({ phone: resource, reachable: state === 'online' })),
    },
  };
}
