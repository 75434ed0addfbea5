import type { TelephonyError, TelephonyEvent, TelephonySnapshot } from '../platform/asterisk/port.js';
import { type Seat, takeSeat } from '../seat/seat.js';
import { type Board, type Decision, Step, type SwitchboardSettings } from './board.js';
import type { Call } from './call.js';
import type { CallAct } from './call-acts.js';
import { agentLeft, endCall, hangUpCitizen } from './ending.js';
import { arrive, menuEvent } from './menu-flow.js';
import { reconcile } from './takeover.js';
import { joinFailed, missReasonOf, seatAnswered } from './talking.js';
import { announce, backToMusic, missOffer, offerAll } from './waiting.js';

/** Everything that can happen to the switchboard. */
export type SwitchboardInput =
  | { type: 'telephony'; event: TelephonyEvent }
  | { type: 'connected'; snapshot: TelephonySnapshot; fresh: boolean }
  | { type: 'disconnected' }
  | { type: 'actFailed'; act: CallAct; reason: TelephonyError['reason'] }
  | { type: 'callWakes'; callId: string }
  | { type: 'seatWakes'; seat: string }
  | { type: 'seatTaken'; seat: string; agentId: string; agentName: string; queues: readonly string[] }
  | { type: 'seatLeft'; seat: string }
  | { type: 'seatMoved'; seat: string; to: 'ready' | 'offline'; by: 'agent' | 'supervisor' }
  | { type: 'settingsChanged'; settings: SwitchboardSettings }
  | { type: 'draining' };

/**
 * The one decision of the voice service: what an input means for calls, queues and seats. Deterministic: the same board, input
 * and time give the same facts and acts; no clock, no I/O, no dice. The board is changed in place.
 */
export function decide(board: Board, input: SwitchboardInput, now: number): Decision {
  const step = new Step(board, now);
  take(step, input);
  offerAll(step);
  return step.finish();
}

function take(step: Step, input: SwitchboardInput): void {
  const { board } = step;
  switch (input.type) {
    case 'telephony':
      return takeEvent(step, input.event);
    case 'connected':
      return reconcile(step, input.snapshot, input.fresh);
    case 'disconnected':
      board.online = false;
      return;
    case 'actFailed':
      return takeFailure(step, input.act, input.reason);
    case 'callWakes':
      return wakeCall(step, board.calls.get(input.callId));
    case 'seatWakes':
      return wakeSeat(step, board.seats.get(input.seat));
    case 'seatTaken': {
      const { seat, agentId, agentName, queues } = input;
      return step.putSeat(takeSeat(seat, { agentId, agentName, queues }, step.now), null);
    }
    case 'seatLeft': {
      const seat = board.seats.get(input.seat);
      return seat && step.removeSeat(seat);
    }
    case 'seatMoved':
      step.moveSeat(input.seat, { type: input.to, by: input.by });
      return;
    case 'settingsChanged':
      board.settings = input.settings;
      return;
    case 'draining':
      board.draining = true;
      return;
  }
}

function takeEvent(step: Step, event: TelephonyEvent): void {
  const { board } = step;
  if (event.type === 'phoneChanged') return step.setPhone(event.phone, event.reachable);
  const callId = board.channels.get(event.channelId);
  const call = callId ? board.calls.get(callId) : undefined;
  if (event.type === 'channelEntered') return entered(step, event, call);
  if (!call) {
    if (event.type === 'channelLeft') board.released.delete(event.channelId);
    return;
  }
  const isCitizen = event.channelId === call.channelId;
  switch (event.type) {
    case 'digitPressed':
      if (isCitizen && call.state === 'menu') menuEvent(step, call, { type: 'digit', digit: event.digit });
      return;
    case 'playbackFinished':
      if (call.playing === event.playbackId) promptEnded(step, call);
      return;
    case 'channelRinging':
      if (call.offer?.legId === event.channelId) {
        const { number, seat } = call.offer;
        step.fact('call.seatRang', { callId: call.callId, offer: number, seat });
      }
      return;
    case 'hangUpRequested':
      if (isCitizen) step.fact('call.released', { callId: call.callId, q850: event.cause });
      return;
    case 'channelLeft':
    case 'channelHungUp': {
      if (isCitizen) {
        endCall(step, call, 'citizen', 'hungUp');
        board.released.delete(event.channelId);
      } else legGone(step, call, event.channelId, event.type === 'channelHungUp' ? event.cause : null);
      return;
    }
  }
}

function entered(step: Step, event: Extract<TelephonyEvent, { type: 'channelEntered' }>, call: Call | undefined): void {
  if (call?.offer?.legId === event.channelId) return seatAnswered(step, call);
  if (call || step.board.released.has(event.channelId)) return;
  if (event.args[0] === 'inbound') return arrive(step, event);
  // A leg that answered after its offer was over.
  step.act({ callId: event.channelId, type: 'hangUp', channelId: event.channelId, reason: 'normal' });
}

function legGone(step: Step, call: Call, channelId: string, q850: number | null): void {
  if (call.talk?.legId === channelId) return agentLeft(step, call);
  if (call.offer?.legId === channelId && q850 !== null) missOffer(step, call, missReasonOf(q850));
}

function promptEnded(step: Step, call: Call): void {
  switch (call.state) {
    case 'menu':
      return menuEvent(step, call, { type: 'promptEnded' });
    case 'waiting':
    case 'offered':
      return backToMusic(step, call);
    case 'leaving':
      return hangUpCitizen(step, call, call.leavingFor ?? 'menuEnded', 'normal');
    case 'talking':
      return;
  }
}

function wakeCall(step: Step, call: Call | undefined): void {
  // Without Asterisk nothing can be done for a caller: the next connect looks at every call.
  if (!step.board.online || !call || call.wakeAt === null || step.now < call.wakeAt) return;
  switch (call.state) {
    case 'menu':
      return menuEvent(step, call, { type: 'timeout' });
    case 'waiting':
      return announce(step, call);
    case 'offered':
      return missOffer(step, call, 'noAnswer');
    case 'leaving':
      return hangUpCitizen(step, call, call.leavingFor ?? 'menuEnded', 'normal');
    case 'talking':
      return;
  }
}

function wakeSeat(step: Step, seat: Seat | undefined): void {
  if (seat && seat.wakeAt !== null && step.now >= seat.wakeAt) step.moveSeat(seat.seat, { type: 'wake' });
}

/** The exchange refused an act. `unavailable` is left to the reconciliation after the next connect. */
function takeFailure(step: Step, act: CallAct, reason: TelephonyError['reason']): void {
  const call = step.board.calls.get(act.callId);
  if (!call || reason === 'unavailable') return;
  if (act.type === 'ring' && call.offer?.legId === act.legId) return missOffer(step, call, 'unreachable');
  if (act.type === 'play' && call.playing === act.playbackId && reason !== 'gone') return promptEnded(step, call);
  if (act.type === 'join' && call.talk && reason !== 'gone') return joinFailed(step, call);
}
