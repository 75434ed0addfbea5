/**
 * What this program asks of a telephone exchange, and what the exchange tells it: the only telephony types that other
 * rooms know. Two adapters speak it to a real Asterisk (`ari-client` and REST over the event WebSocket), one fake speaks
 * it for fast tests; all three pass `test/platform/asterisk/contract.ts`.
 *
 * Ids are chosen by us (channels that we dial, bridges, playbacks), so that a fresh process can read what Asterisk holds
 * and knows whose it is. Times are milliseconds since the epoch.
 */

/** One thing that happened in the exchange. Unknown or malformed events never get here: they are counted at the border. */
export type TelephonyEvent =
  /** A channel came into our application: a citizen's call from the dialplan, or a leg that we dialled and that answered. */
  | ({ type: 'channelEntered'; at: number } & ChannelView)
  /** The far end hung up, with its Q.850 cause; the channel leaves right after. */
  | { type: 'hangUpRequested'; at: number; channelId: string; cause: number }
  /** The channel left our application (hung up, or sent back to the dialplan): the dependable end of a leg. */
  | { type: 'channelLeft'; at: number; channelId: string }
  /** A leg that we dialled no longer exists. `cause` is the Q.850 number: 16 normal, 17 busy, 18/19 no answer, 20 absent, 21 rejected. */
  | { type: 'channelHungUp'; at: number; channelId: string; cause: number }
  /** A leg that we dialled rings at the far end. */
  | { type: 'channelRinging'; at: number; channelId: string }
  | { type: 'digitPressed'; at: number; channelId: string; digit: string }
  /** A playback ended: played out, stopped, or failed. */
  | { type: 'playbackFinished'; at: number; playbackId: string; channelId: string; failed: boolean }
  /** A seat's phone can or cannot be reached now (registered contact). `phone` is the SIP account's name. */
  | { type: 'phoneChanged'; at: number; phone: string; reachable: boolean };

/** A channel as the exchange describes it. */
export interface ChannelView {
  channelId: string;
  /** `up` once answered. */
  state: 'down' | 'ringing' | 'up' | 'other';
  /** True when our application holds the channel; false while it rings or runs in the dialplan. */
  inApplication: boolean;
  /** The words given to Stasis() in the dialplan, or at dialling: `['inbound', …]`, `['agent', …]`. */
  args: string[];
  /** The caller's number exactly as signalled; null when withheld. Personal data. */
  callerNumber: string | null;
  /** The number that was dialled: 12345. */
  dialled: string;
  createdAt: number;
}

export interface BridgeView {
  bridgeId: string;
  channelIds: string[];
}

/** All that the exchange holds, read after every connect: what we missed while away shows as a difference to our state. */
export interface TelephonySnapshot {
  /** When this Asterisk process started: another value than before means that every older call is gone. */
  startedAt: number;
  /** The version in words, `22.10.1`. */
  version: string;
  channels: ChannelView[];
  bridges: BridgeView[];
  phones: { phone: string; reachable: boolean }[];
}

export interface TelephonyListener {
  /**
   * The connection stands (first time or again) and `snapshot` was read. Events that came while it was read follow
   * after this call, so an event may tell again what the snapshot already shows: take both as idempotent.
   */
  onConnected(snapshot: TelephonySnapshot): void;
  /** The connection is lost; commands fail with `unavailable` until `onConnected`. Reconnecting goes on for ever by itself. */
  onDisconnected(reason: string): void;
  /** Another process took over our application name: this one must stop acting. No reconnect follows. */
  onReplaced(): void;
  onEvent(event: TelephonyEvent): void;
}

export interface DialOptions {
  /** Id that the new channel will have; made from the call id. */
  channelId: string;
  /** What to ring: `PJSIP/1001`. */
  endpoint: string;
  /** Words handed back in `channelEntered.args` once the far end answers. */
  args: string[];
  /** Number shown on the phone that rings; null shows none. */
  callerNumber: string | null;
  /** Ring at most this long; then the channel ends with cause 19. Whole seconds reach Asterisk, rounded up. */
  timeoutMs: number;
  /** The channel whose codecs come first, so that audio passes without transcoding; one that is gone is no error. */
  originatorChannelId?: string;
}

/** A SIP account that a seat's phone registers with. */
export interface PhoneAccount {
  phone: string;
  password: string;
  /** `webrtc` for a browser (DTLS, ICE, Opus and alaw), `sip` for a desk phone (alaw, ulaw). */
  kind: 'webrtc' | 'sip';
  displayName: string;
}

/** Why we end a channel; the far side gets the matching SIP status when it was not answered. */
export type HangUpReason = 'normal' | 'busy' | 'congestion' | 'noAnswer' | 'rejected';

/**
 * Commands return once the exchange accepted them. Every one fails with a `TelephonyError`:
 * `gone` the channel, bridge or playback does not exist (any more), `conflict` it exists but not in a fitting state,
 * `unavailable` no connection, `timedOut` no answer in the set time (it may still have been carried out),
 * `failed` anything else.
 */
export interface Telephony {
  /** Begins to connect and keeps connected until `stop`; resolves at once. */
  start(listener: TelephonyListener): void;
  stop(): Promise<void>;

  answer(channelId: string): Promise<void>;
  /** Plays media one after the other: `sound:<path without ending>`, `tone:ring`. One playback id for the whole list. */
  play(channelId: string, playbackId: string, media: string[]): Promise<void>;
  stopPlayback(playbackId: string): Promise<void>;
  /** A prompt played over it ends the music. In a bridge it covers the other party: stop it before `addToBridge`. */
  startMusic(channelId: string): Promise<void>;
  stopMusic(channelId: string): Promise<void>;

  createBridge(bridgeId: string): Promise<void>;
  addToBridge(bridgeId: string, channelIds: string[]): Promise<void>;
  removeFromBridge(bridgeId: string, channelIds: string[]): Promise<void>;
  /** Succeeds when the bridge is gone already. */
  destroyBridge(bridgeId: string): Promise<void>;

  /** Fails with `failed`, and no event follows, when the phone is not registered. */
  dial(options: DialOptions): Promise<void>;
  /** Succeeds when the channel is gone already. */
  hangUp(channelId: string, reason: HangUpReason): Promise<void>;
  /** Gives the channel back to the dialplan. */
  leave(channelId: string, to: { context: string; extension: string }): Promise<void>;

  /** Creates or replaces a phone's account live: no reload, no touch on calls; it survives a restart of Asterisk. */
  putPhone(account: PhoneAccount): Promise<void>;
  removePhone(phone: string): Promise<void>;
  /** Makes a module read its file again, e.g. `app_queue.so` after the emergency queue's members changed. */
  reloadModule(module: string): Promise<void>;
}

export class TelephonyError extends Error {
  override readonly name = 'TelephonyError';
  constructor(
    readonly reason: 'gone' | 'conflict' | 'unavailable' | 'timedOut' | 'failed',
    /** The command's name, never its arguments: those carry numbers. */
    readonly command: string,
    options?: { status?: number; cause?: unknown },
  ) {
    super(`telephony command ${command}: ${reason}${options?.status ? ` (status ${options.status})` : ''}`, {
      cause: options?.cause,
    });
    this.status = options?.status;
  }
  readonly status: number | undefined;
}
