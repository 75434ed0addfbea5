import type { Logger } from 'pino';
import { formatNumber } from '../citizen/number.js';
import type { Region } from '../citizen/region.js';
import { type Telephony, TelephonyError, type TelephonyListener } from '../platform/asterisk/port.js';
import type { JournalEntry } from '../platform/journal/journal-entry.js';
import type { Board, Decision } from './board.js';
import type { Call } from './call.js';
import type { CallAct } from './call-acts.js';
import type { NewFact } from './call-events.js';
import { noHistory, type Pop, type PopHistory } from './pop.js';
import { decide, type SwitchboardInput } from './switchboard.js';

export interface CallRunnerParts {
  readonly board: Board;
  readonly telephony: Telephony;
  /** Writes entries to the journal and tells the consoles, in this order, before it returns. */
  readonly append: (entries: readonly NewFact[]) => readonly JournalEntry[];
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** A prompt's name → what Asterisk plays. */
  readonly resolvePrompt: (name: string, language: 'zh' | 'en') => string;
  /** What is known of a number; asked when a call arrives so that the pop need not wait for it. */
  readonly findHistory: (callerNumber: string) => Promise<PopHistory>;
  readonly regionOf: (callerNumber: string) => Region | null;
  /** Called after each connect, when the board and Asterisk agree again. */
  readonly onConnected?: (fresh: boolean) => void;
  /** Another process took over our place at Asterisk. */
  readonly onReplaced: () => void;
}

/**
 * Handles everything that happens to calls, strictly one after the other: decide, write what happened to the journal, tell the
 * consoles, then carry out the acts. Decisions and writes are synchronous, so nothing comes between them; acts of one call run
 * in order behind each other, those of different calls side by side.
 *
 * Acts wait for the write, not for the disk: what was written survives a kill of this process, and a power loss takes Asterisk
 * and the calls with it.
 */
export class CallRunner {
  readonly #parts: CallRunnerParts;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Acts still to be carried out, by call. */
  readonly #acts = new Map<string, CallAct[]>();
  readonly #history = new Map<string, PopHistory>();
  #fresh = true;
  #stopped = false;

  constructor(parts: CallRunnerParts) {
    this.#parts = parts;
  }

  get board(): Board {
    return this.#parts.board;
  }

  /** Connects to Asterisk, takes over what it finds there, and goes on until `stop`. */
  start(): void {
    for (const call of this.board.calls.values()) this.#prepareHistory(call.callId, call.callerNumber);
    this.#armAll();
    const listener: TelephonyListener = {
      onConnected: (snapshot) => {
        const fresh = this.#fresh;
        this.#fresh = false;
        this.submit({ type: 'connected', snapshot, fresh });
        this.#parts.onConnected?.(fresh);
      },
      onDisconnected: (reason) => {
        this.#parts.log.warn({ reason }, 'asterisk disconnected');
        this.submit({ type: 'disconnected' });
      },
      onReplaced: () => this.#parts.onReplaced(),
      onEvent: (event) => this.submit({ type: 'telephony', event }),
    };
    this.#parts.telephony.start(listener);
  }

  /** Stops deciding and acting; calls are left as they are for the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#acts.clear();
    await this.#parts.telephony.stop();
  }

  /** Takes one input through decision, journal, consoles and acts. */
  submit(input: SwitchboardInput): void {
    if (this.#stopped) return;
    const { board, append, log, clock } = this.#parts;
    let decision: Decision;
    try {
      decision = decide(board, input, clock());
    } catch (error) {
      log.error({ err: error, input: input.type }, 'a decision failed; its input is dropped');
      return;
    }
    for (const fact of decision.facts) this.#complete(fact);
    if (decision.facts.length > 0) append(decision.facts);
    for (const wake of decision.wakes) {
      if ('callId' in wake) this.#arm(`call ${wake.callId}`, wake.at, { type: 'callWakes', callId: wake.callId });
      else this.#arm(`seat ${wake.seat}`, wake.at, { type: 'seatWakes', seat: wake.seat });
    }
    for (const act of decision.acts) this.#enqueue(act);
  }

  /** Fills in what only the outside knows: the pop's number in words, its region and history. */
  #complete(fact: NewFact): void {
    if (fact.type === 'call.arrived') this.#prepareHistory(fact.data.callId, fact.data.callerNumber);
    if (fact.type === 'call.ended') this.#history.delete(fact.data.callId);
    if (fact.type !== 'call.offered') return;
    const call = this.board.calls.get(fact.data.callId);
    if (call) fact.data.pop = this.#pop(call, fact.data.waitMs);
  }

  /** The pop of a call that is offered now, made anew; null for one that is not. */
  popOf(callId: string): Pop | null {
    const call = this.board.calls.get(callId);
    return call?.offer && call.queue ? this.#pop(call, call.offer.at - call.queue.since) : null;
  }

  #pop(call: Call, waitMs: number): Pop {
    const { callId, callerNumber, dialled, queue, menu } = call;
    return {
      callerNumber,
      callerDisplay: callerNumber ? formatNumber(callerNumber) : '',
      region: callerNumber ? this.#parts.regionOf(callerNumber) : null,
      dialled,
      queue: queue?.name ?? '',
      waitMs,
      menuPath: menu?.state.path.map(({ node, digit }) => ({ node, digit })) ?? [],
      history: this.#history.get(callId) ?? noHistory,
    };
  }

  #prepareHistory(callId: string, callerNumber: string | null): void {
    if (!callerNumber) {
      this.#history.set(callId, { ...noHistory, complete: true });
      return;
    }
    this.#parts.findHistory(callerNumber).then(
      (history) => {
        if (this.board.calls.has(callId)) this.#history.set(callId, history);
      },
      (error) => this.#parts.log.warn({ err: error, callId }, 'history for the pop could not be read'),
    );
  }

  #armAll(): void {
    for (const { callId, wakeAt } of this.board.calls.values()) {
      this.#arm(`call ${callId}`, wakeAt, { type: 'callWakes', callId });
    }
    for (const { seat, wakeAt } of this.board.seats.values()) {
      this.#arm(`seat ${seat}`, wakeAt, { type: 'seatWakes', seat });
    }
  }

  #arm(key: string, at: number | null, input: SwitchboardInput): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (at === null) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(key);
        this.submit(input);
      },
      Math.max(0, at - this.#parts.clock()),
    );
    this.#timers.set(key, timer);
  }

  #enqueue(act: CallAct): void {
    const waiting = this.#acts.get(act.callId);
    if (waiting) {
      waiting.push(act);
      return;
    }
    const acts = [act];
    this.#acts.set(act.callId, acts);
    void this.#work(act.callId, acts);
  }

  async #work(callId: string, acts: CallAct[]): Promise<void> {
    for (let act = acts[0]; act; act = acts[0]) {
      try {
        await this.#carryOut(act);
      } catch (error) {
        this.#failed(act, error);
      }
      acts.shift();
    }
    this.#acts.delete(callId);
  }

  #failed(act: CallAct, error: unknown): void {
    const reason = error instanceof TelephonyError ? error.reason : 'failed';
    const level = reason === 'gone' || reason === 'unavailable' ? 'debug' : 'warn';
    this.#parts.log[level]({ err: error, callId: act.callId, act: act.type, reason }, 'an act was not carried out');
    this.submit({ type: 'actFailed', act, reason });
  }

  #carryOut(act: CallAct): Promise<void> {
    const { telephony, resolvePrompt } = this.#parts;
    switch (act.type) {
      case 'answer':
        return telephony.answer(act.channelId);
      case 'play': {
        const media = act.prompts.map((name) => resolvePrompt(name, act.language));
        return telephony.play(act.channelId, act.playbackId, media);
      }
      case 'stopPlaying':
        return telephony.stopPlayback(act.playbackId);
      case 'startMusic':
        return telephony.startMusic(act.channelId);
      case 'stopMusic':
        return telephony.stopMusic(act.channelId);
      case 'prepareBridge':
        return telephony.createBridge(act.bridgeId);
      case 'ring':
        return telephony.dial({
          channelId: act.legId,
          endpoint: `PJSIP/${act.phone}`,
          args: ['agent', act.callId],
          callerNumber: act.callerNumber && formatNumber(act.callerNumber).replace(/[\s-]/g, ''),
          timeoutMs: act.timeoutMs,
          originatorChannelId: act.citizenChannelId,
        });
      case 'join':
        return telephony.addToBridge(act.bridgeId, [...act.channelIds]);
      case 'destroyBridge':
        return telephony.destroyBridge(act.bridgeId);
      case 'hangUp':
        return telephony.hangUp(act.channelId, act.reason);
    }
  }
}
