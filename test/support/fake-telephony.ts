/**
 * A telephony in memory with a tiny exchange inside, for fast tests. It keeps the contract of the real adapters
 * (`test/platform/asterisk/contract.ts`). Tests drive the far ends: citizens who call, phones that ring.
 *
 * Events are told in the order in which things happen, each in a microtask of its own, never inside a command.
 */
import {
  type BridgeView,
  type ChannelView,
  type DialOptions,
  type HangUpReason,
  type PhoneAccount,
  type Telephony,
  TelephonyError,
  type TelephonyEvent,
  type TelephonyListener,
} from '../../src/platform/asterisk/port.js';

/** What a phone does when it is called. */
export type FakeManner = 'answer' | 'ring' | 'busy' | 'reject';

interface Channel extends ChannelView {
  music: boolean;
  bridgeId: string | null;
  /** Playbacks in the order in which they will be heard; the first plays. */
  playbacks: { id: string; media: string[] }[];
  /** The phone at the far end of a leg that we dialled. */
  phone: string | null;
  noAnswer: NodeJS.Timeout | undefined;
}

interface Phone {
  account: PhoneAccount;
  reachable: boolean;
  manner: FakeManner;
}

/** What survives the end of a connection: the exchange itself. Two telephonies may stand before one. */
export class FakeExchange {
  startedAt: number;
  readonly channels = new Map<string, Channel>();
  readonly bridges = new Map<string, Set<string>>();
  readonly phones = new Map<string, Phone>();
  /** Channels that went back to the dialplan, and where to. */
  readonly left: { channelId: string; context: string; extension: string }[] = [];
  readonly reloaded: string[] = [];
  /** Why each channel ended, as the far end was told. */
  readonly hungUp = new Map<string, HangUpReason | 'far'>();
  owner: FakeTelephony | null = null;
  #last = 0;

  constructor(readonly now: () => number = Date.now) {
    this.startedAt = now();
  }

  /** A citizen dials; the call comes in by Stasis, or goes to the emergency queue when nobody listens. */
  call(callerNumber: string | null, dialled = '12345'): string {
    this.#last += 1;
    const channelId = `fake-${this.startedAt}.${this.#last}`;
    const channel: Channel = {
      ...fresh(channelId, this.now()),
      state: 'ringing',
      inApplication: this.owner !== null,
      args: ['inbound', dialled],
      callerNumber,
      dialled,
    };
    this.channels.set(channelId, channel);
    if (this.owner) this.tell({ type: 'channelEntered', at: this.now(), ...view(channel) });
    else this.left.push({ channelId, context: 'emergency', extension: 's' });
    return channelId;
  }

  press(channelId: string, digit: string): void {
    this.tell({ type: 'digitPressed', at: this.now(), channelId, digit });
  }

  /** The far end of the channel hangs up. */
  hangUp(channelId: string): void {
    this.hungUp.set(channelId, 'far');
    this.end(channelId, 16);
  }

  /** The first playback of the channel was heard to its end. */
  playedOut(channelId: string, failed = false): void {
    const channel = this.channels.get(channelId);
    const playback = channel?.playbacks.shift();
    if (playback) this.tell({ type: 'playbackFinished', at: this.now(), playbackId: playback.id, channelId, failed });
  }

  register(phone: string): void {
    this.#reach(phone, true);
  }

  unregister(phone: string): void {
    this.#reach(phone, false);
  }

  setManner(phone: string, manner: FakeManner): void {
    const known = this.phones.get(phone);
    if (!known) throw new Error('no such phone');
    known.manner = manner;
  }

  /** The channel on which the phone is called now. */
  legOf(phone: string): string | null {
    return [...this.channels.values()].find((channel) => channel.phone === phone)?.channelId ?? null;
  }

  answerPhone(channelId: string): void {
    const channel = this.channels.get(channelId);
    if (!channel || channel.state === 'up') return;
    clearTimeout(channel.noAnswer);
    channel.state = 'up';
    channel.inApplication = true;
    this.tell({ type: 'channelEntered', at: this.now(), ...view(channel) });
  }

  end(channelId: string, cause: number): void {
    const channel = this.channels.get(channelId);
    if (!channel) return;
    clearTimeout(channel.noAnswer);
    this.channels.delete(channelId);
    if (channel.bridgeId) this.bridges.get(channel.bridgeId)?.delete(channelId);
    for (const { id } of channel.playbacks)
      this.tell({ type: 'playbackFinished', at: this.now(), playbackId: id, channelId, failed: true });
    if (channel.inApplication) this.tell({ type: 'channelLeft', at: this.now(), channelId });
    else if (channel.phone) this.tell({ type: 'channelHungUp', at: this.now(), channelId, cause });
  }

  /** The process dies and comes back: every call is gone, accounts stay. */
  restart(): void {
    this.owner?.breakConnection('ECONNRESET');
    for (const channel of this.channels.values()) clearTimeout(channel.noAnswer);
    this.channels.clear();
    this.bridges.clear();
    this.startedAt = Math.max(this.now(), this.startedAt + 1);
  }

  tell(event: TelephonyEvent): void {
    this.owner?.deliver(event);
  }

  #reach(phone: string, reachable: boolean): void {
    const known = this.phones.get(phone);
    if (!known) throw new Error('no such phone');
    if (known.reachable === reachable) return;
    known.reachable = reachable;
    this.tell({ type: 'phoneChanged', at: this.now(), phone, reachable });
  }
}

export interface SentCommand {
  readonly command: string;
  readonly channelId?: string;
}

export class FakeTelephony implements Telephony {
  readonly exchange: FakeExchange;
  /** Every command in order, by name. */
  readonly commands: SentCommand[] = [];
  #listener: TelephonyListener | null = null;
  #connected = false;
  #ended = false;
  #reconnect: NodeJS.Timeout | undefined;
  readonly #failures: { command: string; reason: TelephonyError['reason'] }[] = [];

  constructor(exchange = new FakeExchange()) {
    this.exchange = exchange;
  }

  /** The next command of this name fails so, without any effect. */
  failNext(command: keyof Telephony, reason: TelephonyError['reason']): void {
    this.#failures.push({ command, reason });
  }

  /** The connection breaks; it is there again after `forMs`, or at `connect()` when that is Infinity. */
  breakConnection(reason = 'closed', forMs = 10): void {
    if (!this.#connected) return;
    this.#connected = false;
    if (this.exchange.owner === this) this.exchange.owner = null;
    this.#listener?.onDisconnected(reason);
    if (forMs !== Number.POSITIVE_INFINITY) this.#reconnect = setTimeout(() => this.connect(), forMs);
  }

  connect(): void {
    if (this.#ended || this.#connected) return;
    const before = this.exchange.owner;
    this.exchange.owner = this;
    this.#connected = true;
    before?.replaced();
    this.#listener?.onConnected({
      startedAt: this.exchange.startedAt,
      version: '22.0.0',
      channels: [...this.exchange.channels.values()].map(view),
      bridges: [...this.exchange.bridges].map(
        ([bridgeId, channelIds]): BridgeView => ({ bridgeId, channelIds: [...channelIds] }),
      ),
      phones: [...this.exchange.phones].map(([phone, { reachable }]) => ({ phone, reachable })),
    });
  }

  replaced(): void {
    this.#connected = false;
    this.#ended = true;
    this.#listener?.onReplaced();
  }

  deliver(event: TelephonyEvent): void {
    queueMicrotask(() => {
      if (this.#connected) this.#listener?.onEvent(event);
    });
  }

  start(listener: TelephonyListener): void {
    if (this.#listener) throw new Error('telephony was started before');
    this.#listener = listener;
    queueMicrotask(() => this.connect());
  }

  async stop(): Promise<void> {
    clearTimeout(this.#reconnect);
    this.#ended = true;
    this.#connected = false;
    if (this.exchange.owner === this) this.exchange.owner = null;
  }

  async answer(channelId: string): Promise<void> {
    this.#held('answer', channelId).state = 'up';
  }

  async play(channelId: string, playbackId: string, media: string[]): Promise<void> {
    this.#held('play', channelId).playbacks.push({ id: playbackId, media });
  }

  async stopPlayback(playbackId: string): Promise<void> {
    this.#begin('stopPlayback');
    for (const channel of this.exchange.channels.values()) {
      const index = channel.playbacks.findIndex(({ id }) => id === playbackId);
      if (index < 0) continue;
      channel.playbacks.splice(index, 1);
      const { channelId } = channel;
      this.exchange.tell({ type: 'playbackFinished', at: this.exchange.now(), playbackId, channelId, failed: false });
      return;
    }
    throw new TelephonyError('gone', 'stopPlayback');
  }

  async startMusic(channelId: string): Promise<void> {
    this.#held('startMusic', channelId).music = true;
  }

  async stopMusic(channelId: string): Promise<void> {
    this.#held('stopMusic', channelId).music = false;
  }

  async createBridge(bridgeId: string): Promise<void> {
    this.#begin('createBridge');
    if (this.exchange.bridges.has(bridgeId)) throw new TelephonyError('conflict', 'createBridge');
    this.exchange.bridges.set(bridgeId, new Set());
  }

  async addToBridge(bridgeId: string, channelIds: string[]): Promise<void> {
    const bridge = this.#bridge('addToBridge', bridgeId);
    const channels = channelIds.map((channelId) => this.#held('addToBridge', channelId, true));
    for (const channel of channels) {
      if (channel.bridgeId) this.exchange.bridges.get(channel.bridgeId)?.delete(channel.channelId);
      channel.bridgeId = bridgeId;
      bridge.add(channel.channelId);
    }
  }

  async removeFromBridge(bridgeId: string, channelIds: string[]): Promise<void> {
    const bridge = this.#bridge('removeFromBridge', bridgeId);
    for (const channelId of channelIds) {
      const channel = this.#held('removeFromBridge', channelId, true);
      if (!bridge.delete(channelId)) throw new TelephonyError('conflict', 'removeFromBridge');
      channel.bridgeId = null;
    }
  }

  async destroyBridge(bridgeId: string): Promise<void> {
    this.#begin('destroyBridge');
    for (const channelId of this.exchange.bridges.get(bridgeId) ?? []) {
      const channel = this.exchange.channels.get(channelId);
      if (channel) channel.bridgeId = null;
    }
    this.exchange.bridges.delete(bridgeId);
  }

  async dial(options: DialOptions): Promise<void> {
    this.#begin('dial', options.channelId);
    const { exchange } = this;
    const name = /^PJSIP\/(.+)$/.exec(options.endpoint)?.[1] ?? '';
    const phone = exchange.phones.get(name);
    if (exchange.channels.has(options.channelId)) throw new TelephonyError('conflict', 'dial');
    if (!phone?.reachable) throw new TelephonyError('failed', 'dial', { status: 500 });
    const channel: Channel = {
      ...fresh(options.channelId, exchange.now()),
      args: options.args,
      callerNumber: options.callerNumber,
      phone: name,
    };
    exchange.channels.set(options.channelId, channel);
    if (phone.manner === 'busy') return queueMicrotask(() => exchange.end(options.channelId, 17));
    if (phone.manner === 'reject') return queueMicrotask(() => exchange.end(options.channelId, 21));
    if (phone.manner === 'answer') return queueMicrotask(() => exchange.answerPhone(options.channelId));
    channel.state = 'ringing';
    exchange.tell({ type: 'channelRinging', at: exchange.now(), channelId: options.channelId });
    channel.noAnswer = setTimeout(
      () => exchange.end(options.channelId, 19),
      Math.ceil(options.timeoutMs / 1000) * 1000,
    );
  }

  async hangUp(channelId: string, reason: HangUpReason): Promise<void> {
    this.#begin('hangUp', channelId);
    if (!this.exchange.channels.has(channelId)) return;
    this.exchange.hungUp.set(channelId, reason);
    this.exchange.end(channelId, 16);
  }

  async leave(channelId: string, to: { context: string; extension: string }): Promise<void> {
    const channel = this.#held('leave', channelId);
    channel.inApplication = false;
    this.exchange.left.push({ channelId, ...to });
    this.exchange.tell({ type: 'channelLeft', at: this.exchange.now(), channelId });
  }

  async putPhone(account: PhoneAccount): Promise<void> {
    this.#begin('putPhone');
    const known = this.exchange.phones.get(account.phone);
    this.exchange.phones.set(account.phone, { manner: 'ring', reachable: false, ...known, account });
  }

  async removePhone(phone: string): Promise<void> {
    this.#begin('removePhone');
    this.exchange.phones.delete(phone);
  }

  async reloadModule(module: string): Promise<void> {
    this.#begin('reloadModule');
    this.exchange.reloaded.push(module);
  }

  #begin(command: string, channelId?: string): void {
    if (!this.#connected) throw new TelephonyError('unavailable', command);
    this.commands.push(channelId === undefined ? { command } : { command, channelId });
    const index = this.#failures.findIndex((failure) => failure.command === command);
    const [failure] = index < 0 ? [] : this.#failures.splice(index, 1);
    if (failure) throw new TelephonyError(failure.reason, command);
  }

  /** The channel, in our application. */
  #held(command: string, channelId: string, begun = false): Channel {
    if (!begun) this.#begin(command, channelId);
    const channel = this.exchange.channels.get(channelId);
    if (!channel) throw new TelephonyError('gone', command);
    if (!channel.inApplication) throw new TelephonyError('conflict', command);
    return channel;
  }

  #bridge(command: string, bridgeId: string): Set<string> {
    this.#begin(command);
    const bridge = this.exchange.bridges.get(bridgeId);
    if (!bridge) throw new TelephonyError('gone', command);
    return bridge;
  }
}

function fresh(channelId: string, now: number): Channel {
  return {
    channelId,
    state: 'down',
    inApplication: false,
    args: [],
    callerNumber: null,
    dialled: '',
    createdAt: now,
    music: false,
    bridgeId: null,
    playbacks: [],
    phone: null,
    noAnswer: undefined,
  };
}

function view(channel: Channel): ChannelView {
  const { channelId, state, inApplication, args, callerNumber, dialled, createdAt } = channel;
  return { channelId, state, inApplication, args: inApplication ? args : [], callerNumber, dialled, createdAt };
}
