import { Board, type Decision, type SwitchboardSettings } from '../../src/call/board.js';
import { boardCheckpoint, restoreBoard } from '../../src/call/board-state.js';
import type { CallAct } from '../../src/call/call-acts.js';
import type { NewFact } from '../../src/call/call-events.js';
import { decide, type SwitchboardInput } from '../../src/call/switchboard.js';
import type { ChannelView, TelephonyEvent, TelephonySnapshot } from '../../src/platform/asterisk/port.js';

interface ModelChannel {
  view: ChannelView;
  kind: 'citizen' | 'leg';
  playing: string | null;
  music: boolean;
  /** Events not yet told, oldest first: what one channel does is told in order, channels among each other in any order. */
  untold: TelephonyEvent[];
  gone: boolean;
}

/**
 * A model of Asterisk and of a server in front of it, for tests of the pure rules: acts are carried out at once, what they cause
 * is told later, in an order that the test chooses; the connection, the server and Asterisk can be lost at any point.
 */
export class Model {
  now = 1_700_000_000_000;
  board: Board;
  readonly channels = new Map<string, ModelChannel>();
  readonly bridges = new Map<string, Set<string>>();
  readonly phones = new Set<string>();
  readonly facts: (NewFact & { id: number })[] = [];
  /** All acts so far. */
  readonly acts: CallAct[] = [];
  connected = false;
  #startedAt = 1;
  #count = 0;

  constructor(readonly settings: SwitchboardSettings) {
    this.board = new Board(settings);
    this.connect(true);
  }

  input(input: SwitchboardInput): Decision {
    const decision = decide(this.board, input, this.now);
    for (const fact of decision.facts)
      this.facts.push({ ...structuredClone(fact), id: this.facts.length + 1 } as NewFact & { id: number });
    for (const act of decision.acts) this.#carryOut(act);
    return decision;
  }

  arrive(callerNumber: string | null = '13800000001'): string {
    this.#count += 1;
    const channelId = `hotline-${this.#count}.0`;
    const view: ChannelView = {
      channelId,
      state: 'ringing',
      inApplication: true,
      args: ['inbound'],
      callerNumber,
      dialled: '12345',
      createdAt: this.now + this.#count / 1_000,
    };
    const channel: ModelChannel = { view, kind: 'citizen', playing: null, music: false, untold: [], gone: false };
    this.channels.set(channelId, channel);
    this.#tell(channel, { type: 'channelEntered', at: this.now, ...view });
    return channelId;
  }

  /** The far end of a channel hangs up (or refuses, for a leg that rings). */
  drop(channelId: string, cause = 16): void {
    const channel = this.channels.get(channelId);
    if (!channel || channel.gone) return;
    channel.gone = true;
    for (const members of this.bridges.values()) members.delete(channelId);
    if (channel.kind === 'citizen') this.#tell(channel, { type: 'hangUpRequested', at: this.now, channelId, cause });
    this.#tell(channel, { type: 'channelLeft', at: this.now, channelId });
    if (channel.kind === 'leg') this.#tell(channel, { type: 'channelHungUp', at: this.now, channelId, cause });
    if (channel.untold.length === 0) this.channels.delete(channelId);
  }

  press(channelId: string, digit: string): void {
    const channel = this.channels.get(channelId);
    if (channel && !channel.gone) this.#tell(channel, { type: 'digitPressed', at: this.now, channelId, digit });
  }

  promptEnds(channelId: string): void {
    const channel = this.channels.get(channelId);
    if (!channel?.playing || channel.gone) return;
    const playbackId = channel.playing;
    channel.playing = null;
    this.#tell(channel, { type: 'playbackFinished', at: this.now, playbackId, channelId, failed: false });
  }

  /** A ringing phone is answered. */
  answer(legId: string): void {
    const leg = this.channels.get(legId);
    if (!leg || leg.gone || leg.view.inApplication) return;
    leg.view = { ...leg.view, state: 'up', inApplication: true };
    this.#tell(leg, { type: 'channelEntered', at: this.now, ...leg.view });
  }

  setPhone(phone: string, reachable: boolean): void {
    if (reachable) this.phones.add(phone);
    else this.phones.delete(phone);
    if (this.connected)
      this.input({ type: 'telephony', event: { type: 'phoneChanged', at: this.now, phone, reachable } });
  }

  /** Tells the oldest untold event of a channel; false when there is none. */
  tell(channelId: string): boolean {
    const channel = this.channels.get(channelId);
    const event = channel?.untold.shift();
    if (channel?.gone && channel.untold.length === 0) this.channels.delete(channelId);
    if (!event) return false;
    if (this.connected) this.input({ type: 'telephony', event });
    return true;
  }

  tellAll(): void {
    for (let told = true; told; ) {
      told = false;
      for (const channelId of [...this.channels.keys()]) if (this.tell(channelId)) told = true;
    }
  }

  /** Time passes; whoever wanted to wake by then does. */
  pass(ms: number): void {
    this.now += ms;
    for (const { callId, wakeAt } of [...this.board.calls.values()]) {
      if (wakeAt !== null && wakeAt <= this.now) this.input({ type: 'callWakes', callId });
    }
    for (const { seat, wakeAt } of [...this.board.seats.values()]) {
      if (wakeAt !== null && wakeAt <= this.now) this.input({ type: 'seatWakes', seat });
    }
  }

  /** The connection is lost: everything untold is lost with it. */
  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.input({ type: 'disconnected' });
  }

  connect(fresh = false): void {
    for (const channel of [...this.channels.values()]) {
      channel.untold = [];
      if (channel.gone) this.channels.delete(channel.view.channelId);
    }
    this.connected = true;
    const snapshot: TelephonySnapshot = {
      startedAt: this.#startedAt,
      version: '22.0.0',
      channels: [...this.channels.values()].map(({ view }) => view),
      bridges: [...this.bridges].map(([bridgeId, members]) => ({ bridgeId, channelIds: [...members] })),
      phones: [...this.phones].map((phone) => ({ phone, reachable: true })),
    };
    this.input({ type: 'connected', snapshot, fresh });
  }

  /** The server is killed; a fresh one reads the journal, from its beginning or from a checkpoint. */
  killServer(fromCheckpoint: boolean): void {
    const checkpoint = fromCheckpoint ? structuredClone(boardCheckpoint(this.board)) : null;
    this.board = new Board(this.settings);
    restoreBoard(this.board, checkpoint, fromCheckpoint ? [] : this.facts);
    this.connect(true);
  }

  /** Asterisk is killed: every channel and bridge is gone without a word. */
  killAsterisk(): void {
    this.disconnect();
    this.channels.clear();
    this.bridges.clear();
    this.#startedAt += 1;
    this.connect();
  }

  #tell(channel: ModelChannel, event: TelephonyEvent): void {
    if (this.connected) channel.untold.push(event);
  }

  #carryOut(act: CallAct): void {
    this.acts.push(act);
    if (!this.connected) return;
    const channel = 'channelId' in act ? this.channels.get(act.channelId) : undefined;
    const alive = channel && !channel.gone ? channel : undefined;
    switch (act.type) {
      case 'answer':
        if (alive) alive.view = { ...alive.view, state: 'up' };
        return;
      case 'play':
        if (alive) alive.playing = act.playbackId;
        return;
      case 'stopPlaying':
        for (const other of this.channels.values()) {
          if (other.playing === act.playbackId) this.promptEnds(other.view.channelId);
        }
        return;
      case 'startMusic':
      case 'stopMusic':
        if (alive) alive.music = act.type === 'startMusic';
        return;
      case 'prepareBridge':
        if (!this.bridges.has(act.bridgeId)) this.bridges.set(act.bridgeId, new Set());
        return;
      case 'destroyBridge':
        this.bridges.delete(act.bridgeId);
        return;
      case 'join':
        for (const id of act.channelIds)
          if (this.channels.get(id)?.gone === false) this.bridges.get(act.bridgeId)?.add(id);
        return;
      case 'ring': {
        if (!this.phones.has(act.phone)) {
          this.input({ type: 'actFailed', act, reason: 'failed' });
          return;
        }
        const view: ChannelView = {
          channelId: act.legId,
          state: 'ringing',
          inApplication: false,
          args: ['agent', act.callId],
          callerNumber: null,
          dialled: '',
          createdAt: this.now,
        };
        this.channels.set(act.legId, { view, kind: 'leg', playing: null, music: false, untold: [], gone: false });
        return;
      }
      case 'hangUp':
        this.drop(act.channelId);
        return;
    }
  }
}
